package classifier

// History holds one figure per finished epoch, named as Keras's History.history names them.
//
// Loss and Accuracy are averages over the epoch's training batches, with dropout on, weighted by batch size;
// ValLoss and ValAccuracy are measured after the epoch, with dropout off. Losses are categorical
// cross-entropies in nats, accuracies lie in [0, 1], Seconds is wall-clock time per epoch.
type History struct {
	Loss        []float64 `json:"loss"`
	Accuracy    []float64 `json:"accuracy"`
	ValLoss     []float64 `json:"val_loss"`
	ValAccuracy []float64 `json:"val_accuracy"`
	Seconds     []float64 `json:"seconds"`
}

// Epochs is the number of finished epochs.
func (h *History) Epochs() int { return len(h.Loss) }

// Progress tells a watcher what is being computed now.
type Progress struct {
	Phase       string   // "features of train", "features of validation" or "epoch"
	Epoch       int      // 1-based; 0 outside epochs
	Epochs      int      // how many epochs the whole run has
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
