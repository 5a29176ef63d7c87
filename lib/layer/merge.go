package layer

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/core/graph"
)

// Layers that read several others, and give one tensor.

// Add is Keras's: the sum of inputs of one shape.
type Add struct{ weightless }

// Average is Keras's: the mean of inputs of one shape.
type Average struct{ weightless }

// Multiply is Keras's: the product of its inputs. Where one has size 1, as in [1, 1, c] and [h, w, c], its value counts
// for all places.
type Multiply struct{ weightless }

// Concatenate is Keras's: its inputs side by side along an axis, which Keras counts with the batch as 0.
type Concatenate struct {
	weightless
	Axis int // 0 is Keras's −1, the last one
}

func init() {
	register("Add", func(*Fields) Op { return Add{} })
	register("Average", func(*Fields) Op { return Average{} })
	register("Multiply", func(*Fields) Op { return Multiply{} })
	register("Concatenate", func(f *Fields) Op {
		o := Concatenate{Axis: -1}
		if f.Read("axis", &o.Axis); o.Axis == 0 {
			f.Fail("axis is 0, that of the batch; known here are the others")
		}
		return o
	})
}

func (Add) Class() string         { return "Add" }
func (Average) Class() string     { return "Average" }
func (Multiply) Class() string    { return "Multiply" }
func (Concatenate) Class() string { return "Concatenate" }

func (Add) inputs() Inputs         { return TensorList }
func (Average) inputs() Inputs     { return TensorList }
func (Multiply) inputs() Inputs    { return TensorList }
func (Concatenate) inputs() Inputs { return TensorList }

func (Add) Output(in [][]int) ([]int, error)     { return oneShape(in) }
func (Average) Output(in [][]int) ([]int, error) { return oneShape(in) }

func oneShape(in [][]int) ([]int, error) {
	for _, s := range in {
		if !slices.Equal(s, in[0]) {
			return nil, errors.New("inputs differ in shape")
		}
	}
	return in[0], nil
}

func (Multiply) Output(in [][]int) ([]int, error) {
	out := slices.Clone(in[0])
	for _, s := range in {
		fits := len(s) == len(out)
		for i := 0; fits && i < len(s); i++ {
			fits = s[i] == out[i] || s[i] == 1 || out[i] == 1
			out[i] = max(out[i], s[i])
		}
		if !fits {
			return nil, errors.New("inputs differ in shape, other than by sizes of 1")
		}
	}
	return out, nil
}

func (o Concatenate) withDefaults() Op {
	o.Axis = cmp.Or(o.Axis, -1)
	return o
}

// axis is the axis among those of inputs of this rank, without the batch.
func (o Concatenate) axis(rank int) int {
	if o.Axis <= 0 {
		return rank + cmp.Or(o.Axis, -1)
	}
	return o.Axis - 1
}

func (o Concatenate) Output(in [][]int) ([]int, error) {
	out := slices.Clone(in[0])
	axis := o.axis(len(out))
	if axis < 0 || axis >= len(out) {
		return nil, fmt.Errorf("there is no axis %d", o.Axis)
	}
	for _, s := range in[1:] {
		for i := range out {
			if len(s) != len(out) || i != axis && s[i] != out[i] {
				return nil, fmt.Errorf("inputs differ in shape, other than along axis %d", o.Axis)
			}
		}
		out[axis] += s[axis]
	}
	return out, nil
}

func (Add) Build(_ *Call, in []*graph.Node) *graph.Node      { return merge(in, graph.Add) }
func (Multiply) Build(_ *Call, in []*graph.Node) *graph.Node { return merge(in, graph.Mul) }
func (Average) Build(_ *Call, in []*graph.Node) *graph.Node {
	return graph.DivScalar(merge(in, graph.Add), float64(len(in)))
}
func (o Concatenate) Build(_ *Call, in []*graph.Node) *graph.Node {
	return graph.Concatenate(in, 1+o.axis(in[0].Rank()-1))
}

func merge(in []*graph.Node, two func(a, b *graph.Node) *graph.Node) *graph.Node {
	out := in[0]
	for _, x := range in[1:] {
		out = two(out, x)
	}
	return out
}

func (Add) Config() (Settings, error)           { return Settings{}, nil }
func (Average) Config() (Settings, error)       { return Settings{}, nil }
func (Multiply) Config() (Settings, error)      { return Settings{}, nil }
func (o Concatenate) Config() (Settings, error) { return Settings{"axis": cmp.Or(o.Axis, -1)}, nil }

func (Add) label([]int) Label         { return Label{Text: "Add", Drawn: true} }
func (Average) label([]int) Label     { return Label{Text: "average"} }
func (Multiply) label([]int) Label    { return Label{Text: "Multiply", Drawn: true} }
func (Concatenate) label([]int) Label { return Label{Text: "concatenation"} }
