package layer

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/core/graph"
)

func init() {
	register("Flatten", func(f *Fields) Op {
		f.channelsLast()
		return Flatten{}
	})
	register("Reshape", func(f *Fields) Op {
		var o Reshape
		f.Need("target_shape", &o.Shape)
		return o
	})
	register("Cropping1D", readCropping1D)
}

// Flatten is Keras's Flatten of channels-last images: [h, w, c] → [h·w·c].
type Flatten struct{ weightless }

func (Flatten) Class() string                    { return "Flatten" }
func (Flatten) Output(in [][]int) ([]int, error) { return []int{Size(in[0])}, nil }
func (Flatten) Build(_ *Call, in []*graph.Node) *graph.Node {
	x := in[0]
	return graph.Reshape(x, x.Shape().Dimensions[0], x.Shape().Size()/x.Shape().Dimensions[0])
}

func (Flatten) Config() (Settings, error) { return Settings{"data_format": "channels_last"}, nil }
func (Flatten) label([]int) Label         { return Label{Text: "flatten"} }

// Reshape is Keras's: the same values in another shape, in row-major order. One size may be left open, as −1.
type Reshape struct {
	weightless
	Shape []int
}

func (Reshape) Class() string { return "Reshape" }
func (o Reshape) Output(in [][]int) ([]int, error) {
	if len(in) != 1 || len(o.Shape) == 0 || slices.Min(o.Shape) < 1 || Size(in[0]) != Size(o.Shape) {
		return nil, fmt.Errorf("cannot be reshaped to %v: give a shape of as many values", o.Shape)
	}
	return o.Shape, nil
}
func (o Reshape) Build(_ *Call, in []*graph.Node) *graph.Node {
	return graph.Reshape(in[0], append([]int{in[0].Shape().Dimensions[0]}, o.Shape...)...)
}

func (o Reshape) Config() (Settings, error) { return Settings{"target_shape": o.Shape}, nil }

func (o Reshape) label(out []int) Label {
	if len(out) == 2 {
		return Label{Text: fmt.Sprintf("%d tokens", out[0])}
	}
	return Label{Text: "reshape"}
}

// resolve fills in the size that is left open.
func (o Reshape) resolve(in [][]int) Op {
	open := slices.Index(o.Shape, -1)
	if open < 0 || len(in) == 0 {
		return o
	}
	shape := slices.Clone(o.Shape)
	size := Size(in[0])
	for i, n := range shape {
		if i != open && n > 0 {
			size /= n
		}
	}
	shape[open] = size
	return Reshape{Shape: shape}
}

// Cropping1D is Keras's: it drops tokens at the start and at the end. With Cropping {0, n−1} and a Flatten behind it,
// the class token of a ViT is left.
type Cropping1D struct {
	weightless
	Cropping [2]int
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

func (o Cropping1D) Config() (Settings, error) { return Settings{"cropping": o.Cropping}, nil }

func (o Cropping1D) label(out []int) Label {
	if out[0] == 1 {
		return Label{Text: "crop to 1 token"}
	}
	return Label{Text: fmt.Sprintf("crop to %d tokens", out[0])}
}

func readCropping1D(f *Fields) Op {
	var o Cropping1D
	var both int
	if raw := f.values["cropping"]; json.Unmarshal(raw, &both) == nil {
		f.Ignore("cropping")
		o.Cropping = [2]int{both, both}
		return o
	}
	f.Need("cropping", &o.Cropping)
	return o
}
