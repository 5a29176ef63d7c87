package layer

import (
	"encoding/json"
	"slices"

	"github.com/gomlx/gomlx/core/graph"
)

// ZeroPadding2D is Keras's ZeroPadding2D: Pad is {top, bottom, left, right} in pixels.
type ZeroPadding2D struct {
	Pad [4]int
}

func (ZeroPadding2D) Class() string { return "ZeroPadding2D" }

func (o ZeroPadding2D) Output(in [][]int) ([]int, error) {
	if err := rank(in, 3); err != nil {
		return nil, err
	}
	return []int{in[0][0] + o.Pad[0] + o.Pad[1], in[0][1] + o.Pad[2] + o.Pad[3], in[0][2]}, nil
}

func (ZeroPadding2D) Weights([][]int) []Weight                      { return nil }
func (o ZeroPadding2D) Build(_ *Call, in []*graph.Node) *graph.Node { return pad(in[0], o.Pad) }

func (o ZeroPadding2D) Config() (Settings, error) {
	return Settings{"padding": [2][2]int{{o.Pad[0], o.Pad[1]}, {o.Pad[2], o.Pad[3]}}, "data_format": "channels_last"}, nil
}

func (ZeroPadding2D) label([]int) Label { return Label{Text: "padding", Drawn: true} }

// pads is what a convolution behind it can do itself.
func (o ZeroPadding2D) pads() [4]int { return o.Pad }

func init() { register("ZeroPadding2D", readZeroPadding2D) }

// readZeroPadding2D reads ((top, bottom), (left, right)), (vertical, horizontal), or one number.
func readZeroPadding2D(f *Fields) Op {
	f.channelsLast()
	var pad [2][2]int
	var both [2]int
	var all int
	raw := f.values["padding"]
	switch {
	case json.Unmarshal(raw, &all) == nil:
		pad = [2][2]int{{all, all}, {all, all}}
	case json.Unmarshal(raw, &both) == nil:
		pad = [2][2]int{{both[0], both[0]}, {both[1], both[1]}}
	default:
		f.Need("padding", &pad)
	}
	f.Ignore("padding")
	o := ZeroPadding2D{Pad: [4]int{pad[0][0], pad[0][1], pad[1][0], pad[1][1]}}
	if slices.Min(o.Pad[:]) < 0 {
		f.Fail("padding is %s; it must not be negative", Short(raw))
	}
	return o
}
