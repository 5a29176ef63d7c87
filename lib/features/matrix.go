package features

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/transfer-learning-go/defects/lib/notice"
)

// Matrix reads all rows, [Len, dim], for what works on plain vectors, such as nearest neighbours or a linear probe. It is
// an error if there are no images, if a row is not one vector, as that of a base whose features are not pooled below the
// cut, or if a value is not finite.
func (f *Features) Matrix() (*mat.Dense, error) {
	name, shape := f.About().Name, f.Shape()
	if f.Len() == 0 {
		return nil, fmt.Errorf("features of %s: there are no images", name)
	}
	if len(shape) != 1 {
		return nil, fmt.Errorf("features of %s: a row has the shape %v, it must be one vector: freeze the whole base, and let "+
			"the head begin with its Pooling", name, shape)
	}
	m := mat.NewDense(f.Len(), shape[0], nil)
	for i := range f.Len() {
		row, err := f.Rows([]int{i})
		if err != nil {
			return nil, err
		}
		for k, v := range row {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				return nil, fmt.Errorf("features of %s: the values for %s are not finite: look at the image, and at the weights "+
					"of the frozen layers", name, f.Info(i).Name)
			}
			m.Set(i, k, float64(v))
		}
	}
	return m, nil
}

// Notice is what readers of every result made from these features must know, of the images and of the weights; "" if
// there is nothing to say.
func (f *Features) Notice() string { return notice.Join(f.stored.extractor.Notice, f.About().Notice) }
