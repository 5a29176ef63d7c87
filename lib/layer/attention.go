package layer

import (
	"cmp"
	"fmt"
	"math"

	. "github.com/gomlx/gomlx/core/graph"
)

// LayerNormalization is Keras's LayerNormalization over the last axis (Ba et al., 2016): each vector is brought to mean
// 0 and variance 1, then multiplied by gamma and moved by beta. It acts the same in training and inference.
type LayerNormalization struct {
	Epsilon float64 `json:"epsilon,omitempty"` // 0 is Keras's 1e-3
}

func (LayerNormalization) Class() string                    { return "LayerNormalization" }
func (LayerNormalization) Output(in [][]int) ([]int, error) { return in[0], nil }

func (o LayerNormalization) withDefaults() Op {
	o.Epsilon = cmp.Or(o.Epsilon, 1e-3)
	return o
}

func (LayerNormalization) Weights(in [][]int) []Weight {
	shape := in[0][len(in[0])-1:]
	return []Weight{
		{Name: "gamma", Shape: shape, Init: OnesInitializer},
		{Name: "beta", Shape: shape, Init: ZerosInitializer},
	}
}

func (o LayerNormalization) Build(c *Call, in []*Node) *Node {
	x := in[0]
	centred := Sub(x, ReduceAndKeep(x, ReduceMean, -1))
	variance := ReduceAndKeep(Square(centred), ReduceMean, -1)
	normal := Div(centred, Sqrt(AddScalar(variance, o.Epsilon)))
	return Add(Mul(normal, ExpandLeftToRank(c.Weight(0), x.Rank())), ExpandLeftToRank(c.Weight(1), x.Rank()))
}

// MultiHeadAttention is self-attention (Vaswani et al., 2017), as Keras's MultiHeadAttention(NumHeads, KeyDim,
// dropout=Dropout)(x, x), [n, d] → [n, d]. In each head every token asks a query, which is compared with the keys of
// all tokens; the token gets the mean of their values, weighted by
//
//	softmax(query · key / sqrt(KeyDim))
//
// What the heads give is put side by side and mapped back to d. In training, Dropout drops weights of that mean.
type MultiHeadAttention struct {
	NumHeads int     `json:"num_heads"`
	KeyDim   int     `json:"key_dim"`
	Dropout  float64 `json:"dropout,omitempty"`
}

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

func (o MultiHeadAttention) Build(c *Call, in []*Node) *Node {
	x := in[0]
	batch, n, d := x.Shape().Dimensions[0], x.Shape().Dimensions[1], x.Shape().Dimensions[2]
	width := o.NumHeads * o.KeyDim
	// One matrix product for all three projections: [batch·n, d] · [d, 3·width].
	var kernels, biases []*Node
	for i := range 3 {
		kernels = append(kernels, Reshape(c.Weight(2*i), d, width))
		biases = append(biases, Reshape(c.Weight(2*i+1), width))
	}
	projected := Dot(Reshape(x, batch*n, d), Concatenate(kernels, 1)).Product()
	projected = Add(projected, ExpandLeftToRank(Concatenate(biases, 0), 2))
	// [batch·n, 3·width] → [3, batch, heads, n, key], of which the batched products below need no further copy.
	heads := TransposeAllAxes(Reshape(projected, batch, n, 3, o.NumHeads, o.KeyDim), 2, 0, 3, 1, 4)
	part := func(i int) *Node { return Squeeze(Slice(heads, AxisElem(i)), 0) }
	query, key, value := MulScalar(part(0), 1/math.Sqrt(float64(o.KeyDim))), part(1), part(2)

	// The softmax divides by its sums after the values are mixed, where numbers are fewer: that and its gradient take four
	// fifths of the time (BenchmarkAttention).
	scores := Einsum("bhqk,bhnk->bhqn", query, key) // [batch, heads, n, n]
	weights := Exp(Sub(scores, StopGradient(ReduceAndKeep(scores, ReduceMax, -1))))
	scale := Inverse(ReduceAndKeep(weights, ReduceSum, -1))
	if c.env.Attention != nil {
		c.env.Attention(c.layer, Mul(weights, scale))
	}
	mixed := Mul(Einsum("bhqn,bhnk->bhqk", drop(c, weights, o.Dropout), value), scale)
	mixed = Reshape(TransposeAllAxes(mixed, 0, 2, 1, 3), batch*n, width)
	out := Dot(mixed, Reshape(c.Weight(6), width, d)).Product()
	return Reshape(Add(out, ExpandLeftToRank(c.Weight(7), 2)), batch, n, d)
}
