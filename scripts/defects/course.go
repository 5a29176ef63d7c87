package main

import (
	"math"
	"strconv"
	"strings"

	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/layer"
)

// course are the options that say how a training goes.
type course struct {
	call             *call
	epochs           int
	rate             float64
	schedule         string
	warmup, patience int // epochs
	augment          string
	augmentation     classifier.Augmentation // what augment says
	headEpochs       int
	headRate         float64
}

func (c *call) course() *course {
	k := &course{call: c}
	c.flags.IntVar(&k.epochs, "epochs", 5, "train until the run has `N` epochs (default 5), those of the head not counted")
	c.flags.Float64Var(&k.rate, "learning-rate", 1e-3, "learning rate `R` of Adam (default 1e-3; for fine-tuning less, such as 1e-5)")
	c.flags.StringVar(&k.schedule, "schedule", "", "change the learning rate: `S` is cosine (falls to 0 with the last epoch) or plateau "+
		"(a tenth when val_loss has not improved for 10 epochs)")
	c.flags.IntVar(&k.warmup, "warmup-epochs", 0, "raise the learning rate from 0 during the first `N` epochs")
	c.flags.IntVar(&k.patience, "early-stopping", 0, "stop when val_loss has not improved for `N` epochs, and keep the best epoch")
	c.flags.StringVar(&k.augment, "augment", "", "change training images at random in each epoch: `LIST` of flip, flip-vertical, shift "+
		"(0.1 of the image), contrast (0.2), or shift=F and contrast=F, with commas")
	c.flags.IntVar(&k.headEpochs, "head-epochs", 0, "before all that, train the head alone for `N` epochs with the base frozen")
	c.flags.Float64Var(&k.headRate, "head-learning-rate", 1e-3, "learning rate `R` of those epochs (default 1e-3)")
	return k
}

// check looks at the options alone.
func (k *course) check(unfreezes bool) error {
	for name, rate := range map[string]float64{"learning-rate": k.rate, "head-learning-rate": k.headRate} {
		if !positive(rate) {
			return wrongUse("--%s %v: use a positive number, such as 1e-3", name, rate)
		}
	}
	given := k.call.given
	switch {
	case k.epochs < 1:
		return wrongUse("--epochs %d: use at least 1", k.epochs)
	case given("schedule") && k.schedule != "cosine" && k.schedule != "plateau":
		return wrongUse("--schedule %s: use cosine or plateau", k.schedule)
	case given("warmup-epochs") && (k.warmup < 1 || k.warmup > k.epochs || k.warmup == k.epochs && k.schedule == "cosine"):
		return wrongUse("--warmup-epochs %d: use at least 1, and fewer than --epochs %d", k.warmup, k.epochs)
	case given("warmup-epochs") && k.schedule == "plateau":
		return wrongUse("--warmup-epochs goes with --schedule cosine, or without one")
	case given("early-stopping") && k.patience < 1:
		return wrongUse("--early-stopping %d: use at least 1", k.patience)
	case given("head-epochs") && k.headEpochs < 1:
		return wrongUse("--head-epochs %d: use at least 1", k.headEpochs)
	case given("head-epochs") && !unfreezes:
		return wrongUse("--head-epochs: say which layers are trained after them, by --unfreeze-from, --unfreeze-last or --unfreeze-prefix")
	case given("head-learning-rate") && !given("head-epochs"):
		return wrongUse("--head-learning-rate is that of --head-epochs")
	}
	return k.parseAugment()
}

func (k *course) parseAugment() error {
	if !k.call.given("augment") {
		return nil
	}
	a := &k.augmentation
	for item := range strings.SplitSeq(k.augment, ",") {
		name, value, hasValue := strings.Cut(item, "=")
		amount, err := strconv.ParseFloat(value, 64)
		if hasValue && (err != nil || !(amount > 0 && amount <= 1)) {
			return wrongUse("--augment %s: give a fraction above 0, up to 1", item)
		}
		or := func(usual float64) float64 {
			if hasValue {
				return amount
			}
			return usual
		}
		switch {
		case name == "flip" && !hasValue:
			a.FlipHorizontal = true
		case name == "flip-vertical" && !hasValue:
			a.FlipVertical = true
		case name == "shift":
			a.ShiftHeight, a.ShiftWidth = or(0.1), or(0.1)
		case name == "contrast":
			a.Contrast = or(0.2)
		default:
			return wrongUse("--augment %q: use flip, flip-vertical, shift, contrast, shift=F or contrast=F", item)
		}
	}
	return nil
}

// config is the training for a number of images. With --head-epochs, unfreeze chooses the layers of the base for what
// comes after them.
func (k *course) config(images int, unfreeze func(layer.List) layer.List) classifier.FitConfig {
	const batch = 32 // of FitConfig
	p := classifier.Phase{Epochs: k.epochs, LearningRate: k.rate, Augment: k.augmentation}
	warmup := k.warmup * ((images + batch - 1) / batch)
	switch {
	case k.schedule == "cosine":
		p.Schedule = classifier.CosineDecay{WarmupSteps: warmup}
	case k.schedule == "plateau":
		p.Schedule = classifier.ReduceLROnPlateau{}
	case warmup > 0:
		p.Schedule = classifier.LinearWarmup{Steps: warmup}
	}
	if k.patience > 0 {
		p.EarlyStopping = &classifier.EarlyStopping{Patience: k.patience, RestoreBestWeights: true}
	}
	if k.headEpochs == 0 {
		return classifier.FitConfig{Epochs: p.Epochs, LearningRate: p.LearningRate, Schedule: p.Schedule,
			EarlyStopping: p.EarlyStopping, Augment: p.Augment}
	}
	p.Name, p.Unfreeze = "fine-tuning", unfreeze
	head := classifier.Phase{Name: "head", Epochs: k.headEpochs, LearningRate: k.headRate, Augment: k.augmentation,
		Unfreeze: func(layer.List) layer.List { return nil }}
	return classifier.FitConfig{Phases: []classifier.Phase{head, p}}
}

func positive(rate float64) bool { return rate > 0 && !math.IsInf(rate, 0) }

// total is how many epochs there are, unless it stops early.
func (k *course) total() int { return k.epochs + k.headEpochs }
