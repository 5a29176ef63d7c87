package classifier

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"time"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/transfer-learning-go/defects/lib/device"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/inference"
	"github.com/transfer-learning-go/defects/lib/internal/split"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/result"
)

// ErrDiverged is what Fit's error is, by errors.Is, when a loss is not finite, or so large that no training comes back from
// there.
var ErrDiverged = errors.New("the training has diverged")

// hopeless is a loss in nats. Guessing gives the logarithm of the number of classes, about 2.
const hopeless = 1e9

// training is one phase of a Fit.
type training struct {
	model             *Model
	plan              plan
	batchSize         int
	classWeights      []float64
	cut               int
	train, validation examples
	below             *inference.Program // what lies below the cut, if features of changed images are computed
	parameters        []parameter
	steps             int             // of this phase
	history           *result.History // of all phases
	first             int             // how many epochs the phases before have
	best              layer.Values    // above the cut, of the epoch that is restored at the end; nil for the last one
	step, evaluate    *split.Exec
	store             *model.Store
	compiled          bool
	tell              func(result.Progress)
}

// parameter is one trained weight with Adam's moments.
type parameter struct {
	layer                *layer.Layer
	index                int
	factor               float64 // of the learning rate
	value, first, second *model.Variable
}

// start prepares the variables and the graphs.
func (t *training) start() error {
	t.store = model.NewStore()
	for _, l := range t.model.Layers[t.cut:] {
		for i, w := range l.W {
			v, err := t.variable(l.Name+"/"+w.Name, w.Shape, t.model.Values[l.Name][i])
			if err != nil {
				return err
			}
			if l.Frozen || w.Statistic {
				continue
			}
			p := parameter{layer: l, index: i, factor: t.plan.factor(l), value: v}
			zeros := make([]float32, w.Size())
			if p.first, err = t.variable("adam_m/"+l.Name+"/"+w.Name, w.Shape, zeros); err != nil {
				return err
			}
			if p.second, err = t.variable("adam_v/"+l.Name+"/"+w.Name, w.Shape, zeros); err != nil {
				return err
			}
			t.parameters = append(t.parameters, p)
		}
	}
	return t.compile()
}

func (t *training) variable(name string, shape []int, value []float32) (*model.Variable, error) {
	return t.store.CreateVariable("/"+name, tensors.FromFlatDataAndDimensions(value, shape...))
}

// collectFrom is the size of a batch, in numbers, from which Go collects garbage after every step. Some of XLA's memory
// is freed by the collector, which comes by Go's memory alone, every few steps. What it leaves until then lies where the
// activations of the last step were, those of the next no longer fit there, and the small Vision Transformer of the
// notebook 4 took 1.3 or 1.9 GB by chance.
const collectFrom = 1 << 20

// epoch trains one pass over the images and measures on the validation images.
func (t *training) epoch(ctx context.Context) error {
	began := time.Now()
	device.ReleaseMemory()
	number := t.history.Epochs()
	// Dropout of an epoch depends on seed and epoch alone: a resumed run draws what an unbroken one draws.
	if err := t.store.SetRNGStateFromSeed(t.model.Seed<<16 + int64(number)); err != nil {
		return err
	}
	if !t.compiled {
		t.report(result.Progress{Phase: "compiling"})
	}
	train := t.trainedIn(number)
	var loss, correct float64
	seen, step, n := 0, 0, len(train.labels)
	order := images.Order(n, t.model.Seed, number)
	for b := range train.batches(ctx, order, t.batchSize, t.classes(), false) {
		if err := cmp.Or(b.err, ctx.Err()); err != nil {
			return err
		}
		rate := t.rate()
		t.steps++
		l, hits, err := call(t.step, b, float32(adamRate(rate, t.steps)))
		if err != nil {
			return fmt.Errorf("step %d: %w", t.steps, err)
		}
		if err := t.finite(ctx, l, train, b.indices); err != nil {
			return fmt.Errorf("step %d: %w", t.steps, err)
		}
		if !t.compiled {
			device.ReleaseMemory() // the first step compiled the graph
			t.compiled = true
		}
		if b.n*layer.Size(train.shape) >= collectFrom {
			runtime.GC()
		}
		seen += b.n
		step++
		loss += l * float64(b.n)
		correct += hits
		t.report(result.Progress{Phase: "epoch", Epoch: number + 1, Done: seen, Total: n, Step: step, Steps: t.stepsPerEpoch(),
			Loss: loss / float64(seen), Accuracy: correct / float64(seen)})
	}
	device.ReleaseMemory()
	valLoss, valAccuracy, err := t.validate(ctx)
	if err != nil {
		return fmt.Errorf("validation: %w", err)
	}
	h, rate := t.history, t.rate()
	h.Loss, h.Accuracy = append(h.Loss, loss/float64(n)), append(h.Accuracy, correct/float64(n))
	h.ValLoss, h.ValAccuracy = append(h.ValLoss, valLoss), append(h.ValAccuracy, valAccuracy)
	h.LearningRate, h.Seconds = append(h.LearningRate, rate), append(h.Seconds, time.Since(began).Seconds())
	return t.take()
}

// reportEpoch tells the figures of the last epoch, once they are saved.
func (t *training) reportEpoch() {
	h, n := t.history, len(t.train.labels)
	last := h.Epochs() - 1
	t.report(result.Progress{Phase: "epoch", Epoch: last + 1, Done: n, Total: n, Step: t.stepsPerEpoch(), Steps: t.stepsPerEpoch(),
		Loss: h.Loss[last], Accuracy: h.Accuracy[last]})
}

func (t *training) report(p result.Progress) {
	if t.tell != nil {
		t.tell(p)
	}
}

func (t *training) stepsPerEpoch() int { return (len(t.train.labels) + t.batchSize - 1) / t.batchSize }

func (t *training) classes() int { return t.model.Layers.Output()[0] }

func (t *training) validate(ctx context.Context) (loss, accuracy float64, err error) {
	n := len(t.validation.labels)
	for b := range t.validation.batches(ctx, sequence(0, n), t.batchSize, t.classes(), true) {
		if err := cmp.Or(b.err, ctx.Err()); err != nil {
			return 0, 0, err
		}
		l, hits, err := call(t.evaluate, b)
		if err != nil {
			return 0, 0, err
		}
		if err := t.finite(ctx, l, t.validation, b.indices); err != nil {
			return 0, 0, err
		}
		loss += l
		accuracy += hits
	}
	return loss / float64(n), accuracy / float64(n), nil
}

// finite tells why a loss is not finite: because of these examples, or because the weights have grown out of bounds.
func (t *training) finite(ctx context.Context, loss float64, e examples, indices []int) error {
	if math.Abs(loss) < hopeless { // not if it is NaN
		return nil
	}
	if err := e.finite(ctx, indices); err != nil {
		return err
	}
	return fmt.Errorf("the loss is %v: train with a smaller learning rate than %v: %w", loss, t.plan.LearningRate, ErrDiverged)
}

// own is the history of this phase alone, as its schedule and its early stopping see it.
func (t *training) own() *result.History {
	h, n := t.history, t.first
	return &result.History{Loss: h.Loss[n:], Accuracy: h.Accuracy[n:], ValLoss: h.ValLoss[n:],
		ValAccuracy: h.ValAccuracy[n:], LearningRate: h.LearningRate[n:]}
}

// take copies the trained values into the model.
func (t *training) take() error {
	for _, l := range t.model.Layers[t.cut:] {
		values := make([][]float32, len(l.W))
		for i, w := range l.W {
			value, err := t.store.GetVariable("/" + l.Name + "/" + w.Name).Value()
			if err != nil {
				return err
			}
			if values[i], err = tensors.CopyFlatData[float32](value); err != nil {
				return err
			}
		}
		if len(values) > 0 {
			t.model.Values[l.Name] = values
		}
	}
	return nil
}

// finish frees what the training holds outside of Go's memory, and closes its examples.
func (t *training) finish() {
	for _, e := range []examples{t.train, t.validation} {
		if e.close != nil {
			e.close()
		}
	}
	if t.below != nil {
		t.below.Close()
	}
	for _, exec := range []*split.Exec{t.step, t.evaluate} {
		if exec != nil {
			exec.Finalize()
		}
	}
	if t.store != nil {
		t.store.Finalize()
	}
}
