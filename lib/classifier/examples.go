package classifier

import (
	"iter"

	"github.com/gomlx/gomlx/core/tensors"
)

// examples are what the layers above the cut are trained on: stored features, or pixels when nothing is frozen.
type examples struct {
	Images
	shape []int
	file  *featureFile // nil for pixels
}

func (t *training) examples(source Images) (examples, error) {
	m := t.model
	if t.cut == 0 {
		return examples{Images: source, shape: m.Layers[0].Shape}, nil
	}
	features, err := m.stored(t.config.Context, source, t.config.Watch)
	if err != nil {
		return examples{}, err
	}
	source.Pixels = features.rows
	return examples{source, m.Layers[:t.cut].Output(), features}, nil
}

func (e examples) close() {
	if e.file != nil {
		e.file.Close()
	}
}

// batch is n examples: inputs [n, shape…] and one-hot labels [n, classes]. Rows that fill it up are all zero.
type batch struct {
	n    int
	x, y *tensors.Tensor
	err  error
}

// batches gives the examples in this order, preparing the next batch while the last is trained on. With fill, zeros
// fill up the last batch, so that one compiled graph serves all.
func (e examples) batches(order []int, size, classes int, fill bool) iter.Seq[batch] {
	return ahead((len(order)+size-1)/size, func(i int) batch {
		indices := order[i*size : min((i+1)*size, len(order))]
		values, err := e.Pixels(indices)
		if err != nil {
			return batch{err: err}
		}
		rows := len(indices)
		if fill && rows < size {
			rows = size
			values = append(values, make([]float32, rows*elements(e.shape)-len(values))...)
		}
		oneHot := make([]float32, rows*classes)
		for row, i := range indices {
			oneHot[row*classes+e.Labels[i]] = 1
		}
		return batch{
			n: len(indices),
			x: tensors.FromFlatDataAndDimensions(values, append([]int{rows}, e.shape...)...),
			y: tensors.FromFlatDataAndDimensions(oneHot, rows, classes),
		}
	})
}
