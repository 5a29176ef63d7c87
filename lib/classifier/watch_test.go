package classifier

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/transfer-learning-go/defects/lib/result"
)

// What a watcher is told of can be gone on with, should the program end that very moment.
func TestWatchersAreToldOfWhatIsSaved(t *testing.T) {
	t.Setenv("DEFECTS_CACHE", t.TempDir())
	data, run := openImages(t), t.TempDir()
	var phases, steps []string
	c := tinyConfig(2)
	c.Run, c.Watch = run, func(p result.Progress) {
		if n := len(phases); n == 0 || phases[n-1] != p.Phase {
			phases = append(phases, p.Phase)
		}
		if p.Finished || p.Epoch == 0 {
			return
		}
		steps = append(steps, fmt.Sprintf("%d: %d/%d, %d/%d", p.Epoch, p.Step, p.Steps, p.Done, p.Total))
		saved := 0
		if f, err := readRun(run); err == nil {
			saved = f.History.Epochs()
		}
		if p.History.Epochs() != saved || !p.Kept {
			t.Errorf("epoch %d, step %d: %d epochs are told, kept %v; the run has %d", p.Epoch, p.Step, p.History.Epochs(),
				p.Kept, saved)
		}
	}
	fit(t, tiny(t), data, c)
	if want := []string{"preparing", "compiling", "features of train", "features of validation", "compiling", "epoch"}; !slices.Equal(phases, want) {
		t.Errorf("phases %q, want %q", phases, want)
	}
	want := []string{"1: 1/3, 16/33", "1: 2/3, 32/33", "1: 3/3, 33/33", "1: 3/3, 33/33",
		"2: 1/3, 16/33", "2: 2/3, 32/33", "2: 3/3, 33/33", "2: 3/3, 33/33"} // the last of each when it is saved
	if !slices.Equal(steps, want) {
		t.Errorf("steps %q, want %q", steps, want)
	}
}

func TestWatchersAreToldOfAnEndBeforeTheEnd(t *testing.T) {
	data := openImages(t)
	for _, run := range []string{"", t.TempDir()} {
		ctx, cancel := context.WithCancel(t.Context())
		var last, before result.Progress
		c := tinyConfig(5)
		c.Run, c.Watch = run, func(p result.Progress) {
			if before, last = last, p; p.Epoch == 2 && p.Step == 2 {
				cancel()
			}
		}
		_, err := tiny(t).Fit(ctx, data.Train, data.Validation, c)
		if !errors.Is(err, context.Canceled) || !last.Finished || !errors.Is(last.Err, context.Canceled) {
			t.Errorf("got %v, told %+v", err, last)
		}
		if last.History.Epochs() != 1 || before.Epoch != 2 || before.Kept != (run != "") {
			t.Errorf("run %q: the last step told %+v", run, before)
		}
	}
	var last result.Progress
	c := tinyConfig(5)
	c.LearningRate, c.Watch = 1e38, func(p result.Progress) { last = p }
	if _, err := tiny(t).Fit(t.Context(), data.Train, data.Validation, c); !errors.Is(err, ErrDiverged) || !errors.Is(last.Err, ErrDiverged) {
		t.Errorf("got %v, told %+v", err, last)
	}
}
