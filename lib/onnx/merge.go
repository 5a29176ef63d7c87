package onnx

import (
	"cmp"

	"github.com/transfer-learning-go/defects/lib/layer"
)

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
