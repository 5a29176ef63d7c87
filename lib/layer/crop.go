package layer

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
)

// Cropping2D is Keras's: it drops rows and columns at the edges, {top, bottom, left, right} in pixels.
type Cropping2D struct {
	weightless
	Cropping [4]int
}

// CenterCrop is Keras's: the middle of an image that is as large or larger. An odd pixel is dropped at the end.
type CenterCrop struct {
	weightless
	Height, Width int
}

func init() {
	register("Cropping2D", func(f *Fields) Op { return Cropping2D{Cropping: f.edges("cropping")} })
	register("CenterCrop", func(f *Fields) Op {
		f.channelsLast()
		var o CenterCrop
		f.positive("height", &o.Height)
		f.positive("width", &o.Width)
		return o
	})
}

func (Cropping2D) Class() string { return "Cropping2D" }
func (CenterCrop) Class() string { return "CenterCrop" }

func (o Cropping2D) Output(in [][]int) ([]int, error) {
	if err := rank(in, 3); err != nil {
		return nil, err
	}
	c := o.Cropping
	height, width := in[0][0]-c[0]-c[1], in[0][1]-c[2]-c[3]
	if min(c[0], c[1], c[2], c[3]) < 0 || min(height, width) < 1 {
		return nil, fmt.Errorf("cropping %v leaves nothing of %d×%d pixels: crop less", c, in[0][0], in[0][1])
	}
	return []int{height, width, in[0][2]}, nil
}

func (o CenterCrop) Output(in [][]int) ([]int, error) {
	if err := rank(in, 3); err != nil {
		return nil, err
	}
	if min(o.Height, o.Width) < 1 || o.Height > in[0][0] || o.Width > in[0][1] {
		return nil, fmt.Errorf("the centre of %d×%d pixels is cut out of %d×%d: give images that are as large", o.Height,
			o.Width, in[0][0], in[0][1])
	}
	return []int{o.Height, o.Width, in[0][2]}, nil
}

func (o Cropping2D) Build(_ *Call, in []*graph.Node) *graph.Node {
	d, c := in[0].Shape().Dimensions, o.Cropping
	return graph.Slice(in[0], graph.AxisRange(), graph.AxisRange(c[0], d[1]-c[1]), graph.AxisRange(c[2], d[2]-c[3]),
		graph.AxisRange())
}

func (o CenterCrop) Build(c *Call, in []*graph.Node) *graph.Node {
	d := in[0].Shape().Dimensions
	top, left := (d[1]-o.Height)/2, (d[2]-o.Width)/2
	return Cropping2D{Cropping: [4]int{top, d[1] - o.Height - top, left, d[2] - o.Width - left}}.Build(c, in)
}

func (o Cropping2D) Config() (Settings, error) {
	c := o.Cropping
	return Settings{"cropping": [2][2]int{{c[0], c[1]}, {c[2], c[3]}}, "data_format": "channels_last"}, nil
}

func (o CenterCrop) Config() (Settings, error) {
	return Settings{"height": o.Height, "width": o.Width, "data_format": "channels_last"}, nil
}

func (Cropping2D) label([]int) Label { return Label{Text: "crop"} }
func (o CenterCrop) label([]int) Label {
	return Label{Text: fmt.Sprintf("crop to %d×%d", o.Height, o.Width)}
}
