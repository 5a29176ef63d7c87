package images

import (
	"fmt"
	"iter"
	"math/rand/v2"

	"github.com/transfer-learning-go/defects/lib/internal/ahead"
)

// Batches says how to cut a set into batches. The zero value gives batches of 32 images of 255×255 pixels, in file order.
type Batches struct {
	Size      int   // images per batch; 0 means 32. The last batch of an epoch may be smaller, as in Keras
	ImageSize int   // height and width in pixels; 0 means 255
	Shuffle   bool  // a new order each epoch, as reshuffle_each_iteration of tf.data does
	Seed      int64 // of the shuffle
}

// Loader gives the images of a set batch by batch.
type Loader struct {
	set     *Set
	options Batches
}

// Batches makes a loader. The orders of its epochs follow from the seed alone.
func (s *Set) Batches(b Batches) *Loader {
	if b.Size <= 0 {
		b.Size = 32
	}
	if b.ImageSize <= 0 {
		b.ImageSize = 255
	}
	return &Loader{set: s, options: b}
}

// Batch is some images of a set with their labels.
type Batch struct {
	Indices []int     // of its images in the set
	Labels  []int     // class of each image
	Pixels  []float32 // [len(Indices), ImageSize, ImageSize, 3], 0…255
}

// Len is the number of batches per epoch.
func (l *Loader) Len() int { return (len(l.set.Images) + l.options.Size - 1) / l.options.Size }

// Order gives the indices of the set's images in the order of one epoch, counted from 0. Batch b of that epoch holds
// the images Order(epoch)[b·Size : (b+1)·Size]. A resumed run gets the same order for the same epoch.
func (l *Loader) Order(epoch int) []int {
	n := len(l.set.Images)
	if l.options.Shuffle {
		return Order(n, l.options.Seed, epoch)
	}
	return sequence(n)
}

func sequence(n int) []int {
	indices := make([]int, n)
	for i := range indices {
		indices[i] = i
	}
	return indices
}

// Order shuffles the numbers 0 … n−1 for one epoch, counted from 0. It depends on its arguments alone.
func Order(n int, seed int64, epoch int) []int {
	return rand.New(rand.NewPCG(uint64(seed), uint64(epoch))).Perm(n)
}

// Epoch gives the batches of one epoch, counted from 0. The next batch is decoded while the caller works on this
// one. After an error there are no more batches.
func (l *Loader) Epoch(epoch int) iter.Seq2[Batch, error] {
	type result struct {
		batch Batch
		err   error
	}
	return func(yield func(Batch, error) bool) {
		order, size := l.Order(epoch), l.options.Size
		for r := range ahead.Of(l.Len(), func(b int) result {
			batch, err := l.batch(order[b*size : min((b+1)*size, len(order))])
			return result{batch, err}
		}) {
			if !yield(r.batch, r.err) || r.err != nil {
				return
			}
		}
	}
}

func (l *Loader) batch(indices []int) (Batch, error) {
	pixels, err := Pixels(l.set, indices, l.options.ImageSize)
	if err != nil {
		return Batch{}, err
	}
	labels := make([]int, len(indices))
	for k, i := range indices {
		labels[k] = l.set.Images[i].Label
	}
	return Batch{Indices: indices, Labels: labels, Pixels: pixels}, nil
}

// String describes the batches: shapes, types and how many there are.
func (l *Loader) String() string {
	order := "in the order of the set"
	if l.options.Shuffle {
		order = fmt.Sprintf("shuffled anew each epoch, seed %d", l.options.Seed)
	}
	return fmt.Sprintf("%s: %d batches of up to %d images, %s: images float32 [n, %d, %d, 3] 0…255, labels of %d classes",
		l.set.Name, l.Len(), l.options.Size, order, l.options.ImageSize, l.options.ImageSize, len(l.set.Classes))
}
