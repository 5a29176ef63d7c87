package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// plan is what a program of either side trains.
type plan struct {
	Folder       string  `json:"folder"` // of images
	Network      string  `json:"network"`
	Alpha        float64 `json:"alpha"`
	Weights      string  `json:"weights"` // a file of Keras
	Input        int     `json:"input"`
	Above        int     `json:"above"` // see training
	LearningRate float64 `json:"learning_rate"`
	Epochs       int     `json:"epochs"`
	// WarmUp makes Keras compile on a few batches first, so that the seconds of an epoch are those of any epoch.
	WarmUp bool `json:"warm_up"`
}

// outcome is what such a program prints.
type outcome struct {
	Accuracy []float64 `json:"val_accuracy"` // of each epoch
	Epochs   []float64 `json:"epochs"`       // seconds of each epoch in which nothing was compiled
	Features float64   `json:"features"`     // seconds in which features were computed
	WarmUp   float64   `json:"warm_up"`      // seconds that a training without warm-up does not have
}

// train measures the lesson's trainings as programs, from start to end.
func (b *bench) train() error {
	var lesson []*row // the whole programs of the lesson's trainings
	for _, t := range b.trainings {
		if b.part = t.part(); b.only == lessonPart {
			b.part = lessonPart
		}
		r := b.trainingRows(t)
		if err := b.countWork(t, r); err != nil {
			return err
		}
		if err := b.lookAtLimits(); err != nil {
			return err
		}
		if t.lesson {
			lesson = append(lesson, r.whole)
		}
		for i := range min(t.repetitions, b.size.trainings) {
			if err := b.trainOurs(t, r, i); err != nil {
				return err
			}
			b.step("%s, Keras, %d of %d epochs", t.label, t.trained[kerasSide], t.epochs)
			p := b.plan(t, kerasSide)
			p.WarmUp = !t.complete()
			f, got, err := runPlan(b.command(b.venv("bin", "python"), filepath.Join(b.folder(), "peers.py"), "train",
				p.String()), p)
			if err != nil {
				return err
			}
			r.add(t, kerasSide, f, got)
			if r.second != nil {
				r.second.add(kerasSide, f.seconds)
			}
		}
	}
	b.addLesson(lesson)
	return nil
}

// addLesson adds the sum of the lesson's trainings, if all of them were measured in this run.
func (b *bench) addLesson(trained []*row) {
	if b.only != "" && b.only != lessonPart {
		return
	}
	b.part = lessonPart
	sum := b.row(row{measure: "the whole lesson: every model, every epoch", unit: "s", lower: true, target: 6})
	for _, s := range []side{oursSide, kerasSide} {
		seconds := 0.0
		for _, r := range trained {
			seconds += median(r.samples[s])
			if s == oursSide {
				sum.work = sum.work.add(r.work, 1)
			}
		}
		sum.add(s, seconds)
	}
}

func (b *bench) trainOurs(t training, r trainingRows, repetition int) error {
	cache, err := b.emptyCache(fmt.Sprintf("cache-%d", repetition))
	if err != nil {
		return err
	}
	defer os.RemoveAll(cache) // features at a boundary deep in the base are large
	run := func(name string) (finished, outcome, error) {
		b.step("%s, ours, %s, %d of %d epochs", t.label, name, t.trained[oursSide], t.epochs)
		p := b.plan(t, oursSide)
		cmd := b.command(b.binary, "ours", "train", p.String(), filepath.Join(cache, name))
		cmd.Env = append(cmd.Env, "DEFECTS_CACHE="+cache)
		return runPlan(cmd, p)
	}
	f, got, err := run("first run")
	if err != nil {
		return err
	}
	r.add(t, oursSide, f, got)
	if r.second == nil {
		return nil
	}
	if f, _, err = run("second run"); err != nil {
		return err
	}
	r.second.add(oursSide, f.seconds)
	return nil
}

func (b *bench) plan(t training, s side) plan {
	return plan{Folder: b.images, Network: t.name, Alpha: t.alpha, Weights: b.weights[t.title], Input: t.input,
		Above: t.above, LearningRate: t.learningRate, Epochs: t.trained[s]}
}

func (p plan) String() string {
	text, err := json.Marshal(p)
	if err != nil {
		panic(err) // no value of a plan lacks a JSON form
	}
	return string(text)
}

func runPlan(cmd *exec.Cmd, p plan) (finished, outcome, error) {
	var got outcome
	f, err := program(cmd)
	if err != nil {
		return f, got, err
	}
	if err := json.Unmarshal(f.stdout, &got); err != nil {
		return f, got, fmt.Errorf("%s: %w", strings.Join(cmd.Args, " "), err)
	}
	if n := len(got.Accuracy); n != p.Epochs {
		return f, got, fmt.Errorf("%s: a history of %d epochs, want %d", strings.Join(cmd.Args, " "), n, p.Epochs)
	}
	return f, got, nil
}

// trainingRows are the rows of a training; those that are nil are not measured.
type trainingRows struct{ whole, second, epoch, features, memory, accuracy *row }

func (b *bench) trainingRows(t training) trainingRows {
	var r trainingRows
	if t.epoch > 0 {
		r.epoch = b.row(row{measure: t.label + ": one epoch with validation", unit: "s", lower: true, target: t.epoch})
		r.features = b.row(row{measure: fmt.Sprintf("%s: computing the features of %d images", t.label, b.count), unit: "s",
			lower: true})
	}
	r.whole = b.row(row{measure: fmt.Sprintf("%s: whole program, %d epochs%s", t.label, t.epochs, t.share()), unit: "s",
		lower: true, target: t.whole})
	if t.second > 0 {
		r.second = b.row(row{measure: t.label + ": a second run, on stored features", unit: "s", lower: true, target: t.second})
	}
	r.memory = b.row(row{measure: t.label + ": peak memory", unit: "MB", lower: true, target: 1})
	if t.complete() {
		r.accuracy = b.row(row{measure: t.label + ": validation accuracy", unit: "%", noRatio: true})
	}
	return r
}

// countWork tells the rows of a training what has to be computed.
func (b *bench) countWork(t training, r trainingRows) error {
	m, err := t.model(b.classes)
	if err != nil {
		return err
	}
	if m.Base != nil {
		unfreeze(m, t.above)
	}
	features, epoch := ofTraining(m.Layers, b.training, b.count-b.training)
	all := work{}.add(epoch, float64(t.epochs))
	r.whole.work = features.add(all, 1)
	if r.second != nil {
		r.second.work = all
	}
	if r.epoch != nil {
		r.epoch.work, r.features.work = epoch, features
	}
	return nil
}

// add takes up what a side's program took.
func (r trainingRows) add(t training, s side, f finished, got outcome) {
	r.whole.add(s, t.wholeSeconds(s, f.seconds, got))
	r.memory.add(s, f.memory)
	if r.epoch != nil {
		r.epoch.samples[s] = append(r.epoch.samples[s], got.Epochs...)
	}
	if r.features != nil && got.Features > 0 {
		r.features.add(s, got.Features)
	}
	if r.accuracy != nil {
		r.accuracy.add(s, 100*got.Accuracy[len(got.Accuracy)-1])
	}
}

// wholeSeconds is the time of the whole program with all epochs, of which it trained some.
func (t training) wholeSeconds(s side, seconds float64, got outcome) float64 {
	return seconds - got.WarmUp + float64(t.epochs-t.trained[s])*median(got.Epochs)
}
