package notebook

import (
	"context"
	"errors"
	"fmt"
	"html"
	"os"
	"os/signal"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// running are the watches whose work goes on. While there are any, an interrupt is theirs.
var running struct {
	mutex      sync.Mutex
	watches    []*watch
	interrupts chan os.Signal // made with the first watch

	interrupted atomic.Bool
	ending      sync.Once
}

const (
	// patience is how long the work has after an interrupt to tell how far it is. Together with the last frame it must stay
	// within a second, after which people press the button again.
	patience = 300 * time.Millisecond
	// atMost is how long the last frame may take, on a machine with other work. GoNB kills a cell after five seconds.
	atMost = 3 * time.Second
)

// live lets the time go on in a watch's output, and ends the program at an interrupt.
func live(w *watch) (end func()) {
	done := make(chan struct{})
	go func() {
		ticker := time.NewTicker(between / 2)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				w.tick()
			case <-done:
				return
			}
		}
	}()
	running.mutex.Lock()
	defer running.mutex.Unlock()
	if running.watches = append(running.watches, w); len(running.watches) == 1 {
		if running.interrupts == nil {
			running.interrupts = make(chan os.Signal, 1)
			go awaitInterrupt()
		}
		signal.Notify(running.interrupts, os.Interrupt)
	}
	return func() {
		close(done)
		running.mutex.Lock()
		defer running.mutex.Unlock()
		running.watches = slices.DeleteFunc(running.watches, func(other *watch) bool { return other == w })
		if len(running.watches) == 0 {
			signal.Stop(running.interrupts)
		}
	}
}

// awaitInterrupt ends the program even where the work cannot be stopped, as while a graph compiles. What is on disk is
// whole at any time: files are renamed into place, rows of features have checksums.
func awaitInterrupt() {
	<-running.interrupts
	running.interrupted.Store(true)
	time.Sleep(patience)
	go endIfInterrupted()
	time.Sleep(atMost)
	dieOfInterrupt()
}

// endIfInterrupted is also called by the work itself, where it has just told how far it is: so that the last frame is
// true, an epoch that ends meanwhile included.
func endIfInterrupted() {
	if !running.interrupted.Load() {
		return
	}
	running.ending.Do(func() {
		running.mutex.Lock()
		watches := slices.Clone(running.watches)
		running.mutex.Unlock()
		for _, w := range watches {
			w.mutex.Lock() // for ever: no frame comes after the last one
			if !w.start.IsZero() {
				w.stop(context.Canceled)
			}
		}
		dieOfInterrupt()
	})
}

// dieOfInterrupt ends the program as an interrupt does that nobody handles: whoever started it sees that, and Jupyter does
// not go on with the next cell.
func dieOfInterrupt() {
	signal.Reset(os.Interrupt)
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		self.Signal(os.Interrupt)
		time.Sleep(patience / 3)
	}
	os.Exit(130) // where interrupts are ignored, as in a background job, or a process cannot send itself one
}

// tick changes the progress line while nothing is heard of the work: while a graph compiles, or a step takes long.
func (w *watch) tick() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if now := w.now(); out.jupyter && !w.start.IsZero() && now.Sub(w.drawn) >= between {
		w.drawn = now
		out.updateHTML(w.id, w.curves+w.lineHTML(w.last, now))
	}
}

// finish ends what began with the first call of the watcher.
func (w *watch) finish() {
	w.start = time.Time{}
	if w.end != nil {
		w.end()
		w.end = nil
	}
}

// stop says where the work has ended before its end, and what to do.
func (w *watch) stop(because error) {
	sentence := "Failed" + w.where() + "."
	if errors.Is(because, context.Canceled) || errors.Is(because, context.DeadlineExceeded) {
		sentence = "Stopped" + w.where() + "; " + w.whatNext() + "."
	}
	if out.jupyter {
		out.updateHTML(w.id, w.curves+"<p>"+html.EscapeString(sentence)+"</p>")
		return
	}
	fmt.Fprintln(out.log, sentence)
}

// where counts whole epochs only: of others nothing is kept.
func (w *watch) where() string {
	p, after := w.last, ""
	if w.epochs > 0 {
		after = fmt.Sprintf(" after epoch %d", w.epochs)
	}
	switch {
	case p.Epoch > 0 && w.epochs == 0:
		return fmt.Sprintf(" in epoch %d", p.Epoch)
	case p.Epoch > 0:
		return after
	case p.Total > 0:
		return after + " at " + howMany(p)
	}
	return after + " while " + p.Phase
}

func (w *watch) whatNext() string {
	again := "run the cell again"
	if !out.jupyter {
		again = "run it again"
	}
	switch p := w.last; {
	case w.epochs == 0 && p.Total == 0:
		return again
	case w.epochs == 0 && p.Epoch > 0:
		return again + " to begin it anew"
	case p.Kept:
		return again + " to go on"
	}
	return "nothing of it is kept: " + again + " to start over"
}
