package layer

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"
)

// MultiHeadAttention is self-attention (Vaswani et al., 2017), as Keras's MultiHeadAttention(NumHeads, KeyDim,
// dropout=Dropout)(x, x), [n, d] → [n, d]. In each head every token asks a query, which is compared with the keys of
// all tokens; the token gets the mean of their values, weighted by
//
//	softmax(query · key / sqrt(KeyDim))
//
// What the heads give is put side by side and mapped back to d. In training, Dropout drops weights of that mean.
type MultiHeadAttention struct {
	NumHeads int
	KeyDim   int
	Dropout  float64
}

func init() { register("MultiHeadAttention", readMultiHeadAttention) }

func (MultiHeadAttention) Class() string { return "MultiHeadAttention" }

func (o MultiHeadAttention) Output(in [][]int) ([]int, error) {
	if err := rank(in, 2); err != nil {
		return nil, err
	}
	if o.NumHeads < 1 || o.KeyDim < 1 {
		return nil, fmt.Errorf("%d heads of %d numbers: give at least one of each", o.NumHeads, o.KeyDim)
	}
	return Dropout{Rate: o.Dropout}.Output(in)
}

func (o MultiHeadAttention) Weights(in [][]int) []Weight {
	d := in[0][1]
	var ws []Weight
	for _, name := range []string{"query", "key", "value"} {
		ws = append(ws,
			Weight{Name: name + "/kernel", Shape: []int{d, o.NumHeads, o.KeyDim}, Init: GlorotUniform},
			Weight{Name: name + "/bias", Shape: []int{o.NumHeads, o.KeyDim}, Init: ZerosInitializer})
	}
	return append(ws,
		Weight{Name: "attention_output/kernel", Shape: []int{o.NumHeads, o.KeyDim, d}, Init: GlorotUniform},
		Weight{Name: "attention_output/bias", Shape: []int{d}, Init: ZerosInitializer})
}

func (MultiHeadAttention) inputs() Inputs { return SelfAttention }

func (MultiHeadAttention) sublayers() []Sublayer {
	return []Sublayer{{"query", "query_dense"}, {"key", "key_dense"}, {"value", "value_dense"},
		{"attention_output", "output_dense"}}
}

func (o MultiHeadAttention) dropRate() float64 { return o.Dropout }

func (MultiHeadAttention) label([]int) Label { return Label{Text: "attention"} }

func (o MultiHeadAttention) Config() (Settings, error) {
	return Settings{"num_heads": o.NumHeads, "key_dim": o.KeyDim, "value_dim": o.KeyDim, "dropout": o.Dropout,
		"use_bias": true, "output_shape": nil, "attention_axes": nil}, nil
}

func readMultiHeadAttention(f *Fields) Op {
	var o MultiHeadAttention
	f.positive("num_heads", &o.NumHeads)
	f.positive("key_dim", &o.KeyDim)
	f.Only("value_dim", fmt.Sprint(o.KeyDim))
	f.Read("dropout", &o.Dropout)
	if o.Dropout < 0 || o.Dropout >= 1 {
		f.Fail("dropout is %v; it must be in [0, 1)", o.Dropout)
	}
	f.Only("use_bias", "true")
	f.Only("use_gate", "false")
	f.Ignore("output_shape") // see check
	f.Only("attention_axes", "1", "[1]")
	f.Only("sliding_window")
	f.Ignore("seed", "kernel_initializer", "bias_initializer", "flash_attention", "softmax_robust_masking", "query_shape",
		"key_shape", "value_shape")
	f.training("kernel_regularizer", "bias_regularizer", "activity_regularizer", "kernel_constraint", "bias_constraint")
	return o
}

// check demands that what the layer gives is as wide as its input.
func (MultiHeadAttention) check(in []int, f *Fields) {
	width := in[len(in)-1]
	f.Only("output_shape", fmt.Sprint(width), fmt.Sprintf("[%d]", width))
}

func (o MultiHeadAttention) Build(c *Call, in []*graph.Node) *graph.Node {
	x := in[0]
	var out, weights *graph.Node
	if d := x.Shape().Dimensions[2]; o.KeyDim >= d {
		out, weights = o.wide(c, x)
	} else {
		out, weights = o.narrow(c, x)
	}
	if c.env.Attention != nil {
		c.env.Attention(c.layer, weights)
	}
	return graph.Add(out, graph.ExpandLeftToRank(c.Weight(7), 3))
}

// narrow computes all heads in the same products: projections for queries, keys and values, then the way back to d.
// It returns [batch, n, d], without the last bias, and the weights of the mean, [batch, heads, n, n].
func (o MultiHeadAttention) narrow(c *Call, x *graph.Node) (out, weights *graph.Node) {
	batch, n, d := x.Shape().Dimensions[0], x.Shape().Dimensions[1], x.Shape().Dimensions[2]
	width := o.NumHeads * o.KeyDim
	// One matrix product for all three projections: [batch·n, d] · [d, 3·width].
	var kernels, biases []*graph.Node
	for i := range 3 {
		kernels = append(kernels, graph.Reshape(c.Weight(2*i), d, width))
		biases = append(biases, graph.Reshape(c.Weight(2*i+1), width))
	}
	projected := graph.Dot(graph.Reshape(x, batch*n, d), graph.Concatenate(kernels, 1)).Product()
	projected = graph.Add(projected, graph.ExpandLeftToRank(graph.Concatenate(biases, 0), 2))
	// [batch·n, 3·width] → [3, batch, heads, n, key], of which the batched products below need no further copy.
	parts := graph.TransposeAllAxes(graph.Reshape(projected, batch, n, 3, o.NumHeads, o.KeyDim), 2, 0, 3, 1, 4)
	part := func(i int) *graph.Node { return graph.Squeeze(graph.Slice(parts, graph.AxisElem(i)), 0) }
	mixed, weights := o.attend(c, graph.MulScalar(part(0), 1/math.Sqrt(float64(o.KeyDim))), part(1), part(2))
	mixed = graph.Reshape(graph.TransposeAllAxes(mixed, 0, 2, 1, 3), batch*n, width)
	return graph.Reshape(graph.Dot(mixed, graph.Reshape(c.Weight(6), width, d)).Product(), batch, n, d), weights
}

// wide is narrow for heads of d numbers or more. There the projections are longer than what they project, so two of
// the four are multiplied into the other two beforehand, matrix by matrix:
//
//	query · key       = (x·Wq + bq) · (x·Wk + bk)ᵀ = (x·(Wq·Wkᵀ) + bq·Wkᵀ) · xᵀ + what is the same for all keys
//	mean(value) · Wo  = mean((x·Wv + bv) · Wo)     = mean(x·(Wv·Wo) + bv·Wo)
//
// The softmax does not change with what is the same for all keys; the bias bk is thus never used. That saves half of
// the projections' arithmetic (BenchmarkAttention).
func (o MultiHeadAttention) wide(c *Call, x *graph.Node) (out, weights *graph.Node) {
	batch, n, d := x.Shape().Dimensions[0], x.Shape().Dimensions[1], x.Shape().Dimensions[2]
	rows := graph.Reshape(x, batch*n, d)
	tokens := graph.Reshape(x, batch, 1, n, d)
	var all []*graph.Node
	for h := range o.NumHeads {
		kernel := func(i int) *graph.Node {
			return graph.Reshape(graph.Slice(c.Weight(i), graph.AxisRange(), graph.AxisElem(h)), d, o.KeyDim)
		}
		bias := func(i int) *graph.Node { return graph.Slice(c.Weight(i), graph.AxisElem(h)) } // [1, key]
		back := graph.Reshape(graph.Slice(c.Weight(6), graph.AxisElem(h)), o.KeyDim, d)
		toKeys := graph.Transpose(graph.MulScalar(kernel(2), 1/math.Sqrt(float64(o.KeyDim))), 0, 1)
		project := func(i int, after *graph.Node) *graph.Node {
			y := graph.Dot(rows, graph.Dot(kernel(i), after).Product()).Product()
			return graph.Reshape(graph.Add(y, graph.Dot(bias(i+1), after).Product()), batch, 1, n, d)
		}
		mixed, w := o.attend(c, project(0, toKeys), tokens, project(4, back))
		all = append(all, w)
		if mixed = graph.Reshape(mixed, batch, n, d); out != nil {
			mixed = graph.Add(out, mixed)
		}
		out = mixed
	}
	return out, graph.Concatenate(all, 1)
}

// attend mixes values by how well their keys fit the queries, all [batch, heads, n, key]. It also returns the weights
// of the mean, without dropout, [batch, heads, n, n].
func (o MultiHeadAttention) attend(c *Call, query, key, value *graph.Node) (mixed, weights *graph.Node) {
	scores := graph.Einsum("bhqk,bhnk->bhqn", query, key)
	weights = graph.Exp(graph.Sub(scores, graph.StopGradient(graph.ReduceAndKeep(scores, graph.ReduceMax, -1))))
	// The softmax divides by its sums after the values are mixed, where numbers are fewer.
	scale := graph.Inverse(graph.ReduceAndKeep(weights, graph.ReduceSum, -1))
	mixed = graph.Einsum("bhqn,bhnk->bhqk", drop(c, weights, o.Dropout, nil), value)
	return graph.Mul(mixed, scale), graph.Mul(weights, scale)
}
