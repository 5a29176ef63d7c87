package classifier

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"runtime"
	"time"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/transfer-learning-go/defects/lib/device"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/result"
)

// tell reports the progress of an epoch to the watcher.
func (t *training) tell(p result.Progress) {
	if t.config.Watch == nil {
		return
	}
	p.Phase, p.Epochs, p.History, p.Resumed = "epoch", t.config.Epochs, &t.history, t.resumed
	p.Notice = t.model.Notice()
	t.config.Watch(p)
}

// Fit trains the layers that are not frozen with Adam on categorical cross-entropy, and measures on the validation
// split after each epoch. The model holds the weights of the last epoch afterwards, or of the best: see EarlyStopping.
//
// The same seed, backend and data give the same history, bit by bit, on one machine, in one go or resumed.
func (m *Model) Fit(data *images.Dataset, c FitConfig) (*result.History, error) {
	m.DataNotice = data.Notice
	train, validation := SplitImages(data.Train, m.ImageSize), SplitImages(data.Validation, m.ImageSize)
	train.Source, validation.Source = data.Origin, data.Origin
	return m.FitImages(train, validation, data.Classes, c)
}

// FitImages is Fit for images of any source.
func (m *Model) FitImages(train, validation Images, classes []string, c FitConfig) (*result.History, error) {
	if len(classes) != elements(m.Layers.Output()) {
		return nil, fmt.Errorf("the model has %d outputs, but there are %d classes: end its head with "+
			"layer.Dense{Units: %d, Activation: \"softmax\"}", elements(m.Layers.Output()), len(classes), len(classes))
	}
	for _, images := range []Images{train, validation} {
		if len(images.Labels) == 0 {
			return nil, fmt.Errorf("no images for %s: give at least one per class", images.Name)
		}
	}
	c, err := c.withDefaults(len(train.Labels), len(classes))
	if err != nil {
		return nil, fmt.Errorf("FitConfig: %w", err)
	}
	m.Classes = classes
	t := &training{model: m, config: c, cut: m.cut()}
	defer func() {
		m.compiled = compiled{} // it holds weights from before
		t.train.close()
		t.validation.close()
	}()
	if c.Run != "" {
		unlock, err := t.open(train, validation)
		if err != nil {
			return nil, err
		}
		defer unlock()
	}
	if err := t.start(train, validation); err != nil {
		return nil, err
	}
	if err := t.resume(); err != nil {
		return nil, err
	}
	m.compiled = compiled{} // the layers below the cut have done their work
	for t.history.Epochs() < c.Epochs && t.history.Stopped == 0 {
		if err := t.epoch(); err != nil {
			return nil, fmt.Errorf("epoch %d: %w", t.history.Epochs()+1, err)
		}
		t.judge()
		if err := t.save(); err != nil {
			return nil, fmt.Errorf("saving run %s: %w", c.Run, err)
		}
	}
	maps.Copy(m.Values, t.best)
	t.tell(result.Progress{Epoch: t.history.Epochs(), Finished: true})
	return &t.history, nil
}

// training is the state of one Fit.
type training struct {
	model             *Model
	config            FitConfig
	cut               int
	train, validation examples
	parameters        []parameter
	steps, resumed    int
	history           result.History
	best              layer.Values // above the cut, of the epoch that is restored at the end; nil for the last one
	step, evaluate    *model.Exec
	store             *model.Store
	run               *runFolder
}

// parameter is one trained weight with Adam's moments.
type parameter struct {
	layer                *layer.Layer
	index                int
	value, first, second *model.Variable
}

// start prepares the examples and the variables.
func (t *training) start(train, validation Images) error {
	var err error
	if t.train, err = t.trainingExamples(train); err != nil {
		return err
	}
	if t.validation, err = t.examples(validation); err != nil {
		return err
	}
	t.store = model.NewStore()
	trainable := 0
	for _, l := range t.model.Layers[t.cut:] {
		for i, w := range l.W {
			v, err := t.variable(l.Name+"/"+w.Name, w.Shape, t.model.Values[l.Name][i])
			if err != nil {
				return err
			}
			if l.Frozen || w.Statistic {
				continue
			}
			p := parameter{layer: l, index: i, value: v}
			zeros := make([]float32, w.Size())
			if p.first, err = t.variable("adam_m/"+l.Name+"/"+w.Name, w.Shape, zeros); err != nil {
				return err
			}
			if p.second, err = t.variable("adam_v/"+l.Name+"/"+w.Name, w.Shape, zeros); err != nil {
				return err
			}
			t.parameters = append(t.parameters, p)
			trainable += w.Size()
		}
	}
	if trainable == 0 {
		return errors.New("no layer is left to train: unfreeze some with Freeze, or put a Dense into the head")
	}
	return t.compile()
}

func (t *training) variable(name string, shape []int, value []float32) (*model.Variable, error) {
	return t.store.CreateVariable("/"+name, tensors.FromFlatDataAndDimensions(value, shape...))
}

// collectFrom is the size of a batch, in numbers, from which Go collects garbage after every step. Some of XLA's memory
// is freed by the collector, which comes by Go's memory alone, every few steps. What it leaves until then lies where the
// activations of the last step were, those of the next no longer fit there, and the small Vision Transformer of the
// lesson took 1.3 or 1.9 GB by chance.
const collectFrom = 1 << 20

// epoch trains one pass over the images and measures on the validation split.
func (t *training) epoch() error {
	began := time.Now()
	device.ReleaseMemory()
	number := t.history.Epochs()
	// Dropout of an epoch depends on seed and epoch alone: a resumed run draws what an unbroken one draws.
	if err := t.store.SetRNGStateFromSeed(t.model.Seed<<16 + int64(number)); err != nil {
		return err
	}
	train, err := t.trainedIn(number)
	if err != nil {
		return err
	}
	var loss, correct float64
	seen, n := 0, len(train.Labels)
	order := images.Order(n, t.model.Seed, number)
	for b := range train.batches(order, t.config.BatchSize, len(t.model.Classes), false) {
		if err := cmp.Or(b.err, t.config.Context.Err()); err != nil {
			return err
		}
		rate := t.rate()
		t.steps++
		l, hits, err := call(t.step, b.x, b.y, float32(adamRate(rate, t.steps)))
		if err != nil {
			return fmt.Errorf("step %d: %w", t.steps, err)
		}
		if err := t.finite(l); err != nil {
			return fmt.Errorf("step %d: %w", t.steps, err)
		}
		if t.history.Epochs() == t.resumed && seen == 0 {
			device.ReleaseMemory() // the first step compiled the graph
		}
		if b.n*elements(train.shape) >= collectFrom {
			runtime.GC()
		}
		seen += b.n
		loss += l * float64(b.n)
		correct += hits
		t.tell(result.Progress{Epoch: number + 1, Done: seen, Total: n, Loss: loss / float64(seen),
			Accuracy: correct / float64(seen)})
	}
	device.ReleaseMemory()
	valLoss, valAccuracy, err := t.validate()
	if err != nil {
		return fmt.Errorf("validation: %w", err)
	}
	h, rate := &t.history, t.rate()
	h.Loss, h.Accuracy = append(h.Loss, loss/float64(n)), append(h.Accuracy, correct/float64(n))
	h.ValLoss, h.ValAccuracy = append(h.ValLoss, valLoss), append(h.ValAccuracy, valAccuracy)
	h.LearningRate, h.Seconds = append(h.LearningRate, rate), append(h.Seconds, time.Since(began).Seconds())
	if err := t.take(); err != nil {
		return err
	}
	t.tell(result.Progress{Epoch: number + 1, Done: n, Total: n, Loss: loss / float64(n), Accuracy: correct / float64(n)})
	return nil
}

func (t *training) validate() (loss, accuracy float64, err error) {
	n := len(t.validation.Labels)
	for b := range t.validation.batches(sequence(0, n), t.config.BatchSize, len(t.model.Classes), true) {
		if b.err != nil {
			return 0, 0, b.err
		}
		l, hits, err := call(t.evaluate, b.x, b.y)
		if err != nil {
			return 0, 0, err
		}
		loss += l
		accuracy += hits
	}
	return loss / float64(n), accuracy / float64(n), t.finite(loss)
}

func (t *training) finite(loss float64) error {
	if math.IsNaN(loss) || math.IsInf(loss, 0) {
		return fmt.Errorf("the loss is %v: train with a smaller learning rate than %v", loss, t.config.LearningRate)
	}
	return nil
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
