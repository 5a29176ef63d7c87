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

func trainCommand(c *call) (fmt.Stringer, error) {
	variant := c.variant(false, true)
	unfreeze := c.unfreezing()
	source := c.flags.String("data", "", "`DIR|ZIP` with the images (default: what doctor names)")
	course := c.course()
	seed := c.flags.Int64("seed", 100, "`S` of the head's weights, of dropout and of the order of images (default 100, or the "+
		"model's own)")
	run := c.flags.String("out", "", "name the new `RUN` (kept in runs/) or give a folder with a slash; a run that is there is "+
		"taken up again")
	retrain := c.flags.Bool("retrain", false, "start the run over")
	c.preprocess()
	c.devices()
	words, err := c.parse(1, 1, "BACKBONE, RUN or FILE is")
	switch {
	case err != nil:
		return nil, err
	case *run == "":
		return nil, wrongUse("--out RUN is missing")
	}
	if err := errors.Join(checkModelOrBackbone(words[0]), unfreeze.check(), course.check(unfreeze.given())); err != nil {
		return nil, err
	}
	ctx, stop := untilInterrupt()
	defer stop()
	data, m, err := c.modelToTrain(ctx, words[0], variant, *source, *seed, *run)
	if err != nil {
		return nil, err
	}
	if err := unfreeze.apply(m.Base); err != nil {
		return nil, err
	}
	fmt.Fprintf(c.stderr, "training %d of %d parameters\n", m.Layers.TrainableParams(), m.Layers.Params())
	progress := &progress{w: c.stderr, shown: time.Now()}
	config := course.config(data.Train.Len(), unfreeze.choose)
	config.Run, config.Retrain, config.Watch = *run, *retrain, progress.see
	history, err := m.Fit(ctx, data.Train, data.Validation, config)
	if errors.Is(err, context.Canceled) {
		return nil, fmt.Errorf("interrupted after %d of %d epochs: run the same command again to go on from there",
			progress.epochs, course.total())
	}
	if err != nil {
		return nil, err
	}
	images := len(data.Validation.Images)
	correct := int(math.Round(history.ValAccuracy[kept(history)-1] * float64(images)))
	return training{History: history, Interval: metrics.Wilson(correct, images), Run: classifier.RunDir(*run),
		Backbone: m.Base.String(), Weights: m.Base.Source, Data: data.Origin, Notice: m.Notice()}, nil
}

// modelToTrain opens the data, and a run or file, or else builds the lesson's head on a frozen backbone.
func (c *call) modelToTrain(ctx context.Context, name string, variant *variantFlags, source string, seed int64,
	run string) (*images.Dataset, *classifier.Model, error) {
	if !isModel(name) {
		if err := c.refuse("--%s is for files: "+name+" has its own", "preprocess"); err != nil {
			return nil, nil, err
		}
		return c.newModel(ctx, name, variant, source, seed)
	}
	if err := c.refuse("--%s is for backbones: "+name+" has its own", "alpha", "variant", "weights"); err != nil {
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
		m.Seed = seed
	}
	data, err := c.openData(source)
	if err != nil {
		return nil, nil, err
	}
	_, err = classesOfData(m, name, data)
	return data, m, err
}

func (c *call) newModel(ctx context.Context, name string, variant *variantFlags, source string, seed int64) (
	*images.Dataset, *classifier.Model, error) {
	if _, err := variant.config(name); err != nil {
		return nil, nil, err
	}
	base, err := variant.build(name, seed)
	if err != nil {
		return nil, nil, err
	}
	data, err := c.openData(source)
	if err != nil {
		return nil, nil, err
	}
	m, err := classifier.New(classifier.Config{Base: base, Classes: data.Classes, Seed: seed,
		Head: classifier.Head(base, len(data.Classes))})
	normalizes := slices.ContainsFunc(base.Layers, func(l *layer.Layer) bool {
		_, ok := l.Op.(layer.BatchNormalization)
		return ok
	})
	if err != nil || base.Source != "random" || !normalizes {
		return data, m, err
	}
	fmt.Fprintf(c.stderr, "random weights: batch normalization gets its statistics from %d images\n",
		min(32, data.Train.Len()))
	return data, m, m.Calibrate(ctx, data.Train)
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
