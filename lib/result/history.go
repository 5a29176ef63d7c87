// Package result holds what training, prediction and explanation give, as plain values. Each carries the notice that its
// readers must see; figures and tables take the values whole.
package result

import "fmt"

// History holds one figure per finished epoch, named as Keras's History.history names them.
//
// Loss and Accuracy are averages over the epoch's training batches, with dropout on, weighted by batch size;
// ValLoss and ValAccuracy are measured after the epoch, with dropout off. Losses are categorical
// cross-entropies in nats, accuracies lie in [0, 1], Seconds is wall-clock time per epoch.
//
// LearningRate is what Keras's callbacks read when the epoch ends: the rate that the epoch was trained with or, of a
// schedule that changes it at every step, the rate of the step that comes next.
type History struct {
	Loss         []float64 `json:"loss"`
	Accuracy     []float64 `json:"accuracy"`
	ValLoss      []float64 `json:"val_loss"`
	ValAccuracy  []float64 `json:"val_accuracy"`
	LearningRate []float64 `json:"learning_rate"`
	Seconds      []float64 `json:"seconds"`
	// FeatureSeconds is the wall-clock time that the frozen layers took for all images, before the epochs. Features that
	// were stored by an earlier call count with the time that reading them took.
	FeatureSeconds float64 `json:"feature_seconds,omitempty"`
	// Phases says where the phases of the training begin; nil for a training of one phase.
	Phases []Phase `json:"phases,omitempty"`

	// Of the last phase:
	Best    int    `json:"best_epoch,omitempty"`    // the epoch, from 1, whose weights were restored; 0 if none were
	Stopped int    `json:"stopped_epoch,omitempty"` // the epoch, from 1, after which EarlyStopping ended the training; or 0
	Note    string `json:"note,omitempty"`          // why an epoch took as long as it did: see classifier.Augmentation
	Notice  string `json:"notice,omitempty"`        // what readers must know: weights or data that are not the real ones
}

// Phase is a part of a training.
type Phase struct {
	Name    string `json:"name"`
	Epoch   int    `json:"epoch"`                   // its first, counted from 1 over all phases
	Best    int    `json:"best_epoch,omitempty"`    // as History.Best, of this phase
	Stopped int    `json:"stopped_epoch,omitempty"` // as History.Stopped, of this phase
}

// Epochs is the number of finished epochs.
func (h *History) Epochs() int { return len(h.Loss) }

// TotalSeconds is the wall-clock time of the whole training: the pass over the frozen layers and all epochs.
func (h *History) TotalSeconds() float64 {
	sum := h.FeatureSeconds
	for _, s := range h.Seconds {
		sum += s
	}
	return sum
}

// String says how long the training took and how good the model has become, on the validation images if there are any,
// and the Notice.
func (h *History) String() string {
	if h.Notice == "" {
		return h.text()
	}
	return h.text() + " (notice: " + h.Notice + ")"
}

func (h *History) text() string {
	epoch := h.Epochs()
	if epoch == 0 {
		return "no epoch yet"
	}
	text := fmt.Sprintf("after %d epochs in %.1f s", epoch, h.TotalSeconds())
	if h.FeatureSeconds > 0 {
		text += fmt.Sprintf(", %.1f s of them for the frozen layers", h.FeatureSeconds)
	}
	if h.Best > 0 && h.Best <= epoch {
		epoch = h.Best
		text += fmt.Sprintf(", with the weights of epoch %d", epoch)
	}
	loss, accuracy, of := h.Loss, h.Accuracy, "training"
	if len(h.ValLoss) >= epoch && len(h.ValAccuracy) >= epoch {
		loss, accuracy, of = h.ValLoss, h.ValAccuracy, "validation"
	}
	if len(accuracy) < epoch {
		return text
	}
	return fmt.Sprintf("%s: %s loss %.4f, %s accuracy %.4f", text, of, loss[epoch-1], of, accuracy[epoch-1])
}
