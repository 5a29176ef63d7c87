package images

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"sync/atomic"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/train"
)

// Batches says how to cut a split into batches. The zero value gives the lesson's batches, unshuffled.
type Batches struct {
	Size      int   // images per batch; 0 means 32. The last batch of an epoch may be smaller, as in Keras
	ImageSize int   // height and width in pixels; 0 means 255
	Shuffle   bool  // a new order each epoch, as reshuffle_each_iteration of tf.data does
	Seed      int64 // of the shuffle
}

// Loader gives the images of a split batch by batch. It is a train.Dataset of GoMLX.
type Loader struct {
	split   *Set
	options Batches
	next    atomic.Int64 // the epoch that the next call of Iter gives
}

var _ train.Dataset = (*Loader)(nil)

// Batches makes a loader. The orders of its epochs follow from the seed alone.
func (s *Set) Batches(b Batches) *Loader {
	if b.Size <= 0 {
		b.Size = 32
	}
	if b.ImageSize <= 0 {
		b.ImageSize = 255
	}
	return &Loader{split: s, options: b}
}

// Batch is some images of a split with their labels. Image i is s.Files[Files[i]].
type Batch struct {
	Files  []int     // indices into the split's Files
	Labels []int     // class of each image
	Pixels []float32 // [len(Files), ImageSize, ImageSize, 3], 0…255
}

// Len is the number of batches per epoch.
func (l *Loader) Len() int { return (len(l.split.Images) + l.options.Size - 1) / l.options.Size }

// Order gives the indices into the split's Files in the order of one epoch, counted from 0. Batch b of that epoch
// holds the files Order(epoch)[b·Size : (b+1)·Size]. A resumed run gets the same order for the same epoch.
func (l *Loader) Order(epoch int) []int {
	n := len(l.split.Images)
	if l.options.Shuffle {
		return Order(n, l.options.Seed, epoch)
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	return order
}

// Order shuffles the numbers 0 … n−1 for one epoch, counted from 0. It depends on its arguments alone.
func Order(n int, seed int64, epoch int) []int {
	return rand.New(rand.NewPCG(uint64(seed), uint64(epoch))).Perm(n)
}

// Epoch gives the batches of one epoch, counted from 0. The next batch is decoded while the caller works on this
// one. After an error there are no more batches.
func (l *Loader) Epoch(epoch int) iter.Seq2[Batch, error] {
	return func(yield func(Batch, error) bool) {
		type result struct {
			batch Batch
			err   error
		}
		ready := make(chan result)
		stop := make(chan struct{})
		stopped := make(chan struct{})
		defer func() { // no work goes on after the loop ends, however it ends
			close(stop)
			<-stopped
		}()
		go func() {
			defer close(stopped)
			defer close(ready)
			order := l.Order(epoch)
			for start := 0; start < len(order); start += l.options.Size {
				batch, err := l.batch(order[start:min(start+l.options.Size, len(order))])
				select {
				case ready <- result{batch, err}:
				case <-stop:
					return
				}
				if err != nil {
					return
				}
			}
		}()
		for r := range ready {
			if !yield(r.batch, r.err) {
				return
			}
		}
	}
}

func (l *Loader) batch(files []int) (Batch, error) {
	pixels, err := Pixels(l.split, files, l.options.ImageSize)
	if err != nil {
		return Batch{}, err
	}
	labels := make([]int, len(files))
	for i, f := range files {
		labels[i] = l.split.Images[f].Label
	}
	return Batch{Files: files, Labels: labels, Pixels: pixels}, nil
}

// Name is the split's name.
func (l *Loader) Name() string { return l.split.Name }

// Iter gives one epoch as tensors: input [n, ImageSize, ImageSize, 3] float32 0…255 and label [n, classes] float32
// one-hot. The first call gives epoch 0, each later call the next one.
func (l *Loader) Iter() iter.Seq2[train.Batch, error] {
	epoch := int(l.next.Add(1)) - 1
	return func(yield func(train.Batch, error) bool) {
		size, classes := l.options.ImageSize, len(l.split.Classes)
		for b, err := range l.Epoch(epoch) {
			if err != nil {
				yield(train.Batch{}, err)
				return
			}
			n := len(b.Files)
			oneHot := make([]float32, n*classes)
			for i, label := range b.Labels {
				if label < 0 {
					yield(train.Batch{}, fmt.Errorf("%s has no label: put it into a class folder", l.split.Images[b.Files[i]].Name))
					return
				}
				oneHot[i*classes+label] = 1
			}
			if !yield(train.Batch{
				Inputs: []*tensors.Tensor{tensors.FromFlatDataAndDimensions(b.Pixels, n, size, size, 3)},
				Labels: []*tensors.Tensor{tensors.FromFlatDataAndDimensions(oneHot, n, classes)},
			}, nil) {
				return
			}
		}
	}
}

// String describes the batches: shapes, types and how many there are.
func (l *Loader) String() string {
	order := "in file order"
	if l.options.Shuffle {
		order = fmt.Sprintf("shuffled anew each epoch, seed %d", l.options.Seed)
	}
	return fmt.Sprintf("%s: %d batches of up to %d images, %s: images float32 [n, %d, %d, 3] 0…255, labels float32 [n, %d] one-hot",
		l.split.Name, l.Len(), l.options.Size, order, l.options.ImageSize, l.options.ImageSize, len(l.split.Classes))
}
