package layer

import (
	"cmp"

	"github.com/gomlx/gomlx/core/graph"
)

// MaxPooling2D is Keras's MaxPooling2D over Pool×Pool windows, with "valid" or "same" padding. Padded places never
// win: zeros before a pooling that should count them, as ResNet50V2's, are a ZeroPadding2D of their own.
type MaxPooling2D struct {
	weightless
	Pool    int    `json:"pool_size"`
	Strides int    `json:"strides,omitempty"` // 0 is Pool
	Padding string `json:"padding,omitempty"` // "" is "valid"
}

func (MaxPooling2D) Class() string { return "MaxPooling2D" }

func (o MaxPooling2D) withDefaults() Op {
	o.Strides, o.Padding = cmp.Or(o.Strides, o.Pool), cmp.Or(o.Padding, "valid")
	return o
}

func (o MaxPooling2D) Output(in [][]int) ([]int, error) {
	if err := rank(in, 3); err != nil {
		return nil, err
	}
	h, w, err := windowOutput(in[0], o.Pool, o.Strides, o.Padding, [4]int{})
	return []int{h, w, in[0][2]}, err
}

func (o MaxPooling2D) Build(_ *Call, in []*graph.Node) *graph.Node {
	x := in[0]
	if o.Pool == 1 {
		return stride(x, o.Strides)
	}
	p := windowPads(x.Shape().Dimensions[1:], o.Pool, o.Strides, o.Padding, [4]int{})
	return graph.MaxPool(x).Window(o.Pool).Strides(o.Strides).
		PaddingPerDim([][2]int{{p[0], p[1]}, {p[2], p[3]}}).Done()
}
