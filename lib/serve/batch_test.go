package serve

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func testBatcher(f *fake, delay time.Duration, queue int) *batcher {
	return newBatcher(f, delay, queue, newMetrics().batches("steel"))
}

// predictOne asks for one image and gives its class.
func predictOne(t *testing.T, b *batcher, value float32) int {
	if err := b.admit(1); err != nil {
		t.Error(err)
		return -1
	}
	rows, err := b.predict(t.Context(), [][]float32{slices.Repeat([]float32{value}, 48)})
	if err != nil {
		t.Error(err)
		return -1
	}
	return largest(rows[0])
}

// On a clock of the test: nothing waits longer than the delay, whole batches not at all, and all get their own answer.
func TestImagesAreComputedTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		b := testBatcher(f, 20*time.Millisecond, 64)
		began := time.Now()
		predictOne(t, b, 0)
		if took := time.Since(began); took != 20*time.Millisecond {
			t.Errorf("an image alone took %v", took)
		}
		began = time.Now()
		var group sync.WaitGroup
		for i := range 4 {
			group.Go(func() {
				if class := predictOne(t, b, float32(i%3)*100); class != i%3 {
					t.Errorf("image %d is of class %d", i, class)
				}
			})
		}
		group.Wait()
		if took := time.Since(began); took != 0 {
			t.Errorf("a whole batch took %v", took)
		}
		group.Go(func() { predictOne(t, b, 0) })
		time.Sleep(15 * time.Millisecond)
		began = time.Now()
		predictOne(t, b, 0)
		if took := time.Since(began); took != 5*time.Millisecond {
			t.Errorf("a second image took %v", took)
		}
		group.Wait()
		if want := []int{1, 4, 2}; !slices.Equal(f.batches, want) {
			t.Errorf("batches of %v instead of %v", f.batches, want)
		}
		b.close()
	})
}

// What waits while the model computes goes in whole steps, at most maxBatch at a time.
func TestWaitingImagesMakeLargeBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{gate: make(chan struct{})}
		b := testBatcher(f, 20*time.Millisecond, 64)
		var group sync.WaitGroup
		start := func(n int) {
			for range n {
				group.Go(func() { predictOne(t, b, 0) })
			}
			synctest.Wait()
		}
		start(4) // two batches that are being computed
		start(4)
		start(42) // and what waits for them
		for range 5 {
			f.gate <- struct{}{}
			time.Sleep(time.Second)
		}
		group.Wait()
		if want := []int{4, 4, 32, 8, 2}; !slices.Equal(f.batches, want) {
			t.Errorf("batches of %v instead of %v", f.batches, want)
		}
		b.close()
	})
}

func TestQueueIsBoundedAndLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		s := loadedServer(t, Config{Queue: 3}, f)
		f.gate = make(chan struct{})
		image, status := grey(t, "png", 2, 2, 0), make(chan int, 3)
		for range 3 {
			go func() { status <- ask(s, "POST", "/classify", image).Code }()
		}
		synctest.Wait()
		w := ask(s, "POST", "/classify", image)
		refused(t, w, 429, "try again")
		if w.Header().Get("Retry-After") != "1" {
			t.Errorf("Retry-After %q", w.Header().Get("Retry-After"))
		}
		close(f.gate)
		for range 3 {
			if got := <-status; got != 200 {
				t.Errorf("a request that was taken got %d", got)
			}
		}
		if got := ask(s, "POST", "/classify", image).Code; got != 200 {
			t.Errorf("after the queue was emptied: %d", got)
		}
	})
}

func TestRequestsThatNobodyWaitsForAreNotComputed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{gate: make(chan struct{})}
		b := testBatcher(f, -1, 8)
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		for i := range 3 {
			group.Go(func() { // two are computed, the third waits
				if err := b.admit(1); err != nil {
					t.Error(err)
				}
				_, err := b.predict(ctx, [][]float32{make([]float32, 48)})
				if !errors.Is(err, context.Canceled) {
					t.Errorf("request %d: %v", i, err)
				}
			})
			synctest.Wait()
		}
		cancel()
		group.Wait()
		f.gate <- struct{}{}
		f.gate <- struct{}{}
		b.close()
		if !slices.Equal(f.batches, []int{1, 1}) || b.inHand.Load() != 0 {
			t.Errorf("batches of %v, %d images in hand", f.batches, b.inHand.Load())
		}
	})
}

func TestRequestsEndInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		s := loadedServer(t, Config{Timeout: 5 * time.Second}, f)
		f.gate = make(chan struct{})
		began := time.Now()
		w := ask(s, "POST", "/classify", grey(t, "png", 2, 2, 0))
		refused(t, w, http.StatusServiceUnavailable, "not done within 5s")
		if took := time.Since(began); took != 5*time.Second || w.Header().Get("Retry-After") != "1" {
			t.Errorf("after %v, Retry-After %q", took, w.Header().Get("Retry-After"))
		}
		close(f.gate)
	})
}

func TestFailuresOfAModelAreAnswers(t *testing.T) {
	f := &fake{}
	s := loadedServer(t, Config{}, f)
	f.fails = errors.New("the device is gone")
	refused(t, ask(s, "POST", "/classify", grey(t, "png", 2, 2, 0)), 500, "the device is gone")
	b := newBatcher(panics{f}, 0, 8, newMetrics().batches("steel"))
	if err := b.admit(1); err != nil {
		t.Fatal(err)
	}
	if _, err := b.predict(t.Context(), [][]float32{nil}); err == nil || !strings.Contains(err.Error(), "out of its mind") {
		t.Errorf("a panic gives %v", err)
	}
	b.close()
}

type panics struct{ *fake }

func (panics) predict(context.Context, [][]float32) ([][]float32, error) { panic("out of its mind") }
