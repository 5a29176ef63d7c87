package onnx

import (
	"cmp"
	"errors"

	"github.com/transfer-learning-go/defects/lib/layer"
)

// translate adds the layer, which reads in.
func (e *exporter) translate(in []value) (value, error) {
	x := in[0]
	switch op := e.layer.Op.(type) {
	case layer.Input, layer.Dropout:
		return x, nil
	case layer.Conv2D, layer.DepthwiseConv2D, layer.ZeroPadding2D, layer.MaxPooling2D, layer.AveragePooling2D,
		layer.GlobalAveragePooling2D, layer.GlobalMaxPooling2D, layer.Resizing:
		return e.image(e.channelsFirst(x))
	case layer.Rescaling:
		x = e.each("Mul", x, []string{e.scalar("scale", op.Scale)})
		return e.each("Add", x, []string{e.scalar("offset", op.Offset)}), nil
	case layer.ChannelRescaling:
		x = e.each("Mul", x, []string{e.perChannel("scale", x, singles(op.Scale))})
		return e.each("Add", x, []string{e.perChannel("offset", x, singles(op.Offset))}), nil
	case layer.Normalization:
		return e.normalization(op, x), nil
	case layer.BatchNormalization:
		return e.batchNormalization(op, x), nil
	case layer.LayerNormalization:
		return e.each("LayerNormalization", e.channelsLast(x), []string{e.weight(0), e.weight(1)},
			attribute{"axis", -1}, attribute{"epsilon", float32(op.Epsilon)}), nil
	case layer.Activation:
		return e.activate(x, op.Activation)
	case layer.ReLU:
		return e.relu(x, op.MaxValue), nil
	case layer.LeakyReLU:
		return e.each("LeakyRelu", x, nil, attribute{"alpha", float32(op.NegativeSlope)}), nil
	case layer.Softmax:
		return e.activate(x, "softmax")
	case layer.Add:
		return e.merge("Add", in), nil
	case layer.Multiply:
		return e.merge("Mul", in), nil
	case layer.Average:
		return e.each("Div", e.merge("Add", in), []string{e.scalar("count", float64(len(in)))}), nil
	case layer.Concatenate:
		return e.concatenate(op, in), nil
	case layer.Flatten, layer.Reshape:
		return e.reshape(x, e.layer.Shape), nil
	case layer.Dense:
		return e.dense(op, e.channelsLast(x))
	case layer.MultiHeadAttention:
		return e.attention(op, x), nil
	case layer.PositionEmbedding:
		return e.each("Add", x, []string{e.weight(0)}), nil
	case layer.EinsumDense:
		return e.each("Mul", x, []string{e.weight(0)}), nil
	case layer.ClassToken:
		return e.classToken(x), nil
	case layer.Cropping1D:
		return e.crop(op, x), nil
	case layer.GlobalAveragePooling1D:
		name := e.node("ReduceMean", []string{x.name}, attribute{"axes", []int{1}}, attribute{"keepdims", 0})
		return value{name: name, shape: x.shape[1:]}, nil
	}
	return value{}, errors.New("layers of this class cannot be written as ONNX here")
}

func (e *exporter) relu(x value, most float64) value {
	if most > 0 {
		return e.each("Clip", x, []string{e.scalar("least", 0), e.scalar("most", most)})
	}
	return e.each("Relu", x, nil)
}

// dense multiplies rows or tokens by a kernel.
func (e *exporter) dense(op layer.Dense, x value) (value, error) {
	kernel := e.weight(0)
	y := value{shape: e.layer.Shape}
	switch {
	case len(x.shape) == 1 && op.NoBias:
		y.name = e.node("Gemm", []string{x.name, kernel})
	case len(x.shape) == 1:
		y.name = e.node("Gemm", []string{x.name, kernel, e.weight(1)})
	default:
		y.name = e.node("MatMul", []string{x.name, kernel})
		if !op.NoBias {
			y.name = e.node("Add", []string{y.name, e.weight(1)})
		}
	}
	return e.activate(y, op.Activation)
}

// aligned are values with their channels in the same place.
func (e *exporter) aligned(in []value) []value {
	out := make([]value, len(in))
	for i, x := range in {
		out[i] = e.padded(e.channelsFirst(x))
	}
	return out
}

// merge applies an operator of two values to any number of them.
func (e *exporter) merge(op string, in []value) value {
	in = e.aligned(in)
	out := in[0]
	for _, x := range in[1:] {
		out.name = e.node(op, []string{out.name, x.name})
	}
	out.shape = e.layer.Shape
	return out
}

func (e *exporter) concatenate(op layer.Concatenate, in []value) value {
	in = e.aligned(in)
	var names []string
	for _, x := range in {
		names = append(names, x.name)
	}
	rank := len(in[0].shape)
	axis := cmp.Or(op.Axis, -1)
	if axis < 0 {
		axis += 1 + rank
	}
	if in[0].first {
		axis = []int{0, 2, 3, 1}[axis]
	}
	return value{name: e.node("Concat", names, attribute{"axis", axis}), shape: e.layer.Shape, first: in[0].first}
}
