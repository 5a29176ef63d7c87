package onnx

import (
	"math"

	"github.com/transfer-learning-go/defects/lib/layer"
)

// attention computes all heads at a time: [n, d] → [heads, n, key], and back.
func (e *exporter) attention(op layer.MultiHeadAttention, x value) value {
	n, d := x.shape[0], x.shape[1]
	width := op.NumHeads * op.KeyDim
	split := e.ints("heads", 0, n, op.NumHeads, op.KeyDim)
	project := func(i int, permutation ...int) string {

		y := e.node("MatMul", []string{x.name, e.floats(e.layer.W[i].Name, e.w[i], d, width)})
		y = e.node("Add", []string{y, e.floats(e.layer.W[i+1].Name, e.w[i+1], width)})
		y = e.node("Reshape", []string{y, split})
		return e.node("Transpose", []string{y}, attribute{"perm", permutation})
	}
	query, key, mean := project(0, 0, 2, 1, 3), project(2, 0, 2, 3, 1), project(4, 0, 2, 1, 3)
	query = e.node("Mul", []string{query, e.scalar("scale", 1/math.Sqrt(float64(op.KeyDim)))})
	weights := e.node("Softmax", []string{e.node("MatMul", []string{query, key})}, attribute{"axis", -1})
	mean = e.node("MatMul", []string{weights, mean})
	mean = e.node("Transpose", []string{mean}, attribute{"perm", []int{0, 2, 1, 3}})
	mean = e.node("Reshape", []string{mean, e.ints("joined", 0, n, width)})
	out := e.node("MatMul", []string{mean, e.floats(e.layer.W[6].Name, e.w[6], width, d)})
	return value{name: e.node("Add", []string{out, e.weight(7)}), shape: x.shape}
}

// classToken makes room before the tokens, and adds a table that is the token there and zero elsewhere: unlike putting
// the token there, this does not ask how many images there are.
func (e *exporter) classToken(x value) value {
	n, d := x.shape[0]+1, x.shape[1]
	table := append(e.w[0][:d:d], make([]float32, (n-1)*d)...)
	name := e.node("Pad", []string{x.name, e.ints("pads", 0, 1, 0, 0, 0, 0)})
	name = e.node("Add", []string{name, e.floats("class_token", table, n, d)})
	return value{name: name, shape: []int{n, d}}
}

func (e *exporter) crop(op layer.Cropping1D, x value) value {
	name := e.node("Slice", []string{x.name, e.ints("starts", op.Cropping[0]), e.ints("ends", x.shape[0]-op.Cropping[1]),
		e.ints("axes", 1)})
	return value{name: name, shape: e.layer.Shape}
}
