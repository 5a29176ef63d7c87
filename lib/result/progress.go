package result

// Progress tells a watcher what is being computed now.
type Progress struct {
	Phase       string   // "preparing", "features of train", "compiling", "epoch", or History.Note before the first epoch
	Epoch       int      // 1-based, over all phases; 0 outside epochs
	Epochs      int      // how many epochs the whole run has, unless it stops early
	Done, Total int      // images done in this phase, and how many it has; 0 if they do not count
	Step, Steps int      // batches done in this epoch, and how many it has; 0 outside epochs
	Loss        float64  // running training loss of this epoch
	Accuracy    float64  // running training accuracy of this epoch
	History     *History // the finished epochs: of a run, those that are saved
	Resumed     int      // how many of them an earlier call trained
	Kept        bool     // what is done stays if the program ends now: the same call goes on from there
	Notice      string   // what every figure of this training must say
	Finished    bool     // true on the last call
	Err         error    // on the last call: what ended the work before its end; nil if nothing did
}

// Watcher is called before the work begins, after every batch and every epoch, and when it ends. It must return fast.
type Watcher func(Progress)
