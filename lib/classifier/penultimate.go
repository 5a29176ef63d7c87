package classifier

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/mat"

	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/inference"
)

// Penultimate gives what the last layer with weights reads of each image, [s.Len(), dim]: the penultimate layer, in which
// the classes lie apart as training has learned to set them apart. Dropout is off. Layers below are taken from stored
// features where they are frozen. It is an error if there are no images, or if that layer reads more than one vector.
func (m *Model) Penultimate(ctx context.Context, s images.Source) (*mat.Dense, error) {
	last := len(m.Layers) - 1
	for last > 0 && len(m.Layers[last].W) == 0 {
		last--
	}
	if last == 0 {
		return nil, fmt.Errorf("penultimate layer: no layer of the model has weights")
	}
	s = decoded(s, m.Decoder)
	cut := m.cut()
	if cut > last { // all is frozen, and what is stored lies above
		cut = 0
	}
	read := func(indices []int) ([]float32, error) { return images.Shaped(s, indices, m.Layers[0].Shape) }
	if cut > 0 {
		f, done, err := m.borrow(ctx, s, nil)
		if err != nil {
			return nil, err
		}
		defer done()
		if cut == last {
			return f.Matrix()
		}
		read = f.Rows
	}
	list := m.Layers.Above(cut)
	list = list[:list.Index(m.Layers[last].Inputs[0])+1]
	if shape := list.Output(); len(shape) != 1 || s.Len() == 0 {
		return nil, fmt.Errorf("penultimate layer of %d images of %s: %s gives values of shape %v: give at least one image, and a "+
			"model that pools before its last layer", s.Len(), s.About().Name, list[len(list)-1].Name, shape)
	}
	program, err := inference.New(list, m.Values)
	if err != nil {
		return nil, err
	}
	defer program.Close()
	var values []float64
	held := chunk * program.Devices()
	for at := 0; at < s.Len(); at += held {
		rows, err := read(sequence(at, min(at+held, s.Len())))
		if err != nil {
			return nil, err
		}
		if rows, err = program.Run(ctx, rows); err != nil {
			return nil, err
		}
		for _, v := range rows {
			values = append(values, float64(v))
		}
	}
	return mat.NewDense(s.Len(), list.Output()[0], values), nil
}
