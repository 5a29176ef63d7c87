package classifier

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

	Best    int    `json:"best_epoch,omitempty"`    // the epoch, from 1, whose weights were restored; 0 if none were
	Stopped int    `json:"stopped_epoch,omitempty"` // the epoch, from 1, after which EarlyStopping ended the training; or 0
	Note    string `json:"note,omitempty"`          // why an epoch took as long as it did: see Augmentation
}

// Epochs is the number of finished epochs.
func (h *History) Epochs() int { return len(h.Loss) }

// byName gives the figures that EarlyStopping and ReduceLROnPlateau can monitor.
func (h *History) byName() map[string][]float64 {
	return map[string][]float64{"loss": h.Loss, "accuracy": h.Accuracy, "val_loss": h.ValLoss,
		"val_accuracy": h.ValAccuracy}
}

// Progress tells a watcher what is being computed now.
type Progress struct {
	Phase       string   // "features of train", "features of validation", "epoch", or History.Note before the first epoch
	Epoch       int      // 1-based; 0 outside epochs
	Epochs      int      // how many epochs the whole run has, unless it stops early
	Done, Total int      // images done in this phase, and how many it has
	Loss        float64  // running training loss of this epoch
	Accuracy    float64  // running training accuracy of this epoch
	History     *History // the finished epochs
	Resumed     int      // how many of them an earlier call trained
	Notice      string   // what every figure of this training must say: see Model.Notice
	Finished    bool     // true on the last call
}

// Watcher is called after every batch and every epoch. It must return fast.
type Watcher func(Progress)
