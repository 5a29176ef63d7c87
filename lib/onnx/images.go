package onnx

import (
	"cmp"
	"fmt"
	"math"

	"github.com/transfer-learning-go/defects/lib/layer"
)

// image adds a layer of images. x has its channels first.
func (e *exporter) image(x value) (value, error) {
	switch op := e.layer.Op.(type) {
	case layer.Conv2D:
		return e.convolution(x, op, window{op.Kernel, max(1, op.Strides)}, 1, op.NoBias, op.Activation)
	case layer.DepthwiseConv2D:
		return e.convolution(x, op, window{op.Kernel, max(1, op.Strides)}, x.shape[2], op.NoBias, op.Activation)
	case layer.ZeroPadding2D:
		for i, n := range op.Pad {
			x.pad[i] += n
		}
		x.shape = e.layer.Shape
		return x, nil
	case layer.MaxPooling2D:
		return e.pooling("MaxPool", e.padded(x), window{op.Pool, cmp.Or(op.Strides, op.Pool)}), nil
	case layer.AveragePooling2D:
		return e.pooling("AveragePool", e.padded(x), window{op.Pool, cmp.Or(op.Strides, op.Pool)}), nil
	case layer.GlobalAveragePooling2D:
		return e.globalPooling("GlobalAveragePool", e.padded(x)), nil
	case layer.GlobalMaxPooling2D:
		return e.globalPooling("GlobalMaxPool", e.padded(x)), nil
	case layer.Resizing:
		return e.resize(e.padded(x)), nil
	}
	panic(fmt.Sprintf("%T is no layer of images", e.layer.Op))
}

// window is that of a convolution or a pooling.
type window struct{ size, strides int }

// attributes of the window, with explicit padding besides what "same" adds: the odd pixel at the end.
func (w window) attributes(in, out []int, explicit [4]int) []attribute {
	p := explicit
	for axis := range 2 {
		total := max((out[axis]-1)*w.strides+w.size-in[axis], 0)
		p[2*axis] += total / 2
		p[2*axis+1] += total - total/2
	}
	return []attribute{{"kernel_shape", []int{w.size, w.size}}, {"strides", []int{w.strides, w.strides}},
		{"pads", []int{p[0], p[2], p[1], p[3]}}}
}

// convolution multiplies windows of groups of channels by a kernel.
func (e *exporter) convolution(x value, op layer.Op, w window, groups int, noBias bool, activation string) (value, error) {
	if _, err := op.Config(); err != nil { // folded layers hold more than is said here
		return value{}, err
	}
	kernel, shape := e.w[0], e.layer.W[0].Shape // [k, k, in, out], of a depthwise one [k, k, channels, 1]
	dims := []int{shape[3], shape[2], shape[0], shape[1]}
	if groups > 1 {
		dims = []int{shape[2], shape[3], shape[0], shape[1]}
	}
	inputs := []string{x.name, e.later("kernel", func() []float32 {
		t, area := make([]float32, len(kernel)), shape[0]*shape[1]
		for i, v := range kernel { // [k·k, a, b] → [b, a, k·k]
			place, a, b := i/(shape[2]*shape[3]), i/shape[3]%shape[2], i%shape[3]
			t[(b*shape[2]+a)*area+place] = v
		}
		return t
	}, dims...)}
	if !noBias {
		inputs = append(inputs, e.weight(1))
	}
	y := value{shape: e.layer.Shape, first: true}
	y.name = e.node("Conv", inputs, append(w.attributes(x.shape, y.shape, x.pad), attribute{"group", groups})...)
	return e.activate(y, activation)
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

// resize interpolates as Keras's Resizing, between half-pixel centres.
func (e *exporter) resize(x value) value {
	out := e.layer.Shape
	scales := []float32{1, 1, scale(x.shape[0], out[0]), scale(x.shape[1], out[1])}
	x.name = e.node("Resize", []string{x.name, "", e.floats("scales", scales, 4)}, attribute{"mode", "linear"},
		attribute{"coordinate_transformation_mode", "half_pixel"})
	x.shape = out
	return x
}

// scale is the factor from one size to another. The size that a runtime computes from it is rounded down, so it is not
// the next number below.
func scale(from, to int) float32 {
	s := float32(to) / float32(from)
	if float64(s)*float64(from) < float64(to) {
		s = math.Nextafter32(s, float32(math.Inf(1)))
	}
	return s
}
