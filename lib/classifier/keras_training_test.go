package classifier

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/result"
	"github.com/transfer-learning-go/defects/lib/weights"
)

// kerasTraining is one case of testdata/training.json.gz, made by scripts/oracle/goldens/keras_training.py.
type kerasTraining struct {
	Title string
	Base  struct {
		Name  string
		Input int
		Alpha float64
	}
	TrainedFrom int `json:"trained_from"`
	Training    bool
	Gradients   map[string]golden.Checksums // of the first step, by layer/weight
	Runs        []struct {
		Rate       float64
		Losses     []float64
		Statistics map[string]golden.Checksums // of the trained layers after the last step
	}
}

// seededModel is the model of keras_training.py: a backbone and a head without dropout, all with golden.Weight.
func seededModel(t *testing.T, name string, c backbone.Config, trainedFrom int, training bool) *Model {
	t.Helper()
	base, err := backbone.New(name, c)
	if err != nil {
		t.Fatal(err)
	}
	base.Layers[:trainedFrom].Freeze()
	m, err := New(Config{Base: base, ImageSize: c.Input, Classes: classes, BaseTraining: training, Head: layer.Sequential(
		layer.GlobalAveragePooling2D{}, layer.Dense{Units: 16, Activation: "relu"},
		layer.Dense{Units: 3, Activation: "softmax"})})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range m.Layers {
		for i, w := range l.W {
			m.Values[l.Name][i] = golden.Weight(l.Name, w.Name, w.Shape)
		}
	}
	return m
}

const kerasBatch = 8

// seededImages are the images of keras_training.py: noise, its brightness by class.
func seededImages(steps, size int) numbers {
	n := size * size * 3
	images := numbers{name: "seeded"}
	for step := range steps {
		for i, v := range golden.Uniform(fmt.Sprintf("images/%d", step), kerasBatch*n, 0, 180) {
			images.values = append(images.values, v+35*float32((step*kerasBatch+i/n)%3))
		}
	}
	for i := range steps * kerasBatch {
		images.labels = append(images.labels, i%3)
	}
	return images
}

// start prepares a training above a cut.
func startTraining(t *testing.T, m *Model, cut int, s images.Source) *training {
	t.Helper()
	tr := &training{model: m, cut: cut, batchSize: kerasBatch, history: &result.History{}}
	var err error
	if tr.train, err = m.examples(t.Context(), s, cut, nil); err != nil {
		t.Fatal(err)
	}
	tr.validation = tr.train
	if err := tr.start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tr.finish)
	return tr
}

// losses trains one step on each of these batches of the images.
func (t *training) losses(test *testing.T, rate float64, from, to int) (losses []float64) {
	test.Helper()
	for b := range t.train.batches(test.Context(), sequence(from*kerasBatch, to*kerasBatch), kerasBatch, len(classes), false) {
		if b.err != nil {
			test.Fatal(b.err)
		}
		t.steps++
		loss, _, err := call(t.step, b, float32(adamRate(rate, t.steps)))
		if err != nil {
			test.Fatal(err)
		}
		losses = append(losses, loss)
	}
	return losses
}

// values gives the state of the training by group/name: weights, and Adam's moments in the groups adam_m and adam_v.
func (t *training) values(test *testing.T) (values map[string][]float32, state []weights.Layer) {
	test.Helper()
	state, err := t.state(t.cut)
	if err != nil {
		test.Fatal(err)
	}
	values = map[string][]float32{}
	for _, l := range state {
		for _, tensor := range l.Tensors {
			values[l.Name+"/"+tensor.Name] = tensor.Data
		}
	}
	return values, state
}

// requireLosses demands the losses of each step within a relative difference, and logs the largest.
func requireLosses(t *testing.T, got, want []float64, limit float64) {
	t.Helper()
	worst := 0.0
	for i, w := range want {
		d := math.Abs(got[i]-w) / w
		if !(d <= limit) {
			t.Errorf("step %d: loss %v, want %v: off by %.2g of it", i+1, got[i], w, d)
		}
		worst = max(worst, d)
	}
	t.Logf("losses %.4v: off by at most %.2g", got, worst)
}

// requireChecksums demands each array within a difference relative to its largest value, and logs the largest. What
// is zero but for rounding needs to be so here: gradients of what a normalization behind subtracts again.
func requireChecksums(t *testing.T, what string, got map[string][]float32, want map[string]golden.Checksums, limit float64) {
	t.Helper()
	worst, where := 0.0, ""
	for name, w := range want {
		if w.Largest < 1e-5 {
			if d := golden.Difference(got[name], make([]float32, len(got[name]))); !(d < 1e-5) {
				t.Errorf("%s %s is as large as %.3g, Keras's is only %.3g", what, name, d, w.Largest)
			}
			continue
		}
		d := w.Relative(name, got[name])
		if !(d <= limit) {
			t.Errorf("%s %s differs from Keras's by %.2g of its largest value %.3g", what, name, d, w.Largest)
		}
		if d > worst {
			worst, where = d, name
		}
	}
	t.Logf("%d of %s, the worst, %s, off by %.2g of its largest value", len(want), what, where, worst)
}

// gradients are those of the first step, after it: Adam's first moment is then a tenth of the gradient.
func (t *training) gradients(test *testing.T) map[string][]float32 {
	test.Helper()
	values, _ := t.values(test)
	gradients := map[string][]float32{}
	for name, moment := range values {
		if name, ok := strings.CutPrefix(name, "adam_m."); ok {
			gradients[name] = moment
			for i := range moment {
				moment[i] *= 10
			}
		}
	}
	return gradients
}

func TestTrainingEqualsKeras(t *testing.T) {
	var cases []kerasTraining
	golden.Read(t, "testdata/training.json.gz", &cases)
	for _, want := range cases {
		t.Run(want.Base.Name+" "+want.Title, func(t *testing.T) {
			if want.TrainedFrom == 0 && testing.Short() {
				t.Skip("compiles the gradient of a whole backbone: run without -short")
			}
			c := backbone.Config{Input: want.Base.Input, Alpha: want.Base.Alpha}
			m := seededModel(t, want.Base.Name, c, want.TrainedFrom, want.Training)
			tr := startTraining(t, m, m.cut(), seededImages(len(want.Runs[0].Losses), c.Input))
			_, initial := tr.values(t)
			for i, run := range want.Runs {
				if err := tr.restore(&weights.Checkpoint{Layers: initial}); err != nil {
					t.Fatal(err)
				}
				tr.steps = 0
				losses := tr.losses(t, run.Rate, 0, 1)
				if i == 0 {
					requireGradients(t, tr.gradients(t), want)
				}
				losses = append(losses, tr.losses(t, run.Rate, 1, len(run.Losses))...)
				requireLosses(t, losses, run.Losses, 1e-3)
				after, _ := tr.values(t)
				requireChecksums(t, "statistics", after, run.Statistics, 1e-4)
			}
		})
	}
}

func requireGradients(t *testing.T, got map[string][]float32, want kerasTraining) {
	t.Helper()
	if len(got) != len(want.Gradients) {
		t.Errorf("%d weights are trained, Keras trains %d", len(got), len(want.Gradients))
	}
	limit := 1e-3
	if want.Training {
		// Behind a normalization of few values, a rectifier's input that rounding moves over zero moves all gradients
		// below. Those of Keras itself are off by 2e-2 from its float64.
		limit = 3e-2
	}
	requireChecksums(t, "gradients", got, want.Gradients, limit)
}
