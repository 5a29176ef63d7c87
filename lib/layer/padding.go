package layer

import (
	"encoding/json"

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

func readZeroPadding2D(f *Fields) Op { return ZeroPadding2D{Pad: f.edges("padding")} }

// edges reads {top, bottom, left, right} from ((top, bottom), (left, right)), (vertical, horizontal), or one number.
func (f *Fields) edges(name string) [4]int {
	f.channelsLast()
	var edges [2][2]int
	var both [2]int
	var all int
	raw := f.values[name]
	switch {
	case json.Unmarshal(raw, &all) == nil:
		edges = [2][2]int{{all, all}, {all, all}}
	case json.Unmarshal(raw, &both) == nil:
		edges = [2][2]int{{both[0], both[0]}, {both[1], both[1]}}
	default:
		f.Need(name, &edges)
	}
	f.Ignore(name)
	if min(edges[0][0], edges[0][1], edges[1][0], edges[1][1]) < 0 {
		f.Fail("%s is %s; it must not be negative", name, Short(raw))
	}
	return [4]int{edges[0][0], edges[0][1], edges[1][0], edges[1][1]}
}
