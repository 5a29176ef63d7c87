package onnx

import (
	"cmp"
	"fmt"

	"github.com/transfer-learning-go/defects/lib/layer"
)

// image adds a layer that only images have, other than a convolution. x has its channels first.
func (e *exporter) image(x value) (value, error) {
	switch op := e.layer.Op.(type) {
	case layer.ZeroPadding2D:
		for i, n := range op.Pad {
			x.pad[i] += n
		}
		x.shape = e.layer.Shape
		return x, nil
	case layer.MaxPooling2D:
		return e.pooling("MaxPool", e.padded(x), square(op.Pool, cmp.Or(op.Strides, op.Pool))), nil
	case layer.AveragePooling2D:
		return e.pooling("AveragePool", e.padded(x), square(op.Pool, cmp.Or(op.Strides, op.Pool))), nil
	case layer.GlobalAveragePooling2D:
		return e.globalPooling("GlobalAveragePool", e.padded(x)), nil
	case layer.GlobalMaxPooling2D:
		return e.globalPooling("GlobalMaxPool", e.padded(x)), nil
	case layer.Resizing:
		return e.resize(e.padded(x)), nil
	case layer.GeneralResizing:
		return e.resample(op, e.padded(x)), nil
	}
	panic(fmt.Sprintf("%T is no layer of images", e.layer.Op))
}

func (e *exporter) pooling(op string, x value, w window) value {
	name := e.node(op, []string{x.name}, w.attributes(x.shape, e.layer.Shape, [4]int{})...)
	return value{name: name, shape: e.layer.Shape, first: true}
}

func (e *exporter) globalPooling(op string, x value) value {
	pooled := value{name: e.node(op, []string{x.name}), shape: []int{1, 1, x.shape[2]}, first: true}
	if len(e.layer.Shape) == 3 {
		return pooled
	}
	return e.reshape(pooled, e.layer.Shape)
}
