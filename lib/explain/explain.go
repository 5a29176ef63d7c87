// Package explain shows what a model looks at: Grad-CAM for networks that end in a feature map, attention for
// transformers. It needs the layers and the values of a model alone, and reads images from any source.
//
// An explainer is compiled once, does not change with the model, and may be used from several goroutines at once.
package explain

import (
	"context"
	"fmt"

	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/layer"
)

// pixels reads some images at the size of the input, [n, height, width, channels].
func pixels(ctx context.Context, s images.Source, from, to int, shape []int) ([]float32, error) {
	each := shape[0] * shape[1] * shape[2]
	out := make([]float32, 0, (to-from)*each)
	for i := from; i < to; i++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var one []float32
		var err error
		if shape[2] == 1 {
			one, err = images.Shaped(s, []int{i}, shape)
		} else {
			one, err = s.Pixels(i, shape[0], shape[1])
		}
		if err != nil {
			return nil, err
		}
		if len(one) != each {
			return nil, fmt.Errorf("%s: %d values for an image of shape %v", s.Info(i).Name, len(one), shape)
		}
		out = append(out, one...)
	}
	return out, nil
}

// checkInput refuses models that do not read images.
func checkInput(ls layer.List) error {
	if len(ls) == 0 || len(ls[0].Shape) != 3 {
		return fmt.Errorf("the model does not read images: give layers that begin with an Input of [height, width, channels]")
	}
	return nil
}
