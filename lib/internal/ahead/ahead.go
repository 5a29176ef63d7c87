// Package ahead makes the next of a row of things while the last one is used.
package ahead

import (
	"fmt"
	"iter"
	"runtime/debug"
)

// Of gives produce(0) … produce(n−1), in order. While the caller works on one, the next is made by another goroutine
// and waits: at most two are held at a time, and produce is never called by two goroutines at once. When the loop ends,
// however it ends, no call of produce is under way any more, so that what produce reads can be closed. A panic of produce
// becomes one of the loop.
func Of[T any](n int, produce func(i int) T) iter.Seq[T] {
	return func(yield func(T) bool) {
		ready, stop := make(chan T), make(chan struct{})
		var panicked error // written before ready is closed, read after
		go func() {
			defer close(ready)
			defer func() {
				if r := recover(); r != nil {
					panicked = fmt.Errorf("%v\n\n%s", r, debug.Stack())
				}
			}()
			for i := range n {
				v := produce(i)
				select {
				case ready <- v:
				case <-stop:
					return
				}
			}
		}()
		defer func() {
			close(stop)
			for range ready { // closed when the goroutine has ended
			}
		}()
		for v := range ready {
			if !yield(v) {
				return
			}
		}
		if panicked != nil {
			panic(panicked)
		}
	}
}
