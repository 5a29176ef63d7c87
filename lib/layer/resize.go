package layer

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
)

// Resizing is Keras's Resizing with bilinear interpolation: half-pixel centres, no antialiasing, as
// tf.image.resize(method="bilinear"). See GeneralResizing for others.
type Resizing struct {
	weightless
	Height int
	Width  int
}

func (Resizing) Class() string { return "Resizing" }

func (o Resizing) Output(in [][]int) ([]int, error) {
	if err := rank(in, 3); err != nil {
		return nil, err
	}
	if o.Height < 1 || o.Width < 1 {
		return nil, fmt.Errorf("%d×%d pixels: give a positive size", o.Height, o.Width)
	}
	return []int{o.Height, o.Width, in[0][2]}, nil
}

func (o Resizing) Config() (Settings, error) {
	return Settings{"height": o.Height, "width": o.Width, "interpolation": "bilinear", "crop_to_aspect_ratio": false}, nil
}

func (o Resizing) label([]int) Label {
	return Label{Text: fmt.Sprintf("resize to %d×%d", o.Height, o.Width)}
}

func init() {
	register("Resizing", func(f *Fields) Op {
		interpolation := f.interpolation()
		var height, width int
		f.positive("height", &height)
		f.positive("width", &width)
		return resizing(height, width, interpolation)
	})
	registerFunction(func(f *Fields) Op {
		interpolation := f.interpolation()
		var size []int
		if f.Need("size", &size); len(size) != 2 || size[0] < 1 || size[1] < 1 {
			f.Fail("size is %s; it must be height and width", Short(f.values["size"]))
			return nil
		}
		return resizing(size[0], size[1], interpolation)
	}, "Resize", "image.resize")
}

// interpolation reads how an image is resized.
func (f *Fields) interpolation() string {
	f.channelsLast()
	interpolation := "bilinear"
	for _, name := range []string{"interpolation", "method"} {
		f.Only(name, `"bilinear"`, `"nearest"`, `"bicubic"`)
		if !f.failed(name) {
			f.Read(name, &interpolation)
		}
	}
	for _, name := range []string{"antialias", "crop_to_aspect_ratio", "pad_to_aspect_ratio", "preserve_aspect_ratio"} {
		f.Only(name, "false")
	}
	f.Ignore("fill_mode", "fill_value")
	return interpolation
}

func (o Resizing) Build(_ *Call, in []*graph.Node) *graph.Node {
	return resizeAxis(resizeAxis(in[0], 1, o.Height), 2, o.Width)
}

// resizeAxis interpolates linearly along one axis: out[i] = x[lower]·(1−t) + x[upper]·t. Positions are rounded to
// float32 as in TensorFlow: at 255 pixels that is an error of 1e-5 of a pixel, which exact positions would not share.
func resizeAxis(x *graph.Node, axis, size int) *graph.Node {
	n := x.Shape().Dimensions[axis]
	if n == size {
		return x
	}
	lower, upper, t := make([]int32, size), make([]int32, size), make([]float32, size)
	scale := float32(n) / float32(size)
	for i := range size {
		at := float32((float32(i)+0.5)*scale) - 0.5 // the conversion forbids a fused multiply-add
		at = min(max(at, 0), float32(n-1))
		lower[i] = int32(at)
		upper[i] = min(lower[i]+1, int32(n-1))
		t[i] = at - float32(lower[i])
	}
	g := x.Graph()
	shape := []int{1, 1, 1, 1}
	shape[axis] = size
	weight := graph.Reshape(graph.Const(g, t), shape...)
	a, b := takeAxis(x, axis, lower), takeAxis(x, axis, upper)
	return graph.Add(a, graph.Mul(graph.Sub(b, a), weight))
}

func takeAxis(x *graph.Node, axis int, indices []int32) *graph.Node {
	g := x.Graph()
	start := graph.Reshape(graph.Const(g, indices), len(indices), 1)
	// [size, b, …, 1, …, c] → move the gathered axis into place.
	slices := graph.GatherSlices(x, []int{axis}, start, []int{1}, true)
	slices = graph.Squeeze(slices, axis+1)
	permutation := make([]int, x.Rank())
	for i := range permutation {
		switch {
		case i < axis:
			permutation[i] = i + 1
		case i == axis:
			permutation[i] = 0
		default:
			permutation[i] = i
		}
	}
	return graph.TransposeAllAxes(slices, permutation...)
}
