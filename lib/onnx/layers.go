package onnx

import (
	"errors"

	"github.com/transfer-learning-go/defects/lib/layer"
)

// translate adds the layer, which reads in.
func (e *exporter) translate(in []value) (value, error) {
	x := in[0]
	switch op := e.layer.Op.(type) {
	case layer.Input, layer.Dropout:
		return x, nil
	case layer.Conv2D, layer.GeneralConv2D, layer.DepthwiseConv2D, layer.GeneralDepthwiseConv2D, layer.SeparableConv2D:
		return e.convolution(e.channelsFirst(x))
	case layer.ZeroPadding2D, layer.MaxPooling2D, layer.AveragePooling2D, layer.GlobalAveragePooling2D,
		layer.GlobalMaxPooling2D, layer.Resizing, layer.GeneralResizing:
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
	case layer.ELU:
		return e.each("Elu", x, nil, attribute{"alpha", float32(op.Alpha)}), nil
	case layer.PReLU:
		return e.prelu(x), nil
	case layer.Softmax:
		return e.activate(x, "softmax")
	case layer.Add:
		return e.merge("Add", in), nil
	case layer.Multiply:
		return e.merge("Mul", in), nil
	case layer.CustomScaleLayer:
		added := e.each("Mul", in[1], []string{e.scalar("scale", op.Scale)})
		return e.merge("Add", []value{x, added}), nil
	case layer.LayerScale:
		return e.each("Mul", x, []string{e.perChannel("gamma", x, e.w[0])}), nil
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
		return e.slice(x, op.Cropping[0]), nil
	case layer.Cropping2D:
		return e.slice(x, op.Cropping[0], op.Cropping[2]), nil
	case layer.CenterCrop:
		return e.slice(x, (x.shape[0]-op.Height)/2, (x.shape[1]-op.Width)/2), nil
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

// slice cuts what the layer gives out of x: along each of the first axes, from the place that begins says.
func (e *exporter) slice(x value, begins ...int) value {
	x = e.padded(x)
	first := 1
	if x.first {
		first = 2
	}
	var ends, axes []int
	for i, begin := range begins {
		ends, axes = append(ends, begin+e.layer.Shape[i]), append(axes, first+i)
	}
	x.name = e.node("Slice", []string{x.name, e.ints("starts", begins...), e.ints("ends", ends...), e.ints("axes", axes...)})
	x.shape = e.layer.Shape
	return x
}
