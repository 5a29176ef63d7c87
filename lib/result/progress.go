package result

// Progress tells a watcher what is being computed now.
type Progress struct {
	Phase       string   // "features of train", "features of validation", "epoch", or History.Note before the first epoch
	Epoch       int      // 1-based, over all phases; 0 outside epochs
	Epochs      int      // how many epochs the whole run has, unless it stops early
	Done, Total int      // images done in this phase, and how many it has
	Loss        float64  // running training loss of this epoch
	Accuracy    float64  // running training accuracy of this epoch
	History     *History // the finished epochs
	Resumed     int      // how many of them an earlier call trained
	Notice      string   // what every figure of this training must say
	Finished    bool     // true on the last call
}

// Watcher is called after every batch and every epoch. It must return fast.
type Watcher func(Progress)
