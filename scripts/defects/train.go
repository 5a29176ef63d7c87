package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/metrics"
	"github.com/transfer-learning-go/defects/lib/result"
)

// training is the history of a run and what it was made from.
type training struct {
	*result.History
	Interval metrics.Interval `json:"val_accuracy_interval"` // of the epoch whose weights the run has, 95 %
	Run      string           `json:"run"`
	Backbone string           `json:"backbone"`
	Weights  string           `json:"weights"`
	Data     string           `json:"data"`
	Notice   string           `json:"notice,omitempty"`
}

func (t training) String() string {
	var b strings.Builder
	b.WriteString(noticeLine(t.Notice))
	fmt.Fprintf(&b, "%5s %9s %9s %9s %13s %8s\n", "epoch", "loss", "accuracy", "val_loss", "val_accuracy", "seconds")
	for i := range t.Epochs() {
		fmt.Fprintf(&b, "%5d %9.4f %9.4f %9.4f %13.4f %8.1f\n", i+1, t.Loss[i], t.Accuracy[i], t.ValLoss[i], t.ValAccuracy[i],
			t.Seconds[i])
	}
	which, epoch := "the last epoch", kept(t.History)
	if t.Best > 0 {
		which = fmt.Sprintf("the best epoch, %d", t.Best)
	}
	fmt.Fprintf(&b, "validation accuracy after %s: %.4f, 95 %% interval %s\nrun: %s\n", which, t.ValAccuracy[epoch-1], t.Interval, t.Run)
	return b.String()
}

// kept is the epoch, from 1, whose weights a run has.
func kept(h *result.History) int { return cmp.Or(h.Best, h.Epochs()) }

// recipe are the options that say what is trained and how, apart from the images.
type recipe struct {
	call     *call
	variant  *variantFlags
	unfreeze *unfreezing
	course   *course
	seed     int64
}

func (c *call) recipe() *recipe {
	r := &recipe{call: c, variant: c.variant(true, true), unfreeze: c.unfreezing(), course: c.course()}
	c.flags.Int64Var(&r.seed, "seed", 100, "`S` of the head's weights, of dropout and of the order of images (default 100, or the "+
		"model's own)")
	return r
}

// check looks at the options alone.
func (r *recipe) check() error {
	return errors.Join(r.unfreeze.check(), r.course.check(r.unfreeze.given()))
}

func trainCommand(c *call) (fmt.Stringer, error) {
	recipe := c.recipe()
	source := c.flags.String("data", "", "`DIR|ZIP` with the images (default: what doctor names)")
	run := c.flags.String("out", "", "name the new `RUN` (kept in runs/) or give a folder with a slash; a run that is there is "+
		"taken up again")
	retrain := c.flags.Bool("retrain", false, "start the run over")
	c.foreign()
	c.devices()
	words, err := c.parse(1, 1, "BACKBONE, RUN or FILE is")
	switch {
	case err != nil:
		return nil, err
	case *run == "":
		return nil, wrongUse("--out RUN is missing")
	}
	if err := errors.Join(checkModelOrBackbone(words[0]), recipe.check()); err != nil {
		return nil, err
	}
	ctx, stop := untilInterrupt()
	defer stop()
	data, m, err := c.modelToTrain(ctx, words[0], recipe, *source, *run)
	if err != nil {
		return nil, err
	}
	progress := &progress{w: c.stderr, shown: time.Now()}
	history, err := recipe.fit(ctx, m, data.Train, data.Validation, classifier.FitConfig{Run: *run, Retrain: *retrain, Watch: progress.see})
	if errors.Is(err, context.Canceled) {
		return nil, fmt.Errorf("interrupted after %d of %d epochs: run the same command again to go on from there",
			progress.epochs, recipe.course.total())
	}
	if err != nil {
		return nil, err
	}
	images := len(data.Validation.Images)
	return training{History: history, Interval: metrics.Wilson(right(history, images), images), Run: classifier.RunDir(*run),
		Backbone: m.Base.String(), Weights: m.Base.Source, Data: data.Origin, Notice: m.Notice()}, nil
}

// fit trains a model as the options say. Of config, Run, Retrain and Watch count.
func (r *recipe) fit(ctx context.Context, m *classifier.Model, train, validation images.Source, config classifier.FitConfig) (*result.History, error) {
	if err := r.unfreeze.apply(m.Base); err != nil {
		return nil, err
	}
	fmt.Fprintf(r.call.stderr, "training %d of %d parameters\n", m.Layers.TrainableParams(), m.Layers.Params())
	how := r.course.config(train.Len(), r.unfreeze.choose)
	how.Run, how.Retrain, how.Watch = config.Run, config.Retrain, config.Watch
	return m.Fit(ctx, train, validation, how)
}

// right is how many of the validation images a run gets right.
func right(h *result.History, images int) int {
	return int(math.Round(h.ValAccuracy[kept(h)-1] * float64(images)))
}

// modelToTrain opens the data, and a run or file, or else builds the lesson's head on a frozen backbone.
func (c *call) modelToTrain(ctx context.Context, name string, r *recipe, source, run string) (*images.Dataset, *classifier.Model, error) {
	if !isModel(name) {
		if err := c.refuse("--%s is for files: "+name+" has its own", "preprocess", "image-size", "classes"); err != nil {
			return nil, nil, err
		}
		base, err := r.variant.build(name, r.seed)
		if err != nil {
			return nil, nil, err
		}
		data, err := c.openData(source)
		if err != nil {
			return nil, nil, err
		}
		m, err := r.newModel(ctx, base, data.Classes, data.Train)
		return data, m, err
	}
	if err := c.refuse("--%s is for backbones: "+name+" has its own", "alpha", "variant", "input", "weights"); err != nil {
		return nil, nil, err
	}
	if sameFile(classifier.RunDir(name), classifier.RunDir(run)) {
		return nil, nil, wrongUse("--out %s is the run to start from: name another", run)
	}
	m, err := c.load(name)
	if err != nil {
		return nil, nil, err
	}
	if c.given("seed") {
		m.Seed = r.seed
	}
	data, err := c.openData(source)
	if err != nil {
		return nil, nil, err
	}
	_, err = classesOfData(m, name, data)
	return data, m, err
}

// newModel puts the lesson's head on a base, whose batch normalization gets its statistics if its weights are random.
func (r *recipe) newModel(ctx context.Context, base *backbone.Backbone, classes []string, train images.Source) (*classifier.Model, error) {
	m, err := classifier.New(classifier.Config{Base: base, Classes: classes, Seed: r.seed,
		Head: classifier.Head(base, len(classes))})
	normalizes := slices.ContainsFunc(base.Layers, func(l *layer.Layer) bool {
		_, ok := l.Op.(layer.BatchNormalization)
		return ok
	})
	if err != nil || base.Source != "random" || !normalizes {
		return m, err
	}
	fmt.Fprintf(r.call.stderr, "random weights: batch normalization gets its statistics from %d images\n",
		min(32, train.Len()))
	return m, m.Calibrate(ctx, train)
}

// untilInterrupt is done at the first Ctrl-C, and says so: what is being compiled goes on to its end. The second ends the
// process at once.
func untilInterrupt() (context.Context, func()) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ended := context.AfterFunc(ctx, func() {
		stop()
		if info, err := os.Stderr.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 { // a person, not a log
			fmt.Fprintln(os.Stderr, "stopping; interrupt again to end at once")
		}
	})
	return ctx, func() {
		ended()
		stop()
	}
}

// progress prints a line per epoch, and before the first at most one every two seconds.
type progress struct {
	w      io.Writer
	shown  time.Time
	epochs int // finished

	compiling bool
}

func (p *progress) see(now result.Progress) {
	if now.History != nil && now.History.Epochs() > p.epochs && !now.Finished {
		h := now.History
		i := h.Epochs() - 1
		p.epochs = h.Epochs()
		if p.epochs > now.Resumed { // those of an earlier call are no news
			best := ""
			if at := slices.Index(h.ValLoss, slices.Min(h.ValLoss)); at < i {
				best = fmt.Sprintf(", the best so far is epoch %d", at+1)
			}
			fmt.Fprintf(p.w, "epoch %d/%d: loss %.4f, accuracy %.4f, val_loss %.4f, val_accuracy %.4f, %.1f s, learning rate %.3g%s\n", i+1,
				now.Epochs, h.Loss[i], h.Accuracy[i], h.ValLoss[i], h.ValAccuracy[i], h.Seconds[i], h.LearningRate[i], best)
			return
		}
	}
	if now.Phase == "compiling" && !p.compiling {
		fmt.Fprintln(p.w, "compiling")
	}
	p.compiling = now.Phase == "compiling"
	if now.Done < now.Total && time.Since(p.shown) > every || now.Epoch == 0 && now.Total > 0 && now.Done == now.Total {
		p.shown = time.Now()
		fmt.Fprintf(p.w, "%s: %d of %d images\n", now.Phase, now.Done, now.Total)
	}
}
