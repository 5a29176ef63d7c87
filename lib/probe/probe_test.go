package probe

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/device"
	"github.com/transfer-learning-go/defects/lib/features"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/layer"
)

// source holds images of side×side pixels, whose values are their features. Their content is unknown, so that nothing of
// them is stored.
type source struct {
	side    int
	rows    []float32 // [n, side·side·3]
	labels  []int
	classes []string
	notice  string
}

func (s source) About() images.About {
	return images.About{Name: "train", Classes: s.classes, Notice: s.notice}
}

func (s source) Len() int { return len(s.labels) }

func (s source) Info(i int) images.Info {
	return images.Info{Name: fmt.Sprint("image ", i), Label: s.labels[i]}
}

func (s source) Pixels(i, height, width int) ([]float32, error) {
	size := s.side * s.side * 3
	return s.rows[i*size : (i+1)*size], nil
}

// extractor gives the pixels of images of side×side as one vector. The test has a cache of its own from here on.
func extractor(t testing.TB, side int) *features.Extractor {
	t.Helper()
	if _, err := device.Open(); err != nil { // it lies in the user's cache
		t.Fatal(err)
	}
	t.Setenv("DEFECTS_CACHE", filepath.Join(t.TempDir(), "cache"))
	b := &layer.Builder{}
	layer.Sequential(layer.Input{Shape: []int{side, side, 3}}, layer.Reshape{Shape: []int{side * side * 3}})(b)
	if b.Err != nil {
		t.Fatal(b.Err)
	}
	e, err := features.New(b.List, b.List.Initial(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// extract gives features of images.
func extract(t testing.TB, e *features.Extractor, s images.Source) *features.Features {
	t.Helper()
	f, err := e.Extract(t.Context(), s, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// values are those of sklearn_neighbours.py: features such as those after a ReLU.
func values(name string, n int) source {
	s := source{side: 5, rows: golden.Uniform("neighbours "+name, n*75, 0, 1), classes: []string{"a", "b", "c"}}
	for i := range n {
		s.labels = append(s.labels, i%3)
		for k := range 75 {
			if k%3 == i%3 {
				s.rows[i*75+k] += 0.1
			}
		}
	}
	return s
}

// The numbers come from LogisticRegression(C=c).predict_proba.
func TestProbeEqualsScikitLearn(t *testing.T) {
	var want []struct {
		C             float64
		Probabilities [][]float64
	}
	data, err := os.ReadFile("testdata/sklearn.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &want); err != nil || len(want) != 3 {
		t.Fatal(len(want), err)
	}
	e := extractor(t, 5)
	train, others := extract(t, e, values("train", 60)), extract(t, e, values("others", 20))
	for _, w := range want {
		p, err := Fit(train, w.C)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.Predict(others)
		if err != nil {
			t.Fatal(err)
		}
		worst := 0.0
		for i, row := range w.Probabilities {
			for k, v := range row {
				worst = max(worst, math.Abs(v-float64(got.Probabilities[i][k])))
			}
			if got.Probabilities[i][got.Predicted[i]] < 1./3 || got.Actual[i] != i%3 || got.Names[i] == "" {
				t.Errorf("image %d: %v, predicted %d, actual %d", i, got.Probabilities[i], got.Predicted[i], got.Actual[i])
			}
		}
		if !(worst < 2e-4) {
			t.Errorf("C = %v: probabilities differ by %v", w.C, worst)
		}
	}
}

func TestNoticesTravel(t *testing.T) {
	e := extractor(t, 5)
	e.Notice = "random weights"
	drawn := values("train", 9)
	drawn.notice = "drawn images"
	p, err := Fit(extract(t, e, drawn), 1)
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.Predict(extract(t, e, values("others", 3)))
	if err != nil || got.Notice != "random weights; drawn images" {
		t.Errorf("the notice is %q, %v", got.Notice, err)
	}
}

func TestWhatCannotBeFittedSaysWhy(t *testing.T) {
	e := extractor(t, 5)
	unlabelled, one, infinite := values("train", 9), values("train", 9), values("train", 9)
	unlabelled.labels[4] = -1
	one.classes = []string{"a"}
	infinite.rows[80] = float32(math.Inf(1))
	for _, c := range []struct {
		source source
		c      float64
		want   string
	}{
		{values("train", 9), 0, "above 0"},
		{unlabelled, 1, "image 4 has no class"},
		{one, 1, "at least two"},
		{infinite, 1, "image 1 are not finite"},
		{source{side: 5, classes: []string{"a", "b"}}, 1, "no images"},
	} {
		if _, err := Fit(extract(t, e, c.source), c.c); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
	p, err := Fit(extract(t, e, values("train", 9)), 1)
	if err != nil {
		t.Fatal(err)
	}
	other := values("others", 3)
	other.classes = []string{"a", "b", "d"}
	if _, err := p.Predict(extract(t, e, other)); err == nil || !strings.Contains(err.Error(), "of its classes") {
		t.Errorf("images of other classes: %v", err)
	}
	small := source{side: 2, rows: make([]float32, 12), labels: []int{0}}
	if _, err := p.Predict(extract(t, extractor(t, 2), small)); err == nil || !strings.Contains(err.Error(), "other layers") {
		t.Errorf("features of other layers: %v", err)
	}
}
