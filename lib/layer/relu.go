package layer

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
)

// ReLU is Keras's ReLU; MaxValue 6 gives the ReLU6 of the MobileNets, 0 has no upper bound.
type ReLU struct {
	weightless
	MaxValue float64
}

func (ReLU) Class() string                                 { return "ReLU" }
func (ReLU) Output(in [][]int) ([]int, error)              { return in[0], nil }
func (o ReLU) Build(_ *Call, in []*graph.Node) *graph.Node { return clip(in[0], o.MaxValue) }

func (o ReLU) Config() (Settings, error) {
	var most any
	if o.MaxValue > 0 {
		most = o.MaxValue
	}
	return Settings{"max_value": most, "negative_slope": 0.0, "threshold": 0.0}, nil
}

func (o ReLU) label([]int) Label {
	if o.MaxValue > 0 {
		return Label{Text: fmt.Sprintf("ReLU%g", o.MaxValue), Minor: true}
	}
	return Label{Text: "ReLU", Minor: true}
}

func (o ReLU) function() string {
	switch o.MaxValue {
	case 0:
		return "relu"
	case 6:
		return "relu6"
	}
	return ""
}

// LeakyReLU is Keras's: x above zero, NegativeSlope·x below.
type LeakyReLU struct {
	weightless
	NegativeSlope float64 // 0 is Keras's 0.3
}

func (LeakyReLU) Class() string { return "LeakyReLU" }
func (o LeakyReLU) withDefaults() Op {
	o.NegativeSlope = cmp.Or(o.NegativeSlope, 0.3)
	return o
}
func (o LeakyReLU) Output(in [][]int) ([]int, error) {
	if o.NegativeSlope <= 0 || o.NegativeSlope > 1 {
		return nil, errors.New("the negative slope must be above 0, up to 1")
	}
	return in[0], nil
}
func (o LeakyReLU) Build(_ *Call, in []*graph.Node) *graph.Node { return leaky(in[0], o.NegativeSlope) }
func (o LeakyReLU) Config() (Settings, error) {
	return Settings{"negative_slope": cmp.Or(o.NegativeSlope, 0.3)}, nil
}
func (LeakyReLU) label([]int) Label { return Label{Text: "leaky ReLU", Minor: true} }

// Softmax is Keras's over the last axis: exp(x), divided by its sum.
type Softmax struct{ weightless }

func (Softmax) Class() string                               { return "Softmax" }
func (Softmax) Output(in [][]int) ([]int, error)            { return in[0], nil }
func (Softmax) Build(_ *Call, in []*graph.Node) *graph.Node { return graph.Softmax(in[0], -1) }
func (Softmax) Config() (Settings, error)                   { return Settings{"axis": -1}, nil }
func (Softmax) label([]int) Label                           { return Label{Text: "softmax", Minor: true} }
func (Softmax) logits() (Op, bool)                          { return nil, true }
func (Softmax) check(in []int, f *Fields)                   { f.lastAxis(in) }

func init() {
	register("ReLU", func(f *Fields) Op {
		f.Only("negative_slope", "0.0", "0")
		f.Only("threshold", "0.0", "0")
		var o ReLU
		if f.Read("max_value", &o.MaxValue) && o.MaxValue <= 0 {
			f.Fail("max_value is %v; it must be positive", o.MaxValue)
		}
		return o
	})
	leaky := func(f *Fields, slope float64) Op {
		o := LeakyReLU{NegativeSlope: slope}
		if !f.Read("negative_slope", &o.NegativeSlope) {
			f.Read("alpha", &o.NegativeSlope) // of Keras 2
		}
		if o.NegativeSlope <= 0 || o.NegativeSlope > 1 {
			f.Fail("negative_slope is %v; known here are values above 0, up to 1", o.NegativeSlope)
		}
		return o
	}
	register("LeakyReLU", func(f *Fields) Op { return leaky(f, 0.3) })
	registerFunction(func(f *Fields) Op { return leaky(f, 0.2) }, "LeakyRelu")
	register("Softmax", func(f *Fields) Op {
		f.Only("axis", "-1", "[-1]", "1", "[1]", "2", "[2]", "3", "[3]") // the last one: see check
		return Softmax{}
	})
}
