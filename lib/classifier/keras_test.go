package classifier

import (
	"context"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/result"
)

// testdata/fit.json.gz is made by scripts/oracle/goldens/keras_fit.py.
func TestFitEqualsKeras(t *testing.T) {
	var want struct {
		Losses  []float64
		History result.History
		Weights map[string][]float32
	}
	golden.Read(t, "testdata/fit.json.gz", &want)
	m := headOnly(t)
	var losses []float64
	seen, sum := 0, 0.0
	tr := &training{model: m, plan: plan{Phase: Phase{LearningRate: 1e-2}}, batchSize: 8, history: &result.History{},
		train: inOrder("train", 37, nil), validation: inOrder("validation", 11, nil)}
	tr.tell = func(p result.Progress) {
		if p.Done <= seen { // the end of an epoch tells its figures again
			seen, sum = 0, 0
			if p.Done == p.Total {
				return
			}
		}
		total := p.Loss * float64(p.Done)
		losses = append(losses, (total-sum)/float64(p.Done-seen))
		seen, sum = p.Done, total
	}
	if err := tr.start(); err != nil {
		t.Fatal(err)
	}
	for epoch := range 4 {
		// Keras trained in file order: undo ours.
		tr.train = inOrder("train", 37, images.Order(37, m.Seed, epoch))
		if err := tr.epoch(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	requireClose(t, "losses of steps", losses, want.Losses)
	requireClose(t, "loss", tr.history.Loss, want.History.Loss)
	requireClose(t, "accuracy", tr.history.Accuracy, want.History.Accuracy)
	requireClose(t, "val_loss", tr.history.ValLoss, want.History.ValLoss)
	requireClose(t, "val_accuracy", tr.history.ValAccuracy, want.History.ValAccuracy)
	for name, w := range want.Weights {
		l, weight, _ := strings.Cut(name, "/")
		i := slices.Index([]string{"kernel", "bias"}, weight)
		if d := golden.Difference(m.Values[l][i], w); d > 1e-5 {
			t.Errorf("%s differs from Keras's by %v after 20 steps", name, d)
		}
	}
}

// headOnly is the model that keras_fit.py trains, without a base.
func headOnly(t *testing.T) *Model {
	t.Helper()
	b := &layer.Builder{}
	b.Add("features", layer.Input{Shape: []int{12}})
	b.Add("", layer.Dense{Units: 8, Activation: "relu"})
	b.Add("", layer.Dense{Units: 3, Activation: "softmax"})
	m := &Model{Base: &backbone.Backbone{}, Classes: classes, Layers: b.List, Values: layer.Values{}}
	for _, l := range m.Layers {
		for _, w := range l.W {
			m.Values[l.Name] = append(m.Values[l.Name], golden.Weight(l.Name, w.Name, w.Shape))
		}
	}
	return m
}

// inOrder gives the features that keras_fit.py trains on, so arranged that reading them by order gives them as they
// are there.
func inOrder(name string, n int, order []int) examples {
	if order == nil {
		order = sequence(0, n)
	}
	values := golden.Uniform(name, 12*n, -1, 1)
	e := examples{labels: make([]int, n), shape: []int{12}}
	at := make([]int, n)
	for position, i := range order {
		e.labels[i] = position % 3
		at[i] = position
	}
	e.rows = func(_ context.Context, indices []int) (out []float32, err error) {
		for _, i := range indices {
			out = append(out, values[12*at[i]:12*at[i]+12]...)
		}
		return out, nil
	}
	return e
}

func requireClose(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d figures, Keras has %d", what, len(got), len(want))
		return
	}
	for i := range want {
		if math.Abs(got[i]-want[i]) > 1e-5*math.Abs(want[i]) {
			t.Errorf("%s: number %d is %v, Keras has %v", what, i, got[i], want[i])
		}
	}
}

// testdata/summary.txt is made by scripts/oracle/goldens/keras_tables.py.
func TestSummaryEqualsKeras(t *testing.T) {
	base, err := backbone.MobileNetV2(backbone.Config{Alpha: 0.35})
	if err != nil {
		t.Fatal(err)
	}
	base.Layers.Freeze()
	m, err := New(Config{Base: base, Head: layer.Sequential(
		layer.GlobalAveragePooling2D{}, layer.Dropout{Rate: 0.3}, layer.Dense{Units: 256, Activation: "relu"},
		layer.Dropout{Rate: 0.2}, layer.Dense{Units: 6, Activation: "softmax"})})
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/summary.txt")
	if err != nil {
		t.Fatal(err)
	}
	// Only the widths of the columns differ.
	lines := func(s string) (out []string) {
		for _, line := range strings.Split(s, "\n") {
			if !strings.ContainsAny(line, "━─") {
				out = append(out, strings.Join(strings.Fields(line), " "))
			}
		}
		return out
	}
	if got, want := lines(m.Summary()), lines(strings.TrimSpace(string(want))+"\n"); !slices.Equal(got, want) {
		t.Errorf("prints\n%s\nKeras prints\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
