package onnx

import (
	"math"

	"github.com/transfer-learning-go/defects/lib/layer"
)

// attention computes all heads at a time, in the form that is less work: see layer.MultiHeadAttention.
func (e *exporter) attention(op layer.MultiHeadAttention, x value) value {
	var mixed string
	if op.KeyDim >= x.shape[1] {
		mixed = e.wide(op, x)
	} else {
		mixed = e.narrow(op, x)
	}
	return value{name: e.node("Add", []string{mixed, e.weight(7)}), shape: x.shape}
}

// heads multiplies tokens by a kernel, adds a bias, and splits what comes out: [n, d] → [heads, n, width], or as another
// permutation of [0, n, heads, width] says.
func (e *exporter) heads(op layer.MultiHeadAttention, x value, kernel, bias string, width int, permutation ...int) string {
	y := e.node("MatMul", []string{x.name, kernel})
	y = e.node("Add", []string{y, bias})
	y = e.node("Reshape", []string{y, e.ints("heads", 0, x.shape[0], op.NumHeads, width)})
	return e.node("Transpose", []string{y}, attribute{"perm", permutation})
}

// mean is softmax(query·key)·values, with query and values [heads, n, width], key [heads, width, n], of which each may have
// one head for all.
func (e *exporter) mean(query, key, values string) string {
	weights := e.node("Softmax", []string{e.node("MatMul", []string{query, key})}, attribute{"axis", -1})
	return e.node("MatMul", []string{weights, values})
}

func (e *exporter) narrow(op layer.MultiHeadAttention, x value) string {
	n, d := x.shape[0], x.shape[1]
	width := op.NumHeads * op.KeyDim
	project := func(i int, permutation ...int) string {
		kernel := e.floats(e.layer.W[i].Name, e.w[i], d, width)
		bias := e.floats(e.layer.W[i+1].Name, e.w[i+1], width)
		return e.heads(op, x, kernel, bias, op.KeyDim, permutation...)
	}
	query, key, values := project(0, 0, 2, 1, 3), project(2, 0, 2, 3, 1), project(4, 0, 2, 1, 3)
	query = e.node("Mul", []string{query, e.scalar("scale", 1/math.Sqrt(float64(op.KeyDim)))})
	mixed := e.node("Transpose", []string{e.mean(query, key, values)}, attribute{"perm", []int{0, 2, 1, 3}})
	mixed = e.node("Reshape", []string{mixed, e.ints("joined", 0, n, width)})
	return e.node("MatMul", []string{mixed, e.floats(e.layer.W[6].Name, e.w[6], width, d)})
}

// wide multiplies the kernels of keys into those of queries, and those of the way back into those of values: the tokens
// are their own keys then, and the heads are summed.
func (e *exporter) wide(op layer.MultiHeadAttention, x value) string {
	d := x.shape[1]
	scale := 1 / math.Sqrt(float64(op.KeyDim))
	// joined is first·second for each head, [rows, heads·d] of first [rows, heads, key]. second gives the number that joins
	// key k of head h with output j.
	joined := func(first []float32, factor float64, second func(h, k, j int) float32) []float32 {
		rows := len(first) / (op.NumHeads * op.KeyDim)
		out := make([]float32, rows*op.NumHeads*d)
		for i := range out {
			r, h, j := i/(op.NumHeads*d), i/d%op.NumHeads, i%d
			sum := 0.0
			for k := range op.KeyDim {
				sum += float64(first[(r*op.NumHeads+h)*op.KeyDim+k]) * float64(second(h, k, j))
			}
			out[i] = float32(sum * factor)
		}
		return out
	}
	toKeys := func(h, k, j int) float32 { return e.w[2][(j*op.NumHeads+h)*op.KeyDim+k] }
	back := func(h, k, j int) float32 { return e.w[6][(h*op.KeyDim+k)*d+j] }
	project := func(what string, i int, factor float64, second func(h, k, j int) float32) string {
		kernel := e.floats(what+"/kernel", joined(e.w[i], factor, second), d, op.NumHeads*d)
		bias := e.floats(what+"/bias", joined(e.w[i+1], factor, second), op.NumHeads*d)
		return e.heads(op, x, kernel, bias, d, 0, 2, 1, 3)
	}
	query, values := project("query_key", 0, scale, toKeys), project("value_output", 4, 1, back)
	tokens := e.node("Unsqueeze", []string{x.name, e.ints("axes", 1)})
	keys := e.node("Transpose", []string{tokens}, attribute{"perm", []int{0, 1, 3, 2}})
	mixed := e.mean(query, keys, values)
	return e.node("ReduceSum", []string{mixed, e.ints("axes", 1)}, attribute{"keepdims", 0})
}
