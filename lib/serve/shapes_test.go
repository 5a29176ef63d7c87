package serve

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/internal/golden"
)

// labelling is a fake whose classes do not exclude one another.
type labelling struct{ fake }

func (l *labelling) about() about {
	a := l.fake.about()
	a.labels = true
	return a
}

// Each class is judged by itself: 0.5, 0.25 and 0.25.
func TestSeveralLabelsAreJudgedEachByItself(t *testing.T) {
	for _, c := range []struct {
		below  float64
		unsure bool
	}{{0.5, false}, {0.6, true}} {
		s := loadedServer(t, Config{Unsure: c.below}, &labelling{})
		var got classification
		answered(t, ask(s, "POST", "/classify", grey(t, "png", 4, 4, 200)), 200, &got)
		if !got.MultiLabel || got.Labels == nil || !slices.Equal(*got.Labels, []string{"bright"}) || got.Unsure != c.unsure {
			t.Errorf("unsure below %v: %+v", c.below, got)
		}
	}
	c := classification{Classes: testClasses, Probabilities: []float32{0.1, 0.2, 0.95}, Class: "bright", Probability: 0.95}
	c.judge(true, 0.9)
	if !c.Unsure { // of the second class
		t.Error("0.8 for not middle is below 0.9")
	}
	c = classification{Classes: testClasses, Probabilities: []float32{0.1, 0.2, 0.3}}
	c.judge(true, 0.5)
	if text, err := json.Marshal(c.Labels); err != nil || string(text) != "[]" {
		t.Errorf("no label: %s, %v", text, err)
	}
	s := loadedServer(t, Config{}, &labelling{})
	var m struct{ Parameters map[string]string }
	if err := json.Unmarshal(ask(s, "GET", "/v2/models/steel", nil).Body.Bytes(), &m); err != nil || m.Parameters["multi_label"] != "true" {
		t.Errorf("metadata %v, %v", m, err)
	}
}

// A rectangular model of grey images, by each way: scripts/oracle/goldens/keras_shapes.py.
func TestGreyRectangularModel(t *testing.T) {
	files := map[string][]byte{}
	for _, f := range golden.Unzip(t, "../classifier/testdata/shapes.zip") {
		files[f.Name] = f.Content
	}
	const name = "images/b/colour.png"
	var want map[string]map[string][]float32
	if err := json.Unmarshal(files["probabilities.json"], &want); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "tall-grey.keras")
	if err := os.WriteFile(path, files["tall-grey.keras"], 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := New(Config{Log: slog.New(slog.DiscardHandler), Models: []Model{{"steel", func() (*classifier.Model, error) {
		m, _, err := classifier.Load(path)
		if err == nil {
			m.Classes = testClasses
		}
		return m, err
	}}}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	same := func(way string, got []float32) {
		t.Helper()
		for i, p := range want["tall-grey"][name] {
			if len(got) != 3 || math.Abs(float64(p-got[i])) > 1e-4 {
				t.Errorf("%s: probabilities %v, Keras says %v", way, got, want["tall-grey"][name])
			}
		}
	}
	var c classification
	answered(t, ask(s, "POST", "/classify?gradcam=1", files[name]), 200, &c)
	same("/classify", c.Probabilities)
	if c.Method != "Grad-CAM" || c.Overlay == "" {
		t.Errorf("explained by %q", c.Method)
	}
	var m struct{ Inputs []tensorMetadata }
	if err := json.Unmarshal(ask(s, "GET", "/v2/models/steel", nil).Body.Bytes(), &m); err != nil ||
		!slices.Equal(m.Inputs[0].Shape, []int{-1, 40, 24, 1}) {
		t.Errorf("inputs %v, %v", m.Inputs, err)
	}
	pixels, err := images.Shaped(images.Of(images.Encoded(name, files[name])).DecodedBy(images.Grey), []int{0}, []int{40, 24, 1})
	if err != nil {
		t.Fatal(err)
	}
	numbers, err := json.Marshal(pixels)
	if err != nil {
		t.Fatal(err)
	}
	body := `{"inputs": [{"name": "image", "shape": %v, "datatype": "FP32", "data": ` + string(numbers) + `}], "outputs": [{"name": "probabilities"}]}`
	var a inferAnswer
	answered(t, ask(s, "POST", inferPath, fmt.Appendf(nil, body, "[1, 40, 24, 1]")), 200, &a)
	var got []float32
	for _, v := range a.Outputs[0].Data {
		got = append(got, float32(v.(float64)))
	}
	same("infer", got)
	refused(t, ask(s, "POST", inferPath, fmt.Appendf(nil, body, "[1, 24, 40, 1]")), 400, "[n, 40, 24, 1]")
}
