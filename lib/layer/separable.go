package layer

import (
	"cmp"

	"github.com/gomlx/gomlx/core/graph"
)

// SeparableConv2D is Keras's: a depthwise convolution, kernel [height, width, channels, Multiplier], and then one of single
// pixels, kernel [1, 1, channels·Multiplier, Filters], with nothing between them (Chollet, 2017).
type SeparableConv2D struct {
	Filters           int
	Kernel            [2]int // height and width
	Strides, Dilation [2]int // 0 is 1
	Multiplier        int    // Keras's depth_multiplier; 0 is 1
	Padding           string // "" is "valid"
	NoBias            bool   // Keras's use_bias=False
	Activation        string
}

func init() {
	register("SeparableConv2D", func(f *Fields) Op {
		w, noBias, activation := f.convolution()
		o := SeparableConv2D{Kernel: w.kernel, Strides: w.strides, Dilation: w.dilation, Multiplier: f.multiplier(),
			Padding: w.padding, NoBias: noBias, Activation: activation}
		f.positive("filters", &o.Filters)
		f.Only("groups", "1") // Keras 2 writes them
		return o
	})
}

func (SeparableConv2D) Class() string { return "SeparableConv2D" }

// depthwise is the first of the two.
func (o SeparableConv2D) depthwise() GeneralDepthwiseConv2D {
	return GeneralDepthwiseConv2D{Kernel: o.Kernel, Strides: o.Strides, Dilation: o.Dilation, Multiplier: o.Multiplier,
		Padding: o.Padding}
}

func (o SeparableConv2D) withDefaults() Op {
	d := o.depthwise().withDefaults().(GeneralDepthwiseConv2D)
	o.Strides, o.Dilation, o.Multiplier, o.Padding = d.Strides, d.Dilation, d.Multiplier, d.Padding
	o.Activation = canonical(o.Activation)
	return o
}

func (o SeparableConv2D) Output(in [][]int) ([]int, error) {
	out, err := o.depthwise().Output(in)
	if err != nil {
		return nil, err
	}
	return []int{out[0], out[1], o.Filters}, knownActivation(o.Activation)
}

func (o SeparableConv2D) Weights(in [][]int) []Weight {
	kernel := o.depthwise().Weights(in)[0]
	kernel.Name, kernel.Former = "depthwise_kernel", ""
	ws := []Weight{kernel, {Name: "pointwise_kernel", Shape: []int{1, 1, kernel.Shape[2] * kernel.Shape[3], o.Filters},
		Init: GlorotUniform}}
	if !o.NoBias {
		ws = append(ws, Weight{Name: "bias", Shape: []int{o.Filters}, Init: ZerosInitializer})
	}
	return ws
}

func (o SeparableConv2D) Build(c *Call, in []*graph.Node) *graph.Node {
	x := unmerged(depthwise(in[0], c.Weight(0), o.depthwise().window(), [4]int{}))
	x = pointwise(x, c.Weight(1))
	if !o.NoBias {
		x = graph.Add(x, graph.ExpandLeftToRank(c.Weight(2), 4))
	}
	return activate(x, o.Activation)
}

func (o SeparableConv2D) Config() (Settings, error) {
	s := convolutionConfig(o.depthwise().window(), o.NoBias, o.Activation)
	s["filters"], s["depth_multiplier"] = o.Filters, cmp.Or(o.Multiplier, 1)
	return s, nil
}

func (o SeparableConv2D) label([]int) Label {
	return o.depthwise().window().label("separable convolution")
}
