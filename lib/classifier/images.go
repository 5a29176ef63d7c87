package classifier

import (
	"iter"

	"github.com/transfer-learning-go/defects/lib/images"
)

// Images is a source of labelled images.
type Images struct {
	Name   string // such as "train", for progress and errors
	Source string // where they come from, for the record of a run
	Hash   string // of the content: equal hashes have equal images, in the same order
	Labels []int  // the class of each image
	// Pixels gives some images as [len(indices), ImageSize, ImageSize, 3] values 0…255.
	Pixels func(indices []int) ([]float32, error)
}

// SplitImages gives the images of a split, resized to size×size pixels.
func SplitImages(s *images.Set, size int) Images {
	return Images{Name: s.Name, Hash: s.Hash(), Labels: s.Labels(),
		Pixels: func(indices []int) ([]float32, error) { return images.Pixels(s, indices, size) }}
}

// decoded is a chunk of images.
type decoded struct {
	pixels []float32
	err    error
}

// chunk is how many images are held at a time.
const chunk = 32

// chunks gives the images from position `from` on, a chunk at a time.
func (s Images) chunks(from int) iter.Seq[decoded] {
	n := len(s.Labels) - from
	return ahead((n+chunk-1)/chunk, func(i int) decoded {
		start := from + i*chunk
		pixels, err := s.Pixels(sequence(start, min(start+chunk, len(s.Labels))))
		return decoded{pixels, err}
	})
}

// ahead gives produce(0) … produce(n−1), making the next while the last is used.
func ahead[T any](n int, produce func(i int) T) iter.Seq[T] {
	return func(yield func(T) bool) {
		ready, stop := make(chan T, 1), make(chan struct{})
		defer close(stop)
		go func() {
			defer close(ready)
			for i := range n {
				select {
				case ready <- produce(i):
				case <-stop:
					return
				}
			}
		}()
		for v := range ready {
			if !yield(v) {
				return
			}
		}
	}
}
