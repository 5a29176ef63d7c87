package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"time"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/files"
	"github.com/transfer-learning-go/defects/lib/images"
)

func (s *sweep) run(t *task) string { return filepath.Join(s.folder, t.name) }

func (s *sweep) workFolder(t *task, number int) string {
	return filepath.Join(s.folder, fmt.Sprintf(".%s.work-%d", t.name, number))
}

// finished reports whether a task is done. What has its name and is something else is an error: nothing is to pass for what
// was asked.
func (s *sweep) finished(t *task) (bool, error) {
	if s.done[t.name] {
		return true, nil
	}
	run := s.run(t)
	if _, err := os.Stat(run); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	const advice = "name another --out, or remove that folder"
	o, err := readOutcome(filepath.Join(run, outcomeName))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, fmt.Errorf("%s is there, and no sweep has made it: %s", run, advice)
	case err != nil:
		return false, err
	case o.Data != s.hash:
		return false, fmt.Errorf("%s was trained with other images than those of %s: %s", run, s.data.Origin, advice)
	case o.Network != t.network || o.Seed != t.seed || o.Fold != t.fold || o.Folds != t.folds || !maps.Equal(o.Settings, t.settings):
		return false, fmt.Errorf("%s was trained otherwise than the plan says: with %v, not %v: %s", run, o.Settings, t.settings, advice)
	}
	s.done[t.name] = true
	return true, nil
}

// look trains a task if nobody else does.
func (s *sweep) look(ctx context.Context, t *task) (state, error) {
	if s.failed[t.name] != nil {
		return finished, nil
	}
	if done, err := s.finished(t); done || err != nil {
		return finished, err
	}
	claim, lives, err := s.claims.Take(t.name)
	switch {
	case err != nil:
		return unknown, err
	case claim == nil && lives:
		return alive, nil
	case claim == nil:
		return unknown, nil
	}
	defer claim.Release()
	if err := s.takeUp(t, claim.Number); err != nil {
		return unknown, err
	}
	if done, err := s.finished(t); done || err != nil { // after the claim was made, and what was left was looked for
		return finished, err
	}
	fmt.Fprintf(s.call.stderr, "%s: training\n", t.name)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-claim.Lost:
			cancel()
		case <-ctx.Done():
		}
	}()
	err = s.train(ctx, t, s.workFolder(t, claim.Number))
	if err == nil {
		err = s.publish(t, claim.Number)
	}
	done, _ := s.finished(t)
	switch {
	case err == nil:
		s.Here = append(s.Here, t.name)
		fmt.Fprintf(s.call.stderr, "%s: finished\n", t.name)
	case claim.IsLost() || done:
		fmt.Fprintf(s.call.stderr, "%s: another process has taken it over\n", t.name)
	default:
		if _, begun := os.Stat(filepath.Join(s.workFolder(t, claim.Number), "run.json")); begun == nil {
			err = fmt.Errorf("%w. To start this training of a sweep over, remove %s", err, filepath.Join(s.folder, "."+t.name+".work-*"))
		}
		s.failed[t.name] = err
		if ctx.Err() == nil {
			fmt.Fprintf(s.call.stderr, "%s: %v\n", t.name, err)
		}
	}
	return worked, nil
}

// takeUp renames what the holder before has left, so that nothing that it does yet comes there.
func (s *sweep) takeUp(t *task, number int) error {
	for before := number - 1; before > 0; before-- {
		err := os.Rename(s.workFolder(t, before), s.workFolder(t, number))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("taking over %s: %w", t.name, err)
		}
		// Its lock may be held yet, by a process that is stopped or by a server that waits for a machine that is gone.
		if err := os.Remove(filepath.Join(s.workFolder(t, number), ".lock")); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("taking over %s: %w", t.name, err)
		}
		fmt.Fprintf(s.call.stderr, "%s: goes on from what another process has left\n", t.name)
		break
	}
	return nil
}

// train trains a task in its folder, and writes there what came of it.
func (s *sweep) train(ctx context.Context, t *task, work string) error {
	o := outcome{Network: t.network, Settings: t.settings, Seed: t.seed, Fold: t.fold, Folds: t.folds, Data: s.hash}
	path := filepath.Join(work, outcomeName)
	if err := files.WriteFile(path, nil); err != nil { // this very file is filled in at the end: a folder that was moved has none
		return err
	}
	r, err := t.recipe(s.call.stderr)
	if err != nil {
		return err
	}
	base, err := r.variant.build(t.network, r.seed)
	if err != nil {
		return err
	}
	o.Weights = weightsOf(base)
	var train, validation images.Source = s.data.Train, s.data.Validation
	if t.folds > 0 {
		both := *s.data
		both.Test = nil
		folds, err := images.KFold(both.All(), t.folds, r.seed) // each seed divides anew, as metrics.MeanOfFolds wants it
		if err != nil {
			return err
		}
		train, validation = folds[t.fold-1].Train, folds[t.fold-1].Validation
	}
	m, err := r.newModel(ctx, base, s.data.Classes, train)
	if err != nil {
		return err
	}
	defer m.Close()
	see := &progress{w: s.call.stderr, shown: time.Now()}
	history, err := r.fit(ctx, m, train, validation, classifier.FitConfig{Run: work, Watch: see.see})
	o.Notice, o.Images = m.Notice(), validation.Len()
	switch {
	case errors.Is(err, classifier.ErrDiverged):
		o.Diverged = true
	case err != nil:
		return err
	default:
		at := kept(history) - 1
		o.Epochs, o.Correct, o.Loss = at+1, right(history, o.Images), history.ValLoss[at]
	}
	return o.fill(path)
}

// weightsOf tells with which weights a training begins. A path is not the same on all machines, what is in it is.
func weightsOf(base *backbone.Backbone) string {
	if base.Source == "random" {
		return base.String() + ", random"
	}
	return fmt.Sprintf("%s, %s %.12s", base, filepath.Base(base.Source), base.Layers.Hash(base.Values))
}

// publish gives a training its name. Of several processes that try, one does it.
func (s *sweep) publish(t *task, number int) error {
	if err := os.Rename(s.workFolder(t, number), s.run(t)); err != nil {
		return err
	}
	for before := range number { // written by one who had lost it already
		if err := os.RemoveAll(s.workFolder(t, before)); err != nil {
			fmt.Fprintln(s.call.stderr, err)
		}
	}
	return nil
}
