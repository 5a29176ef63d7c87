package classifier_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/neudet"
	"github.com/transfer-learning-go/defects/lib/surfaces"
)

// examples are what example_test.go shows, with the most lines that each may take, and what it must print.
var examples = []struct {
	name  string
	lines int
	run   func()
	want  string // a regular expression
}{
	{"ownFolder", 5, Example_ownFolder, `validation accuracy [01]\.\d+`},
	{"allNetworks", 12, Example_allNetworks, `(?s)MobileNetV2.*ResNet50V2.*ViT.*EfficientNetB0`},
	{"phases", 10, Example_phases, `figure: .*last 20 layers`},
	{"hybrid", 25, Example_hybrid, `(?s)validation accuracy.*validation accuracy`},
	{"kFold", 12, Example_kFold, `^[01]\.\d+ \d+\.\d–\d+\.\d %`},
	{"robustness", 14, Example_robustness, `figure: .*blur from [01][.\d]* at 0 to [01][.\d]* at 5.*JPEG`},
	{"handler", 15, Example_handler, ``},
}

// TestExamples runs each on drawn images, in a folder where what it names is there. The images to train on, and four of
// five folds of all, are one batch: a last batch of another size would be compiled for each training.
func TestExamples(t *testing.T) {
	folder := t.TempDir()
	if err := surfaces.Write(folder, 1, 4, 2); err != nil {
		t.Fatal(err)
	}
	t.Setenv("NEU_DET_DIR", folder)
	t.Chdir(folder)
	if err := os.Rename(filepath.Join("NEU-DET", "train", "images"), "photographs"); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join("NEU-DET", "train", "images"), os.DirFS("photographs")); err != nil {
		t.Fatal(err)
	}
	saveModel(t, "model.keras")
	for _, e := range examples {
		if got := printed(t, e.run); !regexp.MustCompile(e.want).MatchString(got) {
			t.Errorf("%s prints %q, want what matches %s", e.name, got, e.want)
		}
	}
	requireHandler(t)
}

// saveModel saves an untrained model for the images.
func saveModel(t *testing.T, path string) {
	t.Helper()
	base, err := backbone.MobileNetV2(backbone.Config{Weights: "embedded", Input: 64})
	if err != nil {
		t.Fatal(err)
	}
	model, err := classifier.New(classifier.Config{Base: base, Head: classifier.Head(base, 6), ImageSize: 64, Classes: neudet.Classes})
	if err != nil {
		t.Fatal(err)
	}
	if err := model.Save(path); err != nil {
		t.Fatal(err)
	}
}

// printed is what a function writes to stdout.
func printed(t *testing.T, run func()) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout := os.Stdout
	os.Stdout = w
	defer func() { os.Stdout = stdout }()
	got := make(chan []byte)
	go func() {
		all, _ := io.ReadAll(r)
		got <- all
	}()
	run()
	w.Close()
	return string(<-got)
}

// requireHandler asks what Example_handler has set up.
func requireHandler(t *testing.T) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("photographs", "scratches", "*"))
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	picture, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(nil)
	defer server.Close()
	post := func(body []byte) (int, string) {
		answer, err := http.Post(server.URL+"/classify", "image/jpeg", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(text)
	}
	status, text := post(picture)
	var answer struct {
		Class       string
		Probability float64
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil || status != http.StatusOK ||
		!slices.Contains(neudet.Classes, answer.Class) || answer.Probability < 1.0/6 || answer.Probability > 1 {
		t.Errorf("the handler answers %d %s", status, text)
	}
	if status, text := post([]byte("no picture")); status != http.StatusBadRequest || !strings.Contains(text, "is not a JPEG") {
		t.Errorf("a text is answered with %d %s", status, text)
	}
}

func TestExamplesAreShort(t *testing.T) {
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, "example_test.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string]int{}
	for _, d := range f.Decls {
		if f, ok := d.(*ast.FuncDecl); ok {
			lines[strings.TrimPrefix(f.Name.Name, "Example_")] = set.Position(f.Body.Rbrace).Line - set.Position(f.Body.Lbrace).Line - 1
		}
	}
	for _, e := range examples {
		if n := lines[e.name]; n == 0 || n > e.lines {
			t.Errorf("example %s has %d lines, at most %d", e.name, n, e.lines)
		}
	}
	if len(lines) != len(examples) {
		t.Errorf("%d examples are run, there are %v", len(examples), lines)
	}
}

// counting counts how often the pixels of each image are asked for.
type counting struct {
	images.Source
	asked []int
}

func (c *counting) Pixels(i, height, width int) ([]float32, error) {
	c.asked[i]++
	return c.Source.Pixels(i, height, width)
}

// Folds and seeds compute each image once.
func TestFoldsAndSeedsComputeEachImageOnce(t *testing.T) {
	t.Setenv("DEFECTS_CACHE", t.TempDir())
	folder := t.TempDir()
	if err := surfaces.Write(folder, 2, 3, 2); err != nil {
		t.Fatal(err)
	}
	data, err := images.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	base, err := backbone.MobileNetV2(backbone.Config{Weights: "embedded", Input: 32})
	if err != nil {
		t.Fatal(err)
	}
	base.Layers.Freeze()
	all := &counting{data.All(), make([]int, data.All().Len())}
	folds, err := images.KFold(all, 5, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, fold := range folds[:2] {
		for seed := range int64(2) {
			model, err := classifier.New(classifier.Config{Base: base, Head: classifier.Head(base, 6), ImageSize: 32, Seed: seed})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := model.Fit(t.Context(), fold.Train, fold.Validation, classifier.FitConfig{Epochs: 1}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if slices.Min(all.asked) != 1 || slices.Max(all.asked) != 1 {
		t.Errorf("images were computed %v times", all.asked)
	}
}
