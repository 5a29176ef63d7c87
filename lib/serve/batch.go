package serve

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// batchesAtOnce is how many batches of a model are computed at a time: while one is copied, the other is computed.
const batchesAtOnce = 2

// job is an image on its way through a model.
type job struct {
	ctx    context.Context // of its request
	pixels []float32
	index  int // in its request
	since  time.Time
	done   chan<- outcome // has room for it
}

type outcome struct {
	index         int
	probabilities []float32
	err           error
}

// batcher computes the images of different requests together.
type batcher struct {
	engine     engine
	delay      time.Duration
	step, most int // images: more are waited for until there are step, and at most most are computed together
	queue      int
	inHand     atomic.Int64 // images: at most queue
	jobs       chan job     // has room for all that are in hand
	ended      chan struct{}
	seen       batchMetrics
}

func newBatcher(e engine, delay time.Duration, queue int, seen batchMetrics) *batcher {
	step := max(1, e.about().batch)
	b := &batcher{engine: e, delay: delay, step: step, most: max(step, maxBatch), queue: queue, jobs: make(chan job, queue),
		ended: make(chan struct{}), seen: seen}
	go b.run()
	return b
}

// admit takes n images in hand, or refuses them.
func (b *batcher) admit(n int) error {
	if n > b.queue {
		return &failure{http.StatusRequestEntityTooLarge, fmt.Sprintf("%d images in one request: the server takes %d at a time",
			n, b.queue)}
	}
	if b.inHand.Add(int64(n)) > int64(b.queue) {
		b.inHand.Add(-int64(n))
		return errBusy
	}
	b.seen.inHand.Add(float64(n))
	return nil
}

// release lets go of images that were admitted.
func (b *batcher) release(n int) {
	b.inHand.Add(-int64(n))
	b.seen.inHand.Sub(float64(n))
}

// predict computes images that were admitted, and releases them. When ctx ends it does not wait for them.
func (b *batcher) predict(ctx context.Context, pixels [][]float32) ([][]float32, error) {
	now, done := time.Now(), make(chan outcome, len(pixels))
	for i, p := range pixels {
		b.jobs <- job{ctx, p, i, now, done}
	}
	probabilities := make([][]float32, len(pixels))
	for range pixels {
		select {
		case o := <-done:
			if o.err != nil {
				return nil, o.err
			}
			probabilities[o.index] = o.probabilities
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return probabilities, nil
}

// run computes batches until the batcher is closed and the last image is done.
func (b *batcher) run() {
	defer close(b.ended)
	slots := make(chan struct{}, batchesAtOnce)
	var computing sync.WaitGroup
	defer computing.Wait()
	for {
		slots <- struct{}{} // before images are collected, so that those which come meanwhile go with them
		batch := b.collect()
		if batch == nil {
			return
		}
		computing.Go(func() {
			b.compute(batch)
			<-slots
		})
	}
}

// collect waits for an image, and no longer than b.delay after it came for others. It gives nil when b is closed and no
// image is left.
func (b *batcher) collect() []job {
	first, ok := <-b.jobs
	if !ok {
		return nil
	}
	batch := []job{first}
	late := time.NewTimer(time.Until(first.since.Add(b.delay)))
	defer late.Stop()
	for len(batch) < b.step {
		j, ok := b.next(late.C)
		if !ok {
			return batch
		}
		batch = append(batch, j)
	}
	// Whole steps of what else is here: a part of one would be filled up, and computed for nothing.
	for range min(b.most-b.step, len(b.jobs)) / b.step * b.step {
		batch = append(batch, <-b.jobs)
	}
	return batch
}

// next is an image that is here, or comes before it is too late.
func (b *batcher) next(late <-chan time.Time) (j job, ok bool) {
	select {
	case j, ok = <-b.jobs:
		return j, ok
	default:
	}
	select {
	case j, ok = <-b.jobs:
		return j, ok
	case <-late:
		return j, false
	}
}

// compute answers a batch, but for the images that nobody waits for any more.
func (b *batcher) compute(batch []job) {
	began := time.Now()
	var wanted []job
	var pixels [][]float32
	for _, j := range batch {
		if err := j.ctx.Err(); err != nil {
			j.done <- outcome{err: err}
			b.release(1)
			continue
		}
		b.seen.waited.Observe(began.Sub(j.since).Seconds())
		wanted, pixels = append(wanted, j), append(pixels, j.pixels)
	}
	if len(wanted) == 0 {
		return
	}
	rows, err := b.try(pixels)
	b.seen.took.Observe(time.Since(began).Seconds())
	b.seen.size.Observe(float64(len(wanted)))
	for i, j := range wanted {
		o := outcome{index: j.index, err: err}
		if err == nil {
			o.probabilities = rows[i]
		}
		j.done <- o
		b.release(1)
	}
}

// try computes; a panic becomes an error, since it would end the program here.
func (b *batcher) try(pixels [][]float32) (rows [][]float32, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("computing: %v\n%s", r, debug.Stack())
		}
	}()
	rows, err = b.engine.predict(context.Background(), pixels)
	if err == nil && len(rows) != len(pixels) {
		err = fmt.Errorf("computing: %d rows for %d images", len(rows), len(pixels))
	}
	return rows, err
}

// close waits until all images are answered. Nobody may call predict any more.
func (b *batcher) close() {
	close(b.jobs)
	<-b.ended
}
