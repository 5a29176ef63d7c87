package classifier

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/internal/onnxrun"
	"github.com/transfer-learning-go/defects/lib/keras"
	"github.com/transfer-learning-go/defects/lib/layer"
)

// shaped are the files of scripts/oracle/goldens/keras_shapes.py, and what Keras says of its images by each model.
type shaped struct {
	folder string
	images []images.Image
	want   map[string]map[string][]float32
}

func unzipShapes(t *testing.T) (s shaped) {
	t.Helper()
	s.folder = t.TempDir()
	for _, f := range golden.Unzip(t, "testdata/shapes.zip") {
		var err error
		switch {
		case strings.HasPrefix(f.Name, "images/"):
			s.images = append(s.images, images.Encoded(f.Name, f.Content))
		case f.Name == "probabilities.json":
			err = json.Unmarshal(f.Content, &s.want)
		default:
			err = os.WriteFile(filepath.Join(s.folder, f.Name), f.Content, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(s.images) != 9 || len(s.want) != 7 {
		t.Fatalf("%d images, %d models", len(s.images), len(s.want))
	}
	return s
}

// rows are what Keras gives for the images.
func (s shaped) rows(model string) (rows []float32) {
	for _, img := range s.images {
		rows = append(rows, s.want[model][img.Name]...)
	}
	return rows
}

func (s shaped) load(t *testing.T, model, ending string) *Model {
	t.Helper()
	height, width := 0, 0
	if model == "open" {
		height, width = 36, 52
	}
	m, _, err := LoadSized(filepath.Join(s.folder, model+ending), height, width)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	m.Classes = []string{"a", "b", "c", "d"}[:m.Layers.Output()[0]]
	return m
}

// From the files of images on, for grey, rectangular and open inputs and for several labels; and so does what is exported.
func TestModelsOfOtherShapesGiveKerasOutputs(t *testing.T) {
	s := unzipShapes(t)
	set := images.Of(s.images...)
	for model := range s.want {
		for _, ending := range []string{".keras", ".h5"} {
			m := s.load(t, model, ending)
			if m.Notice() != "" {
				t.Errorf("%s%s: notice %q", model, ending, m.Notice())
			}
			if ending == ".h5" && model != "grey" && model != "labels-logits" {
				continue // computed by the same steps
			}
			p, err := m.Predict(t.Context(), set)
			if err != nil {
				t.Fatal(err)
			}
			want := s.rows(model)
			d := golden.Difference(slices.Concat(p.Probabilities...), want)
			t.Logf("%s%s: differs from Keras by %.1e", model, ending, d)
			if !(d <= 1e-4) {
				t.Errorf("%s%s: differs from Keras by %v", model, ending, d)
			}
			if labels := strings.HasPrefix(model, "labels"); p.MultiLabel != labels {
				t.Errorf("%s%s: several labels %v", model, ending, p.MultiLabel)
			}
			if ending == ".keras" {
				s.export(t, m, model, want)
			}
		}
	}
}

// export compares ONNX with Keras on the pixels that the model reads.
func (s shaped) export(t *testing.T, m *Model, model string, want []float32) {
	t.Helper()
	shape := m.Layers[0].Shape
	pixels, err := images.Shaped(decoded(images.Of(s.images...), m.Decoder), sequence(0, len(s.images)), shape)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(s.folder, model+".onnx")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	file, err := onnxrun.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	got, err := file.Run(onnxrun.Tensor{Dims: append([]int{len(s.images)}, shape...), Floats: pixels})
	if err != nil {
		t.Fatal(err)
	}
	d := golden.Difference(got.Floats, want)
	t.Logf("%s.onnx: differs from Keras by %.1e", model, d)
	if !(d <= 1e-4) {
		t.Errorf("%s: in ONNX it differs from Keras by %v", model, d)
	}
	if labels := file.Metadata["multi_label"] == "true"; labels != m.MultiLabel() {
		t.Errorf("%s: metadata %v", model, file.Metadata)
	}
}

func TestOtherShapesAreNotTrained(t *testing.T) {
	s := unzipShapes(t)
	set := images.Of(s.images...)
	for model, says := range map[string]string{"wide": "24×40 pixels and 3 channels", "grey": "24×24 pixels and 1 channels",
		"labels": "several of its labels"} {
		_, err := s.load(t, model, ".keras").Fit(t.Context(), set, set, FitConfig{})
		requireInError(t, err, says, "train it in Keras")
	}
}

func TestPreprocessingOfColoursIsNotForGrey(t *testing.T) {
	b := &layer.Builder{}
	layer.Sequential(layer.Input{Shape: []int{8, 8, 1}}, layer.GlobalAveragePooling2D{}, layer.Dense{Units: 2, Activation: "softmax"})(b)
	path := filepath.Join(t.TempDir(), "grey.keras")
	if err := keras.Save(path, &keras.Model{Name: "grey", Layers: b.List, Values: b.List.Initial(1)}); err != nil {
		t.Fatal(err)
	}
	for name, refused := range map[string]bool{"caffe": true, "imagenet": true, "0..1": false, "-1..1": false} {
		m, _, err := Load(path)
		if err != nil {
			t.Fatal(err)
		}
		if err = m.SetPreprocessing(name); refused {
			requireInError(t, err, "red, green and blue", "grey images")
		} else if err != nil {
			t.Error(err)
		}
	}
}

// What nobody says is said, and what the file says is not told otherwise.
func TestOpenInputs(t *testing.T) {
	s := unzipShapes(t)
	at := func(name string) string { return filepath.Join(s.folder, name) }
	m, _, err := Load(at("open.keras"))
	if err != nil {
		t.Fatal(err)
	}
	if m.ImageSize != 224 || !strings.Contains(m.Notice(), "resized to 224×224, say another with --image-size") {
		t.Errorf("%d, notice %q", m.ImageSize, m.Notice())
	}
	saved := at("saved.keras")
	if err := m.Save(saved); err != nil {
		t.Fatal(err)
	}
	if again, _, err := Load(saved); err != nil || again.Notice() != m.Notice() {
		t.Errorf("saved, its notice is %q; %v", again.Notice(), err)
	}
	m, _, err = Load(at("open-resizing.h5"))
	if err != nil {
		t.Fatal(err)
	}
	if in := m.Layers[0].Shape; !slices.Equal(in, []int{28, 36, 3}) || m.ImageSize != 0 || m.Notice() != "" ||
		!strings.Contains(strings.Join(m.Notes, "\n"), "28×36 pixels, to which its layer") {
		t.Errorf("%v, notice %q, notes %q", in, m.Notice(), m.Notes)
	}
	_, _, err = LoadSized(at("wide.h5"), 40, 24)
	requireInError(t, err, "24×40 pixels", "cannot be of 40×24")
	if _, _, err := LoadSized(at("wide.h5"), 24, 40); err != nil {
		t.Error(err)
	}
}

func TestSeveralLabels(t *testing.T) {
	s := unzipShapes(t)
	m := s.load(t, "labels", ".keras")
	p, err := m.Predict(t.Context(), images.Of(s.images...))
	if err != nil {
		t.Fatal(err)
	}
	counts := map[int]int{}
	for i, row := range p.Probabilities {
		labels := p.Labels(i)
		counts[len(labels)]++
		for class, v := range row {
			if slices.Contains(labels, class) != (v >= 0.5) {
				t.Errorf("labels %v of %v", labels, row)
			}
		}
	}
	if len(counts) < 2 {
		t.Errorf("all images have as many labels: %v", counts)
	}
	for name, ask := range map[string]func() error{
		"confusion":   func() error { _, err := p.Confusion(); return err },
		"calibration": func() error { _, err := p.Calibration(5); return err },
		"coverage":    func() error { _, err := p.Coverage(); return err },
		"tempered":    func() error { _, err := p.Tempered(2); return err },
	} {
		requireInError(t, ask(), name, "a probability of its own")
	}
	if notes := strings.Join(m.Notes, "\n"); !strings.Contains(notes, "may have several of them or none") {
		t.Errorf("notes %q", m.Notes)
	}
}
