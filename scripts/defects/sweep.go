package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/files"
	"github.com/transfer-learning-go/defects/lib/images"
)

// swept is what a sweep has come to.
type swept struct {
	Out       string   `json:"out"`
	Trainings int      `json:"trainings"`
	Finished  int      `json:"finished"`
	Here      []string `json:"here"`             // those that this process has finished
	Others    []string `json:"others,omitempty"` // those that other processes, which are alive, are training
}

func (s swept) String() string {
	text := fmt.Sprintf("%s: %d of %d trainings are finished, %d of them by this process\n", s.Out, s.Finished, s.Trainings, len(s.Here))
	if len(s.Others) > 0 {
		text += fmt.Sprintf("others are training %s\n", strings.Join(s.Others, ", "))
	}
	return text
}

// sweep trains what a plan says into run folders. While NAME is trained, by the holder of its n-th claim, its run is the
// folder .NAME.work-n, which the next holder renames; the finished one is renamed to NAME. See files.Claims.
type sweep struct {
	call   *call
	folder string
	data   *images.Dataset
	hash   string // of the data
	claims *files.Claims
	order  []*task
	failed map[string]error
	swept
}

// sweepBeat is that of files.Claims; tests have less time.
var sweepBeat time.Duration

func sweepCommand(c *call) (fmt.Stringer, error) {
	out := c.flags.String("out", "", "put the runs into the folder `DIR`, in runs/ or, with a slash, as it stands; machines that share "+
		"it share the work")
	part := c.flags.String("shard", "", shardHelp+"; then help the others")
	source := c.flags.String("data", "", "`DIR|ZIP` with the images (default: what doctor names)")
	c.devices()
	words, err := c.parse(1, 1, "PLAN is")
	if err != nil {
		return nil, err
	}
	if *out == "" {
		return nil, wrongUse("--out DIR is missing")
	}
	which, err := readShard(*part)
	if err != nil {
		return nil, err
	}
	tasks, err := readPlan(words[0])
	if err != nil {
		return nil, err
	}
	folder, err := filepath.Abs(classifier.RunDir(*out))
	if err != nil {
		return nil, err
	}
	data, err := c.openData(*source)
	if err != nil {
		return nil, err
	}
	s := &sweep{call: c, folder: folder, data: data, claims: &files.Claims{Folder: folder, Beat: sweepBeat}, failed: map[string]error{},
		order: which.order(tasks), swept: swept{Out: *out, Trainings: len(tasks), Here: []string{}}}
	for _, set := range []*images.Set{data.Train, data.Validation} {
		hash, err := images.Hash(set, 0)
		if err != nil {
			return nil, err
		}
		s.hash += hash[:12]
	}
	ctx, stop := untilInterrupt()
	defer stop()
	if err := s.work(ctx); err != nil {
		return nil, err
	}
	return s.swept, nil
}

// order is the tasks of this shard, then those of the others, which begin at their other ends.
func (s shard) order(tasks []*task) []*task {
	var all []*task
	for distance := range s.count {
		part := shard{(s.index + distance) % s.count, s.count}
		var some []*task
		for i, t := range tasks {
			if part.mine(i) {
				some = append(some, t)
			}
		}
		if distance > 0 {
			slices.Reverse(some)
		}
		all = append(all, some...)
	}
	return all
}

// Of a task, after a look at it:
type state int

const (
	finished state = iota // or failed here
	worked                // this process had it
	alive                 // another process has it, and lives
	unknown               // another process has it, and may be dead
)

// work trains until every task is finished or in the hands of a process that is alive.
func (s *sweep) work(ctx context.Context) error {
	for said := false; ; {
		found := map[state][]string{}
		for _, t := range s.order {
			is, err := s.look(ctx, t)
			if ctx.Err() != nil {
				return errors.New("interrupted: run the same command again to go on from there")
			}
			if err != nil {
				return err
			}
			found[is] = append(found[is], t.name)
		}
		if len(found[worked]) > 0 {
			continue
		}
		if len(found[unknown]) == 0 {
			s.Others = found[alive]
			break
		}
		if !said {
			fmt.Fprintf(s.call.stderr, "waiting for a sign of life from those who are training %s\n", strings.Join(found[unknown], ", "))
			said = true
		}
		select {
		case <-ctx.Done():
		case <-time.After(s.claims.Patience()):
		}
	}
	var failures []error
	for _, t := range s.order {
		if s.finished(t) {
			s.Finished++
		} else if err := s.failed[t.name]; err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", t.name, err))
		}
	}
	if failures != nil {
		return fmt.Errorf("%d of %d trainings failed here:\n%w", len(failures), s.Trainings, errors.Join(failures...))
	}
	return nil
}

func (s *sweep) run(t *task) string { return filepath.Join(s.folder, t.name) }

func (s *sweep) workFolder(t *task, number int) string {
	return filepath.Join(s.folder, fmt.Sprintf(".%s.work-%d", t.name, number))
}

func (s *sweep) finished(t *task) bool {
	_, err := os.Stat(filepath.Join(s.run(t), outcomeName))
	return err == nil
}

// look trains a task if nobody else does.
func (s *sweep) look(ctx context.Context, t *task) (state, error) {
	if s.failed[t.name] != nil || s.finished(t) {
		return finished, nil
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
	if s.finished(t) { // after the claim was made, and what was left was looked for
		return finished, nil
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
	work := s.workFolder(t, claim.Number)
	err = s.train(ctx, t, work)
	if err == nil {
		err = s.publish(t, claim.Number)
	}
	switch _, gone := os.Stat(work); {
	case err == nil:
		s.Here = append(s.Here, t.name)
		fmt.Fprintf(s.call.stderr, "%s: finished\n", t.name)
	case errors.Is(gone, fs.ErrNotExist), isClosed(claim.Lost), s.finished(t):
		fmt.Fprintf(s.call.stderr, "%s: another process has taken it over\n", t.name)
	default:
		s.failed[t.name] = err
		if ctx.Err() == nil {
			fmt.Fprintf(s.call.stderr, "%s: %v\n", t.name, err)
		}
	}
	return worked, nil
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
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
