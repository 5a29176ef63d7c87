package onnx

import "github.com/transfer-learning-go/defects/lib/layer"

// convolution multiplies windows of an image by a kernel. x has its channels first.
func (e *exporter) convolution(x value) (value, error) {
	if _, err := e.layer.Op.Config(); err != nil { // folded layers hold more than is said here
		return value{}, err
	}
	channels := x.shape[2]
	switch op := e.layer.Op.(type) {
	case layer.Conv2D:
		return e.activate(e.conv(x, square(op.Kernel, op.Strides), 1, 0, 1), op.Activation)
	case layer.GeneralConv2D:
		return e.activate(e.conv(x, window{op.Kernel, op.Strides, op.Dilation}, max(1, op.Groups), 0, 1), op.Activation)
	case layer.DepthwiseConv2D:
		return e.activate(e.conv(x, square(op.Kernel, op.Strides), channels, 0, 1), op.Activation)
	case layer.GeneralDepthwiseConv2D:
		return e.activate(e.conv(x, window{op.Kernel, op.Strides, op.Dilation}, channels, 0, 1), op.Activation)
	}
	op := e.layer.Op.(layer.SeparableConv2D)
	x = e.conv(x, window{op.Kernel, op.Strides, op.Dilation}, channels, 0)
	return e.activate(e.conv(x, square(1, 1), 1, 1, 2), op.Activation)
}

// conv adds a convolution in groups of channels by the weight at kernel, [height, width, channels of a group, filters], of
// depthwise ones [height, width, channels, filters of each], and at bias, if the layer has that.
func (e *exporter) conv(x value, w window, groups, kernel int, bias ...int) value {
	shape, values := e.layer.W[kernel].Shape, e.w[kernel]
	a, b := shape[2], shape[3]
	depthwise := a*groups != x.shape[2]
	filters, in := b, a
	if depthwise {
		filters, in = a*b, 1
	}
	inputs := []string{x.name, e.later("kernel", func() []float32 {
		t, area := make([]float32, len(values)), shape[0]*shape[1]
		for i, v := range values {
			place, row, column := i/(a*b), i/b%a, i%b
			filter := column*a + row
			if depthwise {
				filter = row*b + column
			}
			t[filter*area+place] = v
		}
		return t
	}, filters, in, shape[0], shape[1])}
	for _, i := range bias {
		if i < len(e.w) {
			inputs = append(inputs, e.weight(i))
		}
	}
	y := value{shape: []int{e.layer.Shape[0], e.layer.Shape[1], filters}, first: true}
	y.name = e.node("Conv", inputs, append(w.attributes(x.shape, y.shape, x.pad), attribute{"group", groups})...)
	return y
}

// window is that of a convolution or a pooling, along both axes. 0 is 1.
type window struct{ size, strides, dilation [2]int }

func square(size, strides int) window {
	return window{size: [2]int{size, size}, strides: [2]int{strides, strides}}
}

// attributes of the window, with explicit padding besides what "same" adds: the odd pixel at the end.
func (w window) attributes(in, out []int, explicit [4]int) []attribute {
	p := explicit
	for axis := range 2 {
		w.strides[axis], w.dilation[axis] = max(1, w.strides[axis]), max(1, w.dilation[axis])
		span := (w.size[axis]-1)*w.dilation[axis] + 1
		total := max((out[axis]-1)*w.strides[axis]+span-in[axis], 0)
		p[2*axis] += total / 2
		p[2*axis+1] += total - total/2
	}
	attributes := []attribute{{"kernel_shape", w.size[:]}, {"strides", w.strides[:]}, {"pads", []int{p[0], p[2], p[1], p[3]}}}
	if w.dilation != [2]int{1, 1} {
		attributes = append(attributes, attribute{"dilations", w.dilation[:]})
	}
	return attributes
}
