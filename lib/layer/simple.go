package layer

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/gomlx/core/graph"
)

// weightless is embedded by layers without weights.
type weightless struct{}

func (weightless) Weights([][]int) []Weight { return nil }

// Input is Keras's InputLayer; Shape leaves the batch out, such as {224, 224, 3}.
type Input struct {
	weightless
	Shape []int `json:"shape"`
}

func (Input) Class() string                               { return "InputLayer" }
func (o Input) Output([][]int) ([]int, error)             { return o.Shape, nil }
func (Input) Build(_ *Call, in []*graph.Node) *graph.Node { return in[0] }

// ReLU is Keras's ReLU; MaxValue 6 gives the ReLU6 of the MobileNets, 0 has no upper bound.
type ReLU struct {
	weightless
	MaxValue float64 `json:"max_value,omitempty"`
}

func (ReLU) Class() string                                 { return "ReLU" }
func (ReLU) Output(in [][]int) ([]int, error)              { return in[0], nil }
func (o ReLU) Build(_ *Call, in []*graph.Node) *graph.Node { return clip(in[0], o.MaxValue) }
func clip(x *graph.Node, maxValue float64) *graph.Node {
	if maxValue > 0 {
		return graph.ClipScalar(x, 0, maxValue)
	}
	return graph.MaxScalar(x, 0)
}

// activate applies an activation by its Keras name.
func activate(x *graph.Node, name string) *graph.Node {
	switch name {
	case "":
		return x
	case "relu":
		return clip(x, 0)
	case "relu6":
		return clip(x, 6)
	case "gelu":
		return gelu(x)
	case "softmax":
		return graph.Softmax(x, -1)
	}
	panic(knownActivation(name))
}

func knownActivation(name string) error {
	if slices.Contains([]string{"", "relu", "relu6", "gelu", "softmax"}, name) {
		return nil
	}
	return fmt.Errorf("unknown activation %q: use \"relu\", \"relu6\", \"gelu\" or \"softmax\"", name)
}

// gelu is x·Φ(x), Φ being the normal distribution (Hendrycks and Gimpel, 2016), in its exact form as Keras's default.
func gelu(x *graph.Node) *graph.Node {
	return graph.MulScalar(graph.Mul(x, graph.AddScalar(graph.Erf(graph.MulScalar(x, 1/math.Sqrt2)), 1)), 0.5)
}

// Activation is Keras's Activation, by the name of the function: "relu", "relu6", "gelu" or "softmax".
type Activation struct {
	weightless
	Activation string `json:"activation"`
}

func (Activation) Class() string { return "Activation" }
func (o Activation) Output(in [][]int) ([]int, error) {
	return in[0], knownActivation(o.Activation)
}
func (o Activation) Build(_ *Call, in []*graph.Node) *graph.Node {
	return activate(in[0], o.Activation)
}

// Sum is Keras's Add: the sum of inputs of one shape.
type Sum struct{ weightless }

func (Sum) Class() string { return "Add" }
func (Sum) Output(in [][]int) ([]int, error) {
	for _, s := range in {
		if !slices.Equal(s, in[0]) {
			return nil, fmt.Errorf("inputs differ in shape")
		}
	}
	return in[0], nil
}
func (Sum) Build(_ *Call, in []*graph.Node) *graph.Node {
	sum := in[0]
	for _, x := range in[1:] {
		sum = graph.Add(sum, x)
	}
	return sum
}

// GlobalAveragePooling2D is Keras's: the mean over height and width, [h, w, c] → [c].
type GlobalAveragePooling2D struct{ weightless }

func (GlobalAveragePooling2D) Class() string { return "GlobalAveragePooling2D" }
func (GlobalAveragePooling2D) Output(in [][]int) ([]int, error) {
	if err := rank(in, 3); err != nil {
		return nil, err
	}
	return in[0][2:], nil
}
func (GlobalAveragePooling2D) Build(_ *Call, in []*graph.Node) *graph.Node {
	return graph.ReduceMean(in[0], 1, 2)
}

// Dense is Keras's Dense on the last axis, [inputs] or [n, inputs]: x·kernel + bias with kernel [inputs, Units], then
// the activation. The kernel starts Glorot-uniform, the bias at zero.
type Dense struct {
	Units      int    `json:"units"`
	Activation string `json:"activation,omitempty"`
}

func (Dense) Class() string { return "Dense" }
func (o Dense) Output(in [][]int) ([]int, error) {
	if len(in) != 1 || len(in[0]) == 0 || len(in[0]) > 2 {
		return nil, errors.New("needs one input of rank 1 or 2 without the batch: put a pooling or Flatten before it")
	}
	if o.Units < 1 {
		return nil, fmt.Errorf("%d units: give at least one", o.Units)
	}
	return append(slices.Clone(in[0][:len(in[0])-1]), o.Units), knownActivation(o.Activation)
}
func (o Dense) Weights(in [][]int) []Weight {
	return []Weight{
		{Name: "kernel", Shape: []int{in[0][len(in[0])-1], o.Units}, Init: GlorotUniform},
		{Name: "bias", Shape: []int{o.Units}, Init: ZerosInitializer},
	}
}
func (o Dense) Build(c *Call, in []*graph.Node) *graph.Node {
	x, dims := in[0], in[0].Shape().Dimensions
	last := len(dims) - 1
	x = graph.Reshape(x, x.Shape().Size()/dims[last], dims[last]) // one matrix product for all vectors of all images
	x = graph.Add(graph.Dot(x, c.Weight(0)).Product(), graph.ExpandLeftToRank(c.Weight(1), 2))
	return graph.Reshape(activate(x, o.Activation), append(slices.Clone(dims[:last]), o.Units)...)
}

// Rescaling is Keras's Rescaling: x·Scale + Offset. With Scale 1/127.5 and Offset −1 it is the preprocess_input of
// MobileNetV2 and ResNet50V2, which maps pixels 0…255 to [−1, 1].
type Rescaling struct {
	weightless
	Scale  float64 `json:"scale"`
	Offset float64 `json:"offset"`
}

func (Rescaling) Class() string                    { return "Rescaling" }
func (Rescaling) Output(in [][]int) ([]int, error) { return in[0], nil }
func (o Rescaling) Build(_ *Call, in []*graph.Node) *graph.Node {
	return graph.AddScalar(graph.MulScalar(in[0], o.Scale), o.Offset)
}
