package layer

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
)

// Layers that Keras defines beside single networks, not among its layers.

// LayerScale is that of Keras's ConvNeXt (Touvron et al., 2021, "Going deeper with Image Transformers"): each channel
// times a learned number.
type LayerScale struct {
	Init     float64 // Keras's init_values, which those numbers start from there; here they start at 1
	Channels int
}

func init() {
	register("LayerScale", func(f *Fields) Op {
		var o LayerScale
		f.Need("init_values", &o.Init)
		f.positive("projection_dim", &o.Channels)
		return o
	})
	register("CustomScaleLayer", func(f *Fields) Op {
		var o CustomScaleLayer
		f.Need("scale", &o.Scale)
		return o
	})
	// Another of ConvNeXt's: it drops what a block adds, for whole images.
	register("StochasticDepth", func(f *Fields) Op {
		o := Dropout{NoiseShape: []int{1, 1, 1}}
		if f.Need("drop_path_rate", &o.Rate); o.Rate < 0 || o.Rate >= 1 {
			f.Fail("drop_path_rate is %v; it must be in [0, 1)", o.Rate)
		}
		return o
	})
}

func (LayerScale) Class() string { return "LayerScale" }

func (LayerScale) module() string { return "keras.src.applications.convnext" }

func (o LayerScale) Output(in [][]int) ([]int, error) {
	if n := in[0][len(in[0])-1]; n != o.Channels {
		return nil, fmt.Errorf("it has numbers for %d channels, its input has %d", o.Channels, n)
	}
	return in[0], nil
}

func (o LayerScale) Weights([][]int) []Weight {
	return []Weight{{Name: "gamma", Shape: []int{o.Channels}, Init: OnesInitializer}}
}

func (LayerScale) Build(c *Call, in []*graph.Node) *graph.Node {
	return graph.Mul(in[0], graph.ExpandLeftToRank(c.Weight(0), in[0].Rank()))
}

func (o LayerScale) Config() (Settings, error) {
	return Settings{"init_values": o.Init, "projection_dim": o.Channels}, nil
}

func (LayerScale) label([]int) Label { return Label{Text: "scale", Minor: true} }

// CustomScaleLayer is that of Keras's InceptionResNetV2 (Szegedy et al., 2016): the first of two inputs, plus Scale times
// the second.
type CustomScaleLayer struct {
	weightless
	Scale float64
}

func (CustomScaleLayer) Class() string               { return "CustomScaleLayer" }
func (CustomScaleLayer) module() string              { return "keras.src.applications.inception_resnet_v2" }
func (CustomScaleLayer) inputs() Inputs              { return TensorList }
func (o CustomScaleLayer) Config() (Settings, error) { return Settings{"scale": o.Scale}, nil }
func (CustomScaleLayer) label([]int) Label           { return Label{Text: "Add", Drawn: true} }
func (CustomScaleLayer) Output(in [][]int) ([]int, error) {
	if len(in) != 2 {
		return nil, fmt.Errorf("it reads %d tensors; it adds the second of two to the first", len(in))
	}
	return oneShape(in)
}
func (o CustomScaleLayer) Build(_ *Call, in []*graph.Node) *graph.Node {
	return graph.Add(in[0], graph.MulScalar(in[1], o.Scale))
}
