package layer

import (
	"cmp"

	"github.com/gomlx/gomlx/core/graph"
)

// LayerNormalization is Keras's LayerNormalization over the last axis (Ba et al., 2016): each vector is brought to mean
// 0 and variance 1, then multiplied by gamma and moved by beta. It acts the same in training and inference.
type LayerNormalization struct {
	Epsilon float64 // 0 is Keras's 1e-3
}

func init() { register("LayerNormalization", readLayerNormalization) }

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

func (o LayerNormalization) Build(c *Call, in []*graph.Node) *graph.Node {
	x := in[0]
	centred := graph.Sub(x, graph.ReduceAndKeep(x, graph.ReduceMean, -1))
	variance := graph.ReduceAndKeep(graph.Square(centred), graph.ReduceMean, -1)
	normal := graph.Div(centred, graph.Sqrt(graph.AddScalar(variance, o.Epsilon)))
	scaled := graph.Mul(normal, graph.ExpandLeftToRank(c.Weight(0), x.Rank()))
	return graph.Add(scaled, graph.ExpandLeftToRank(c.Weight(1), x.Rank()))
}

func (LayerNormalization) label([]int) Label { return Label{Text: "layer normalization", Minor: true} }

func (o LayerNormalization) Config() (Settings, error) {
	return Settings{"axis": -1, "epsilon": cmp.Or(o.Epsilon, 1e-3), "center": true, "scale": true}, nil
}

func readLayerNormalization(f *Fields) Op {
	f.Only("center", "true")
	f.Only("scale", "true")
	f.Only("rms_scaling", "false")
	f.Only("axis", "-1", "[-1]", "1", "[1]", "2", "[2]", "3", "[3]") // the last one: see check
	f.Ignore("beta_initializer", "gamma_initializer")
	f.training("beta_regularizer", "gamma_regularizer", "beta_constraint", "gamma_constraint")
	o := LayerNormalization{Epsilon: 1e-3}
	f.Read("epsilon", &o.Epsilon)
	if o.Epsilon <= 0 {
		f.Fail("epsilon is %v; it must be positive", o.Epsilon)
	}
	return o
}

func (LayerNormalization) check(in []int, f *Fields) { f.lastAxis(in) }
