package classifier

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/transfer-learning-go/defects/lib/result"
)

// FitConfig says how to train. The zero value of each field is the lesson's.
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
	// Run names the folder that keeps the training: see RunDir. A run that was interrupted goes on after its last
	// whole epoch; one that is finished is not trained again. Empty keeps nothing.
	Run     string
	Retrain bool           // starts the run over
	Watch   result.Watcher // told of every batch; may be nil
	// Context ends the training within a step when it is done. A Run can then be taken up again. nil is never.
	Context context.Context
}

// withDefaults fills in what is zero, for this number of training images, and checks the rest.
func (c FitConfig) withDefaults(images, classes int) (FitConfig, error) {
	c.Epochs, c.BatchSize = orDefault(c.Epochs, 5), orDefault(c.BatchSize, 32)
	if c.LearningRate == 0 {
		c.LearningRate = 1e-3
	}
	if c.Context == nil {
		c.Context = context.Background()
	}
	switch {
	case c.Epochs < 1:
		return c, fmt.Errorf("Epochs %d: train for at least 1", c.Epochs)
	case c.BatchSize < 1:
		return c, fmt.Errorf("BatchSize %d: give at least 1", c.BatchSize)
	case !(c.LearningRate > 0) || math.IsInf(c.LearningRate, 0):
		return c, fmt.Errorf("LearningRate %v: give a positive number", c.LearningRate)
	}
	var err error
	if c.Schedule != nil {
		steps := c.Epochs * ((images + c.BatchSize - 1) / c.BatchSize)
		if c.Schedule, err = c.Schedule.withDefaults(steps); err != nil {
			return c, fmt.Errorf("Schedule: %w", err)
		}
	}
	if c.EarlyStopping != nil {
		stopping, err := c.EarlyStopping.withDefaults()
		if err != nil {
			return c, fmt.Errorf("EarlyStopping: %w", err)
		}
		c.EarlyStopping = &stopping
	}
	if err := checkClassWeights(c.ClassWeights, classes); err != nil {
		return c, fmt.Errorf("ClassWeights: %w", err)
	}
	if c.Augment, err = c.Augment.withDefaults(); err != nil {
		return c, fmt.Errorf("Augment: %w", err)
	}
	return c, nil
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
