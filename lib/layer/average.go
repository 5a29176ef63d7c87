package layer

import (
	"cmp"

	"github.com/gomlx/gomlx/core/graph"
)

// AveragePooling2D is Keras's AveragePooling2D over Pool×Pool windows, with "valid" or "same" padding. Padded places
// do not count: a window at the edge is averaged over the pixels that it has.
type AveragePooling2D struct {
	weightless
	Pool    int    `json:"pool_size"`
	Strides int    `json:"strides,omitempty"` // 0 is Pool
	Padding string `json:"padding,omitempty"` // "" is "valid"
}

func (AveragePooling2D) Class() string { return "AveragePooling2D" }

func (o AveragePooling2D) withDefaults() Op {
	o.Strides, o.Padding = cmp.Or(o.Strides, o.Pool), cmp.Or(o.Padding, "valid")
	return o
}

func (o AveragePooling2D) Output(in [][]int) ([]int, error) {
	return MaxPooling2D{Pool: o.Pool, Strides: o.Strides, Padding: o.Padding}.Output(in)
}

func (o AveragePooling2D) Build(_ *Call, in []*graph.Node) *graph.Node {
	x := in[0]
	p := windowPads(x.Shape().Dimensions[1:], o.Pool, o.Strides, o.Padding, [4]int{})
	sum := func(x *graph.Node) *graph.Node {
		return graph.SumPool(x).Window(o.Pool).Strides(o.Strides).PaddingPerDim([][2]int{{p[0], p[1]}, {p[2], p[3]}}).Done()
	}
	if p == [4]int{} {
		return graph.DivScalar(sum(x), float64(o.Pool*o.Pool))
	}
	return graph.Div(sum(x), graph.StopGradient(sum(graph.OnesLike(x))))
}

// GlobalMaxPooling2D is Keras's: the maximum over height and width, [h, w, c] → [c].
type GlobalMaxPooling2D struct{ weightless }

func (GlobalMaxPooling2D) Class() string { return "GlobalMaxPooling2D" }
func (GlobalMaxPooling2D) Output(in [][]int) ([]int, error) {
	return GlobalAveragePooling2D{}.Output(in)
}
func (GlobalMaxPooling2D) Build(_ *Call, in []*graph.Node) *graph.Node {
	return graph.ReduceMax(in[0], 1, 2)
}

// Flatten is Keras's Flatten of channels-last images: [h, w, c] → [h·w·c].
type Flatten struct{ weightless }

func (Flatten) Class() string                    { return "Flatten" }
func (Flatten) Output(in [][]int) ([]int, error) { return []int{product(in[0])}, nil }
func (Flatten) Build(_ *Call, in []*graph.Node) *graph.Node {
	x := in[0]
	return graph.Reshape(x, x.Shape().Dimensions[0], x.Shape().Size()/x.Shape().Dimensions[0])
}
