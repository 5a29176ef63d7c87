package layer

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/core/graph"
)

// A transformer works on tokens: [n, d], n vectors of d numbers. Keras has no layers for what these two add to them; how
// files say it is in package keras.

var errNoClass = errors.New("Keras has no such layer")

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
func (PositionEmbedding) Config() (Settings, error) { return nil, errNoClass }
func (PositionEmbedding) label([]int) Label         { return Label{Text: "position embedding"} }

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
func (ClassToken) Config() (Settings, error) { return nil, errNoClass }
func (ClassToken) label([]int) Label         { return Label{Text: "class token"} }

// EinsumDense is Keras's, of the one equation "btd,td->btd": x times a learned table of its shape, value by value.
type EinsumDense struct {
	OutputShape []int
}

// tableEquation is what EinsumDense computes.
const tableEquation = "btd,td->btd"

func (EinsumDense) Class() string { return "EinsumDense" }
func (o EinsumDense) Output(in [][]int) ([]int, error) {
	if len(in) != 1 || len(o.OutputShape) != 2 || !slices.Equal(in[0], o.OutputShape) {
		return nil, fmt.Errorf("its output_shape is %v; known here is that of its input, tokens of some width", o.OutputShape)
	}
	return o.OutputShape, nil
}
func (o EinsumDense) Weights([][]int) []Weight {
	return []Weight{{Name: "kernel", Shape: o.OutputShape, Init: GlorotUniform}}
}
func (EinsumDense) Build(c *Call, in []*graph.Node) *graph.Node {
	return graph.Mul(in[0], graph.ExpandLeftToRank(c.Weight(0), 3))
}
func (o EinsumDense) Config() (Settings, error) {
	return Settings{"equation": tableEquation, "output_shape": o.OutputShape, "activation": "linear", "bias_axes": nil}, nil
}
func (EinsumDense) label([]int) Label { return Label{Text: "table"} }

func init() {
	register("EinsumDense", func(f *Fields) Op {
		var o EinsumDense
		var equation string
		if f.Need("equation", &equation); equation != tableEquation {
			f.Fail("equation is %q; known here is %q, of a table", equation, tableEquation)
		}
		f.Need("output_shape", &o.OutputShape)
		f.Only("bias_axes")
		f.Only("activation", `"linear"`)
		f.Only("lora_rank")
		f.Only("gptq_unpacked_column_size")
		f.Only("quantization_config")
		f.Ignore("kernel_initializer", "bias_initializer")
		f.training("kernel_regularizer", "bias_regularizer", "activity_regularizer", "kernel_constraint",
			"bias_constraint")
		return o
	})
}
