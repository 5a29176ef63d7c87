package layer

import (
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/core/graph"
)

// A transformer works on tokens: [n, d], n vectors of d numbers.

// Reshaping is Keras's Reshape: the same values in another shape, in row-major order.
type Reshaping struct {
	weightless
	Shape []int `json:"target_shape"`
}

func (Reshaping) Class() string { return "Reshape" }
func (o Reshaping) Output(in [][]int) ([]int, error) {
	if len(in) != 1 || len(o.Shape) == 0 || slices.Min(o.Shape) < 1 || product(in[0]) != product(o.Shape) {
		return nil, fmt.Errorf("cannot be reshaped to %v: give a shape of as many values", o.Shape)
	}
	return o.Shape, nil
}
func (o Reshaping) Build(_ *Call, in []*graph.Node) *graph.Node {
	return graph.Reshape(in[0], append([]int{in[0].Shape().Dimensions[0]}, o.Shape...)...)
}

// PositionEmbedding adds a learned vector to each token, so that a transformer can tell where a token stands:
// x + embeddings, [n, d] → [n, d] (Dosovitskiy et al., 2021; KerasHub's PositionEmbedding with Add). It starts uniform
// in ±0.05, as Keras's Embedding.
type PositionEmbedding struct{}

func (PositionEmbedding) Class() string { return "PositionEmbedding" }
func (PositionEmbedding) Output(in [][]int) ([]int, error) {
	if err := rank(in, 2); err != nil {
		return nil, err
	}
	return in[0], nil
}
func (PositionEmbedding) Weights(in [][]int) []Weight {
	return []Weight{{Name: "embeddings", Shape: in[0], Init: UniformInitializer}}
}
func (PositionEmbedding) Build(c *Call, in []*graph.Node) *graph.Node {
	return graph.Add(in[0], graph.ExpandLeftToRank(c.Weight(0), 3))
}

// ClassToken puts one learned token before the others, [n, d] → [n+1, d]: what the last block makes of it stands for
// the whole image (Dosovitskiy et al., 2021). It starts at zero.
type ClassToken struct{}

func (ClassToken) Class() string { return "ClassToken" }
func (ClassToken) Output(in [][]int) ([]int, error) {
	if err := rank(in, 2); err != nil {
		return nil, err
	}
	return []int{in[0][0] + 1, in[0][1]}, nil
}
func (ClassToken) Weights(in [][]int) []Weight {
	return []Weight{{Name: "class_token", Shape: []int{1, in[0][1]}, Init: ZerosInitializer}}
}
func (ClassToken) Build(c *Call, in []*graph.Node) *graph.Node {
	x := in[0].Shape().Dimensions
	token := graph.BroadcastToDims(graph.ExpandLeftToRank(c.Weight(0), 3), x[0], 1, x[2])
	return graph.Concatenate([]*graph.Node{token, in[0]}, 1)
}

// GlobalAveragePooling1D is Keras's: the mean over tokens, [n, d] → [d].
type GlobalAveragePooling1D struct{ weightless }

func (GlobalAveragePooling1D) Class() string { return "GlobalAveragePooling1D" }
func (GlobalAveragePooling1D) Output(in [][]int) ([]int, error) {
	if err := rank(in, 2); err != nil {
		return nil, err
	}
	return in[0][1:], nil
}
func (GlobalAveragePooling1D) Build(_ *Call, in []*graph.Node) *graph.Node {
	return graph.ReduceMean(in[0], 1)
}

// Cropping1D is Keras's: it drops tokens at the start and at the end. With Cropping {0, n−1} and a Flatten behind it,
// the class token of a ViT is left.
type Cropping1D struct {
	weightless
	Cropping [2]int `json:"cropping"`
}

func (Cropping1D) Class() string { return "Cropping1D" }
func (o Cropping1D) Output(in [][]int) ([]int, error) {
	if err := rank(in, 2); err != nil {
		return nil, err
	}
	left := in[0][0] - o.Cropping[0] - o.Cropping[1]
	if min(o.Cropping[0], o.Cropping[1]) < 0 || left < 1 {
		return nil, fmt.Errorf("cropping %v leaves nothing of %d tokens: crop fewer", o.Cropping, in[0][0])
	}
	return []int{left, in[0][1]}, nil
}
func (o Cropping1D) Build(_ *Call, in []*graph.Node) *graph.Node {
	n := in[0].Shape().Dimensions[1]
	return graph.Slice(in[0], graph.AxisRange(), graph.AxisRange(o.Cropping[0], n-o.Cropping[1]), graph.AxisRange())
}
