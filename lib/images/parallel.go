package images

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// parallel calls do(0), …, do(n-1) on all processors and returns when all have returned. A panic of do becomes one of the
// caller, who can recover from it; of several, the first.
func parallel(n int, do func(i int)) {
	var next atomic.Int64
	var workers sync.WaitGroup
	var panicked atomic.Pointer[error]
	for range min(n, runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			defer func() {
				if r := recover(); r != nil {
					err := fmt.Errorf("%v\n\n%s", r, debug.Stack())
					panicked.CompareAndSwap(nil, &err)
				}
			}()
			for i := int(next.Add(1)) - 1; i < n && panicked.Load() == nil; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	workers.Wait()
	if err := panicked.Load(); err != nil {
		panic(*err)
	}
}
