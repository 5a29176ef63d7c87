package classifier

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/transfer-learning-go/defects/lib/result"
)

// FitConfig says how to train. The zero value trains for 5 epochs in batches of 32 with a learning rate of 1e-3.
type FitConfig struct {
	Epochs       int     // 0 is 5
	BatchSize    int     // 0 is 32
	LearningRate float64 // of Adam; 0 is 1e-3
	// Schedule changes the learning rate while training: CosineDecay, LinearWarmup or ReduceLROnPlateau. nil keeps it.
	Schedule      Schedule
	EarlyStopping *EarlyStopping // ends the training before Epochs; nil does not
	// ClassWeights multiply the loss of each training image by the weight of its class, in the order of the classes, as
	// Keras's class_weight does. A batch's loss stays a mean over its images. Accuracies and validation losses are not
	// weighted. nil is 1 for all.
	ClassWeights []float64
	Augment      Augmentation // random changes of the training images; the zero value has none
	// Phases train one after the other, each with its own Epochs, LearningRate, Schedule, EarlyStopping and Augment in place
	// of those above. nil is one phase, with those above.
	Phases []Phase
	// Run names the folder that keeps the training: see RunDir. A run that was interrupted goes on after its last
	// whole epoch, in whatever phase; one that is finished is not trained again. Empty keeps nothing.
	Run     string
	Retrain bool           // starts the run over
	Watch   result.Watcher // told of every batch; may be nil
}

// withDefaults fills in what is zero, for this number of training images, and checks the rest. Phases holds all phases
// then.
func (c FitConfig) withDefaults(images, classes int) (FitConfig, error) {
	c.BatchSize = orDefault(c.BatchSize, 32)
	if c.BatchSize < 1 {
		return c, fmt.Errorf("BatchSize %d: give at least 1", c.BatchSize)
	}
	if err := checkClassWeights(c.ClassWeights, classes); err != nil {
		return c, fmt.Errorf("ClassWeights: %w", err)
	}
	single := Phase{Epochs: c.Epochs, LearningRate: c.LearningRate, Schedule: c.Schedule, EarlyStopping: c.EarlyStopping,
		Augment: c.Augment}
	if c.Phases == nil {
		c.Phases = []Phase{single}
	} else if c.Phases = slices.Clone(c.Phases); !single.isZero() {
		return c, errors.New("Phases have their own Epochs, LearningRate, Schedule, EarlyStopping and Augment: leave those " +
			"of FitConfig out")
	}
	if len(c.Phases) == 0 {
		return c, errors.New("Phases is empty: give at least one, or nil for the fields of FitConfig")
	}
	steps := (images + c.BatchSize - 1) / c.BatchSize // of an epoch
	for i, p := range c.Phases {
		if p.Name == "" && len(c.Phases) > 1 {
			p.Name = fmt.Sprintf("phase %d", i+1)
		}
		var err error
		if c.Phases[i], err = p.withDefaults(steps); err != nil {
			return c, p.wrap(err)
		}
	}
	return c, nil
}

// epochs is how many all phases have, unless they stop early.
func (c FitConfig) epochs() int {
	n := 0
	for _, p := range c.Phases {
		n += p.Epochs
	}
	return n
}

func checkClassWeights(weights []float64, classes int) error {
	if weights == nil {
		return nil
	}
	if len(weights) != classes {
		return fmt.Errorf("%d weights for %d classes: give one per class, in the order of the classes", len(weights), classes)
	}
	for i, w := range weights {
		if !(w >= 0) || math.IsInf(w, 0) {
			return fmt.Errorf("weight %v of class %d: give a number that is not negative", w, i)
		}
	}
	if slices.Max(weights) == 0 {
		return errors.New("all are 0, so nothing could be learned: give at least one class a positive weight")
	}
	return nil
}

func orDefault[T comparable](v, d T) T {
	var zero T
	if v == zero {
		return d
	}
	return v
}
