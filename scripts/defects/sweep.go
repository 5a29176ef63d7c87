package main

import (
	"context"
	"errors"
	"fmt"
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
	done   map[string]bool
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
	s := &sweep{call: c, folder: folder, data: data, claims: &files.Claims{Folder: folder, Beat: sweepBeat},
		done: map[string]bool{}, failed: map[string]error{},
		order: which.order(tasks), swept: swept{Out: *out, Trainings: len(tasks), Here: []string{}}}
	if s.hash, err = hashOf(data); err != nil {
		return nil, err
	}
	for _, t := range tasks { // what is wrong here would stop the sweep after hours
		if _, err := s.finished(t); err != nil {
			return nil, err
		}
	}
	if err := keepPlan(folder, tasks); err != nil {
		return nil, err
	}
	ctx, stop := untilInterrupt()
	defer stop()
	if err := s.work(ctx); err != nil {
		return nil, err
	}
	return s.swept, nil
}

// hashOf tells data sets apart.
func hashOf(data *images.Dataset) (hash string, err error) {
	for _, set := range []*images.Set{data.Train, data.Validation} {
		one, err := images.Hash(set, 0)
		if err != nil {
			return "", err
		}
		hash += one[:12]
	}
	return hash, nil
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
		if s.done[t.name] {
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
