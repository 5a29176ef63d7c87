package layer

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/core/graph"
)

// PReLU is Keras's (He et al., 2015): x above zero, alpha·x below, alpha being learned for each value of the input, but
// for the axes that share it. It starts at zero.
type PReLU struct {
	SharedAxes []int // counted with the batch as 0
}

// ELU is Keras's (Clevert et al., 2016): x above zero, Alpha·(exp(x) − 1) below.
type ELU struct {
	weightless
	Alpha float64 // 0 is Keras's 1
}

func init() {
	register("PReLU", func(f *Fields) Op {
		var o PReLU
		f.Ignore("alpha_initializer")
		f.training("alpha_regularizer", "alpha_constraint")
		f.Read("shared_axes", &o.SharedAxes)
		return o
	})
	elu := func(f *Fields) Op {
		o := ELU{Alpha: 1}
		if f.Read("alpha", &o.Alpha); o.Alpha <= 0 {
			f.Fail("alpha is %v; it must be positive", o.Alpha)
		}
		return o
	}
	register("ELU", elu)
	registerFunction(elu, "Elu")
}

func (PReLU) Class() string { return "PReLU" }
func (ELU) Class() string   { return "ELU" }

func (o ELU) withDefaults() Op {
	o.Alpha = cmp.Or(o.Alpha, 1)
	return o
}

func (o PReLU) Output(in [][]int) ([]int, error) {
	for _, axis := range o.SharedAxes {
		if axis < 1 || axis > len(in[0]) {
			return nil, fmt.Errorf("shared axis %d: give 1 to %d", axis, len(in[0]))
		}
	}
	return in[0], nil
}
func (ELU) Output(in [][]int) ([]int, error) { return in[0], nil }

func (o PReLU) Weights(in [][]int) []Weight {
	shape := slices.Clone(in[0])
	for _, axis := range o.SharedAxes {
		shape[axis-1] = 1
	}
	return []Weight{{Name: "alpha", Shape: shape, Init: ZerosInitializer}}
}

func (PReLU) Build(c *Call, in []*graph.Node) *graph.Node {
	x := in[0]
	below := graph.Mul(graph.ExpandLeftToRank(c.Weight(0), x.Rank()), graph.MinScalar(x, 0))
	return graph.Add(clip(x, 0), below)
}
func (o ELU) Build(_ *Call, in []*graph.Node) *graph.Node {
	x := in[0]
	return graph.Where(graph.GreaterThan(x, graph.ZerosLike(x)), x, graph.MulScalar(elu(x), o.Alpha))
}

func (o PReLU) Config() (Settings, error) {
	s := Settings{"shared_axes": nil}
	if o.SharedAxes != nil {
		s["shared_axes"] = o.SharedAxes
	}
	return s, nil
}
func (o ELU) Config() (Settings, error) { return Settings{"alpha": cmp.Or(o.Alpha, 1)}, nil }

func (PReLU) label([]int) Label { return Label{Text: "PReLU", Minor: true} }
func (ELU) label([]int) Label   { return Label{Text: "ELU", Minor: true} }
