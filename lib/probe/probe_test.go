package probe

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/internal/rows"
)

// values are those of sklearn_neighbours.py: features such as those after a ReLU.
func values(name string, n int) rows.Source {
	s := rows.Source{Side: 5, Rows: golden.Uniform("neighbours "+name, n*75, 0, 1), Classes: []string{"a", "b", "c"}}
	for i := range n {
		s.Labels = append(s.Labels, i%3)
		for k := range 75 {
			if k%3 == i%3 {
				s.Rows[i*75+k] += 0.1
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
	e := rows.Extractor(t, 5)
	train, others := rows.Extract(t, e, values("train", 60)), rows.Extract(t, e, values("others", 20))
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
		if !(worst < 1e-5) {
			t.Errorf("C = %v: probabilities differ by %v", w.C, worst)
		}
	}
}

func TestNoticesTravel(t *testing.T) {
	e := rows.Extractor(t, 5)
	e.Notice = "random weights"
	drawn := values("train", 9)
	drawn.Notice = "drawn images"
	p, err := Fit(rows.Extract(t, e, drawn), 1)
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.Predict(rows.Extract(t, e, values("others", 3)))
	if err != nil || got.Notice != "random weights; drawn images" {
		t.Errorf("the notice is %q, %v", got.Notice, err)
	}
}

func TestWhatCannotBeFittedSaysWhy(t *testing.T) {
	e := rows.Extractor(t, 5)
	unlabelled, one, infinite := values("train", 9), values("train", 9), values("train", 9)
	unlabelled.Labels[4] = -1
	one.Classes = []string{"a"}
	infinite.Rows[80] = float32(math.Inf(1))
	for _, c := range []struct {
		source rows.Source
		c      float64
		want   string
	}{
		{values("train", 9), 0, "above 0"},
		{unlabelled, 1, "image 4 has no class"},
		{one, 1, "at least two"},
		{infinite, 1, "image 1 are not finite"},
		{rows.Source{Side: 5, Classes: []string{"a", "b"}}, 1, "no images"},
	} {
		if _, err := Fit(rows.Extract(t, e, c.source), c.c); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
	p, err := Fit(rows.Extract(t, e, values("train", 9)), 1)
	if err != nil {
		t.Fatal(err)
	}
	other := values("others", 3)
	other.Classes = []string{"a", "b", "d"}
	if _, err := p.Predict(rows.Extract(t, e, other)); err == nil || !strings.Contains(err.Error(), "of its classes") {
		t.Errorf("images of other classes: %v", err)
	}
	small := rows.Source{Side: 2, Rows: make([]float32, 12), Labels: []int{0}}
	if _, err := p.Predict(rows.Extract(t, rows.Extractor(t, 2), small)); err == nil || !strings.Contains(err.Error(), "other layers") {
		t.Errorf("features of other layers: %v", err)
	}
}
