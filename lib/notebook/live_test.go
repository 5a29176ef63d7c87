package notebook

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/transfer-learning-go/defects/lib/result"
)

func TestTheTimeGoesOnWhileNothingIsHeard(t *testing.T) {
	r := record(t, true)
	w, clock := newTestWatch()
	says := func(calls int, want string) {
		t.Helper()
		if len(r.updates) != calls || !strings.Contains(r.updates[calls-1], want) {
			t.Fatalf("%d frames, want %d, the last with %q: %.300q", len(r.updates), calls, want, r.updates)
		}
	}
	w.see(result.Progress{Phase: "preparing"})
	says(1, "preparing · 0 s so far<")
	*clock = clock.Add(between - 1)
	w.tick()
	says(1, "")
	*clock = clock.Add(time.Second)
	w.tick()
	says(2, "preparing · 1 s so far<")
	w.see(result.Progress{Phase: "compiling"})
	says(3, "compiling · 1 s so far<")
	*clock = clock.Add(10 * time.Second)
	w.tick()
	says(4, "compiling · 11 s so far<")
	// What the compiler took says nothing of the images: 32 in a second are not 32 in eleven.
	w.see(result.Progress{Phase: "features of train", Done: 32, Total: 320})
	*clock = clock.Add(time.Second)
	w.see(result.Progress{Phase: "features of train", Done: 64, Total: 320})
	says(6, "features of train: 64 of 320 · 12 s so far · about 8 s left<")
	w.see(result.Progress{Phase: "features of train", Finished: true})
	says(7, "features of train: done in 12 s.")
	*clock = clock.Add(time.Second)
	w.tick()
	says(7, "")
}

func TestTheLastFrameSaysWhereTheWorkStopped(t *testing.T) {
	two := &result.History{Loss: []float64{1, 1}, Accuracy: []float64{0.5, 0.5}}
	failed := errors.New("the loss is NaN")
	for _, c := range []struct {
		last result.Progress
		err  error
		want string // "RUN IT" is what to do again
	}{
		{result.Progress{Phase: "preparing"}, context.Canceled, "Stopped while preparing; RUN IT again."},
		{result.Progress{Phase: "features of train", Done: 96, Total: 320, Kept: true}, context.Canceled,
			"Stopped at features of train: 96 of 320; RUN IT again to go on."},
		{result.Progress{Phase: "features of train", Done: 96, Total: 320}, context.Canceled,
			"Stopped at features of train: 96 of 320; nothing of it is kept: RUN IT again to start over."},
		{result.Progress{Phase: "compiling"}, context.DeadlineExceeded, "Stopped while compiling; RUN IT again."},
		{result.Progress{Phase: "epoch", Epoch: 1, Done: 32, Total: 320, Kept: true}, context.Canceled,
			"Stopped in epoch 1; RUN IT again to begin it anew."},
		{result.Progress{Phase: "epoch", Epoch: 3, Done: 32, Total: 320, Kept: true, History: two}, context.Canceled,
			"Stopped after epoch 2; RUN IT again to go on."},
		{result.Progress{Phase: "epoch", Epoch: 3, Done: 32, Total: 320, History: two}, fmt.Errorf("epoch 3: %w", context.Canceled),
			"Stopped after epoch 2; nothing of it is kept: RUN IT again to start over."},
		{result.Progress{Phase: "compiling", Kept: true, History: two}, context.Canceled,
			"Stopped after epoch 2 while compiling; RUN IT again to go on."},
		{result.Progress{Phase: "study folds", Done: 5, Total: 25, Kept: true}, context.Canceled,
			"Stopped at study folds: 5 of 25; RUN IT again to go on."},
		{result.Progress{Phase: "epoch", Epoch: 1, Done: 32, Total: 320, Kept: true}, failed, "Failed in epoch 1."},
		{result.Progress{Phase: "epoch", Epoch: 3, Done: 32, Total: 320, Kept: true, History: two}, failed, "Failed after epoch 2."},
	} {
		for jupyter, again := range map[bool]string{true: "run the cell", false: "run it"} {
			r := record(t, jupyter)
			w, _ := newTestWatch()
			c.last.Epochs = 5
			w.see(c.last)
			curves := w.curves
			w.see(result.Progress{Phase: "epoch", Finished: true, Err: c.err})
			want := strings.Replace(c.want, "RUN IT", again, 1)
			if got := r.log.String(); !jupyter && !strings.HasSuffix(got, want+"\n") {
				t.Errorf("printed %q, want %q", got, want)
			}
			if jupyter && r.updates[len(r.updates)-1] != curves+"<p>"+want+"</p>" {
				t.Errorf("the last frame is %.300q, want the curves and %q", r.updates[len(r.updates)-1], want)
			}
		}
	}
}

// Fit that refuses its arguments has shown nothing.
func TestWatchOfNothingShowsNothing(t *testing.T) {
	r := record(t, true)
	w, _ := newTestWatch()
	w.see(result.Progress{Finished: true, Err: errors.New("BatchSize -1")})
	if len(r.updates) != 0 {
		t.Errorf("%q", r.updates)
	}
}
