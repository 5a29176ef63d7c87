package layer

import (
	"cmp"
	"encoding/json"

	"github.com/gomlx/gomlx/core/graph"
)

func init() {
	register("MaxPooling2D", func(f *Fields) Op {
		var o MaxPooling2D
		o.Pool, o.Strides, o.Padding = f.pooling()
		return o
	})
	register("AveragePooling2D", func(f *Fields) Op {
		var o AveragePooling2D
		o.Pool, o.Strides, o.Padding = f.pooling()
		return o
	})
}

func (f *Fields) pooling() (pool, strides int, padding string) {
	f.channelsLast()
	pool = f.square("pool_size")
	strides = pool
	if f.Read("strides", new(json.RawMessage)) {
		strides = f.square("strides")
	}
	return pool, strides, f.padding()
}

func poolingConfig(pool, strides int, padding string) (Settings, error) {
	return Settings{"pool_size": pair(pool), "strides": pair(cmp.Or(strides, pool)), "padding": cmp.Or(padding, "valid"),
		"data_format": "channels_last"}, nil
}

// MaxPooling2D is Keras's MaxPooling2D over Pool×Pool windows, with "valid" or "same" padding. Padded places never
// win: zeros before a pooling that should count them, as ResNet50V2's, are a ZeroPadding2D of their own.
type MaxPooling2D struct {
	weightless
	Pool    int
	Strides int    // 0 is Pool
	Padding string // "" is "valid"
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
	h, w, err := square(o.Pool, o.Strides, o.Padding).output(in[0], [4]int{})
	return []int{h, w, in[0][2]}, err
}

func (o MaxPooling2D) Build(_ *Call, in []*graph.Node) *graph.Node {
	x := in[0]
	if o.Pool == 1 {
		return stride(x, o.Strides)
	}
	p := square(o.Pool, o.Strides, o.Padding).pads(x.Shape().Dimensions[1:], [4]int{})
	return graph.MaxPool(x).Window(o.Pool).Strides(o.Strides).
		PaddingPerDim([][2]int{{p[0], p[1]}, {p[2], p[3]}}).Done()
}

func (o MaxPooling2D) Config() (Settings, error) { return poolingConfig(o.Pool, o.Strides, o.Padding) }

func (o MaxPooling2D) label([]int) Label {
	return square(o.Pool, o.Strides, o.Padding).label("max pooling")
}

// AveragePooling2D is Keras's AveragePooling2D over Pool×Pool windows, with "valid" or "same" padding. Padded places
// do not count: a window at the edge is averaged over the pixels that it has.
type AveragePooling2D struct {
	weightless
	Pool    int
	Strides int    // 0 is Pool
	Padding string // "" is "valid"
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
	p := square(o.Pool, o.Strides, o.Padding).pads(x.Shape().Dimensions[1:], [4]int{})
	sum := func(x *graph.Node) *graph.Node {
		return graph.SumPool(x).Window(o.Pool).Strides(o.Strides).PaddingPerDim([][2]int{{p[0], p[1]}, {p[2], p[3]}}).Done()
	}
	if p == [4]int{} {
		return graph.DivScalar(sum(x), float64(o.Pool*o.Pool))
	}
	return graph.Div(sum(x), graph.Const(x.Graph(), o.windowSizes(x.Shape().Dimensions[1:3], p)))
}

// windowSizes counts the pixels in each window, [1, height, width, 1]. XLA would count them at compile time, too, but
// takes seconds for what is done here at once.
func (o AveragePooling2D) windowSizes(size []int, p [4]int) [][][][]float32 {
	count := func(axis, i int) float32 {
		first := i*o.Strides - p[2*axis]
		return float32(min(first+o.Pool, size[axis]) - max(first, 0))
	}
	rows := make([][][]float32, (size[0]+p[0]+p[1]-o.Pool)/o.Strides+1)
	for i := range rows {
		rows[i] = make([][]float32, (size[1]+p[2]+p[3]-o.Pool)/o.Strides+1)
		for j := range rows[i] {
			rows[i][j] = []float32{count(0, i) * count(1, j)}
		}
	}
	return [][][][]float32{rows}
}

func (o AveragePooling2D) Config() (Settings, error) {
	return poolingConfig(o.Pool, o.Strides, o.Padding)
}

func (o AveragePooling2D) label([]int) Label {
	return square(o.Pool, o.Strides, o.Padding).label("average pooling")
}
