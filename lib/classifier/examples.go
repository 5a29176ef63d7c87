package classifier

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/gomlx/gomlx/core/tensors"

	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/internal/ahead"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/result"
)

// examples are what the layers above the cut are trained on: stored features, or pixels when nothing is frozen.
type examples struct {
	source images.Source
	labels []int
	shape  []int
	rows   func(ctx context.Context, indices []int) ([]float32, error)
	close  func() error
}

// examples gives those of images for training above a cut.
func (m *Model) examples(ctx context.Context, s images.Source, cut int, watch result.Watcher) (examples, error) {
	e := examples{source: s, shape: m.Layers[0].Shape, close: func() error { return nil }}
	var err error
	if e.labels, err = labels(s, m.Layers.Output()[0]); err != nil {
		return e, err
	}
	if cut == 0 {
		e.rows = func(_ context.Context, indices []int) ([]float32, error) {
			return images.Pixels(s, indices, m.ImageSize)
		}
		return e, nil
	}
	f, done, err := m.borrow(ctx, s, watch)
	if err != nil {
		return e, err
	}
	e.shape, e.close = f.Shape(), done
	e.rows = func(_ context.Context, indices []int) ([]float32, error) { return f.Rows(indices) }
	return e, nil
}

// labels are the classes of all images.
func labels(s images.Source, classes int) ([]int, error) {
	out := make([]int, s.Len())
	for i := range out {
		info := s.Info(i)
		if info.Label < 0 || info.Label >= classes {
			return nil, fmt.Errorf("%s: %s has no class of the model's %d: put it into the folder of its class",
				s.About().Name, info.Name, classes)
		}
		out[i] = info.Label
	}
	return out, nil
}

// batch is n examples: inputs [n, shape…] and one-hot labels [n, classes]. Rows that fill it up are all zero.
type batch struct {
	n       int
	indices []int
	x, y    *tensors.Tensor
	err     error
}

// batches gives the examples in this order, preparing the next batch while the last is trained on. With fill, zeros
// fill up the last batch, so that one compiled graph serves all.
func (e examples) batches(ctx context.Context, order []int, size, classes int, fill bool) iter.Seq[batch] {
	return ahead.Of((len(order)+size-1)/size, func(i int) batch {
		indices := order[i*size : min((i+1)*size, len(order))]
		values, err := e.rows(ctx, indices)
		if err != nil {
			return batch{err: err}
		}
		rows := len(indices)
		if fill && rows < size {
			rows = size
			values = append(values, make([]float32, rows*layer.Size(e.shape)-len(values))...)
		}
		oneHot := make([]float32, rows*classes)
		for row, i := range indices {
			oneHot[row*classes+e.labels[i]] = 1
		}
		return batch{
			n: len(indices), indices: indices,
			x: tensors.FromFlatDataAndDimensions(values, append([]int{rows}, e.shape...)...),
			y: tensors.FromFlatDataAndDimensions(oneHot, rows, classes),
		}
	})
}

// finite reports an image whose values are not finite: then the loss is not, whatever the learning rate.
func (e examples) finite(ctx context.Context, indices []int) error {
	for _, i := range indices {
		values, err := e.rows(ctx, []int{i})
		if err != nil {
			return err
		}
		for _, v := range values {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				return fmt.Errorf("%s: the values for %s are not finite: look at the image and, if layers are frozen, at their "+
					"weights", e.source.About().Name, e.source.Info(i).Name)
			}
		}
	}
	return nil
}

// agree checks that two sources can train and validate a model, and gives their classes.
func (m *Model) agree(train, validation images.Source) ([]string, error) {
	if train == nil || validation == nil {
		return nil, errors.New("Fit needs images to train on and images to validate with")
	}
	for _, s := range []images.Source{train, validation} {
		if s.Len() == 0 {
			return nil, fmt.Errorf("no images for %s: give at least one per class", s.About().Name)
		}
	}
	classes, other := train.About().Classes, validation.About().Classes
	if classes == nil {
		classes = m.Classes
	}
	outputs := m.Layers.Output()[0]
	switch {
	case classes == nil:
		return nil, fmt.Errorf("%s names no classes, and neither does the model: give About().Classes", train.About().Name)
	case len(classes) != outputs:
		return nil, fmt.Errorf("the model has %d outputs, but there are %d classes: end its head with "+
			"layer.Dense{Units: %d, Activation: \"softmax\"}", outputs, len(classes), len(classes))
	case m.Classes != nil && !slices.Equal(m.Classes, classes):
		return nil, fmt.Errorf("the model knows the classes %q, but %s has %q: give images of its classes, or build a model "+
			"with a new head", m.Classes, train.About().Name, classes)
	case other != nil && !slices.Equal(other, classes):
		return nil, fmt.Errorf("%s has the classes %q, but %s has %q: give images of the same classes", train.About().Name,
			classes, validation.About().Name, other)
	}
	return classes, nil
}

func sequence(from, to int) []int {
	s := make([]int, to-from)
	for i := range s {
		s[i] = from + i
	}
	return s
}
