package layer

import (
	"github.com/gomlx/gomlx/core/graph"
)

// GlobalAveragePooling2D is Keras's: the mean over height and width, [h, w, c] → [c].
type GlobalAveragePooling2D struct {
	weightless
	KeepDims bool // [h, w, c] → [1, 1, c]
}

// GlobalMaxPooling2D is Keras's: the maximum over height and width, [h, w, c] → [c].
type GlobalMaxPooling2D struct {
	weightless
	KeepDims bool // [h, w, c] → [1, 1, c]
}

// GlobalAveragePooling1D is Keras's: the mean over tokens, [n, d] → [d].
type GlobalAveragePooling1D struct{ weightless }

func init() {
	register("GlobalAveragePooling2D", func(f *Fields) Op { return GlobalAveragePooling2D{KeepDims: f.keepDims()} })
	register("GlobalMaxPooling2D", func(f *Fields) Op { return GlobalMaxPooling2D{KeepDims: f.keepDims()} })
	register("GlobalAveragePooling1D", func(f *Fields) Op {
		f.channelsLast()
		f.Only("keepdims", "false")
		return GlobalAveragePooling1D{}
	})
}

func (f *Fields) keepDims() (keep bool) {
	f.channelsLast()
	f.Read("keepdims", &keep)
	return keep
}

func (GlobalAveragePooling2D) Class() string { return "GlobalAveragePooling2D" }
func (GlobalMaxPooling2D) Class() string     { return "GlobalMaxPooling2D" }
func (GlobalAveragePooling1D) Class() string { return "GlobalAveragePooling1D" }

func (o GlobalAveragePooling2D) Output(in [][]int) ([]int, error) {
	return globalOutput(in, o.KeepDims)
}
func (o GlobalMaxPooling2D) Output(in [][]int) ([]int, error) { return globalOutput(in, o.KeepDims) }
func (GlobalAveragePooling1D) Output(in [][]int) ([]int, error) {
	if err := rank(in, 2); err != nil {
		return nil, err
	}
	return in[0][1:], nil
}

func globalOutput(in [][]int, keep bool) ([]int, error) {
	if err := rank(in, 3); err != nil {
		return nil, err
	}
	if keep {
		return []int{1, 1, in[0][2]}, nil
	}
	return in[0][2:], nil
}

func (o GlobalAveragePooling2D) Build(_ *Call, in []*graph.Node) *graph.Node {
	return keepDims(graph.ReduceMean(in[0], 1, 2), o.KeepDims)
}
func (o GlobalMaxPooling2D) Build(_ *Call, in []*graph.Node) *graph.Node {
	return keepDims(graph.ReduceMax(in[0], 1, 2), o.KeepDims)
}
func (GlobalAveragePooling1D) Build(_ *Call, in []*graph.Node) *graph.Node {
	return graph.ReduceMean(in[0], 1)
}

func keepDims(x *graph.Node, keep bool) *graph.Node {
	if !keep {
		return x
	}
	return graph.Reshape(x, x.Shape().Dimensions[0], 1, 1, x.Shape().Dimensions[1])
}

func (o GlobalAveragePooling2D) Config() (Settings, error) {
	return Settings{"data_format": "channels_last", "keepdims": o.KeepDims}, nil
}
func (o GlobalMaxPooling2D) Config() (Settings, error) {
	return Settings{"data_format": "channels_last", "keepdims": o.KeepDims}, nil
}
func (GlobalAveragePooling1D) Config() (Settings, error) {
	return Settings{"data_format": "channels_last", "keepdims": false}, nil
}

func (GlobalAveragePooling2D) label([]int) Label { return Label{Text: "global average pooling"} }
func (GlobalMaxPooling2D) label([]int) Label     { return Label{Text: "global max pooling"} }
func (GlobalAveragePooling1D) label([]int) Label { return Label{Text: "mean over tokens"} }

func (o GlobalAveragePooling2D) identity() string { return globalIdentity(o.KeepDims) }
func (o GlobalMaxPooling2D) identity() string     { return globalIdentity(o.KeepDims) }

func globalIdentity(keep bool) string {
	if keep {
		return "{weightless:{} KeepDims:true}"
	}
	return "{weightless:{}}"
}
