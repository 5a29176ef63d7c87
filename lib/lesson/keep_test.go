package lesson

import (
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/figure"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/notice"
	"github.com/transfer-learning-go/defects/lib/record"
	"github.com/transfer-learning-go/defects/lib/surfaces"
)

// The examples keep tables: not among those of the lesson.
func TestMain(m *testing.M) {
	temporary, err := os.MkdirTemp("", "lesson-")
	if err != nil {
		panic(err)
	}
	folder = func() string { return temporary }
	code := m.Run()
	os.RemoveAll(temporary)
	os.Exit(code)
}

func TestTablesAreKeptWithTheirOrigin(t *testing.T) {
	t.Setenv("LESSON_COMMAND", "scripts/lesson --only 6")
	record.Tell(record.Origin{Made: "2026-01-01", Seeds: "100", Weights: "MobileNetV2 α=0.35: imagenet"})
	for quick, name := range map[string]string{"": "kept", "1": "kept-quick"} {
		t.Setenv("LESSON_QUICK", quick)
		add := Growing("kept", "network", "accuracy")
		add("small", "99.4 %")
		add("large", 5)
		r, err := record.Read(filepath.Join(folder(), name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		if want := [][]string{{"small", "99.4 %"}, {"large", "5"}}; !reflect.DeepEqual(r.Rows, want) || r.Quick != (quick != "") {
			t.Errorf("%+v", r)
		}
		if r.Command != "scripts/lesson --only 6" || !strings.Contains(r.Seeds, "100") || r.Machine != record.Machine() ||
			!strings.Contains(r.Weights, "imagenet") || !strings.Contains(r.Made, "2026-01-01") ||
			!strings.HasSuffix(r.Made, record.Today()) {
			t.Errorf("%+v", r.Origin)
		}
	}
}

func TestFiguresAreKept(t *testing.T) {
	for quick, name := range map[string]string{"": "line.png", "1": "line-quick.png"} {
		t.Setenv("LESSON_QUICK", quick)
		Figure("line")(figure.Lines([]figure.Line{{Name: "a", X: []float64{1, 2}, Y: []float64{3, 4}}}, figure.LinesOptions{}))
		f, err := os.Open(filepath.Join(folder(), name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if c, err := png.DecodeConfig(f); err != nil || c.Width < 400 {
			t.Errorf("%s: %v, %v", name, c, err)
		}
	}
}

func TestStudiesGoOnAfterTheLastCase(t *testing.T) {
	data, runs := t.TempDir(), t.TempDir()
	if err := surfaces.Write(data, 1, 3, 2); err != nil {
		t.Fatal(err)
	}
	t.Setenv("NEU_DET_DIR", data)
	type found struct{ Accuracy float64 }
	measured := 0
	measure := func(seed int) found {
		if measured == 2 {
			panic("interrupted")
		}
		measured++
		return found{float64(seed) / 10}
	}
	run := func(config any, seeds ...int) (got []found, err error) {
		defer func() {
			if recover() != nil {
				err = errors.New("interrupted")
			}
		}()
		return study(runs, config, seeds, measure)
	}
	if _, err := run("α=0.35", 1, 2, 3); err == nil || measured != 2 {
		t.Fatalf("%d cases before the interrupt, %v", measured, err)
	}
	measured = 0
	for range 2 { // the second time there is nothing to measure
		got, err := run("α=0.35", 1, 2, 3)
		if want := "[{0.1} {0.2} {0.3}]"; err != nil || fmt.Sprint(got) != want || measured != 1 {
			t.Errorf("%v, %v, after measuring %d cases; want %s after 1", got, err, measured, want)
		}
	}
	measured = 0
	if run("α=1", 1); measured != 1 {
		t.Error("another configuration got the result of the first")
	}
	t.Setenv("NEU_DET_DIR", otherImages(t))
	if run("α=1", 1); measured != 2 {
		t.Error("other images got the result of the first")
	}
	if !strings.Contains(record.Told().Notice, images.SyntheticNotice) {
		t.Error("a study of drawn images does not say so")
	}
}

// A result that another process has measured says what it rests on, whatever this one has opened.
func TestKeptResultsBringTheirNotices(t *testing.T) {
	t.Setenv("NEU_DET_DIR", otherImages(t))
	runs := t.TempDir()
	run := func() {
		t.Helper()
		if _, err := study(runs, nil, []int{1}, func(int) int { return 1 }); err != nil {
			t.Fatal(err)
		}
	}
	run()
	files, _ := filepath.Glob(filepath.Join(runs, "*.json"))
	k, err := readKept(files[0])
	if err != nil {
		t.Fatal(err)
	}
	k.Checksum = "" // as earlier versions wrote it
	k.Origin = record.Origin{Made: "2024-12-31", Notice: "weights of another process"}
	text, err := json.Marshal(k)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(files[0], text, 0o644); err != nil {
		t.Fatal(err)
	}
	run()
	if o := record.Told(); !strings.Contains(o.Notice, k.Origin.Notice) || !strings.Contains(o.Made, k.Origin.Made) ||
		!slices.Contains(notice.Told(), k.Origin.Notice) {
		t.Errorf("%+v", o)
	}
}

func otherImages(t *testing.T) string {
	data := t.TempDir()
	if err := surfaces.Write(data, 2, 3, 2); err != nil {
		t.Fatal(err)
	}
	return data
}

func TestStudiesRefuseWhatJSONCannotHold(t *testing.T) {
	t.Setenv("NEU_DET_DIR", otherImages(t))
	runs := t.TempDir()
	if _, err := study(runs, nil, []int{1}, func(int) func() { return nil }); err == nil {
		t.Error("functions are kept")
	}
	if _, err := study(runs, nil, []int{1}, func(int) int { return 1 }); err != nil {
		t.Error(err)
	}
	files, _ := filepath.Glob(filepath.Join(runs, "*.json"))
	if len(files) != 1 {
		t.Fatal(files)
	}
	whole, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for bit := 0; bit < 8*len(whole); bit += 5 {
		damaged := slices.Clone(whole)
		damaged[bit/8] ^= 1 << (bit % 8)
		if err := os.WriteFile(files[0], damaged, 0o644); err != nil {
			t.Fatal(err)
		}
		if k, err := readKept(files[0]); err == nil && string(k.Result) != "1" {
			t.Errorf("bit %d is flipped, and the result is %s", bit, k.Result)
		}
	}
	os.WriteFile(files[0], []byte(`{"key`), 0o644)
	if _, err := study(runs, nil, []int{1}, func(int) int { return 1 }); err == nil || !strings.Contains(err.Error(), files[0]) {
		t.Errorf("a damaged result: %v", err)
	}
}
