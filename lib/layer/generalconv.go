package layer

import (
	"cmp"
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// GeneralConv2D is Keras's Conv2D with windows that are not square, with dilation, or in groups: kernel [height, width,
// channels/Groups, Filters]. Each group of filters sees its share of the channels alone. Keras has strides or dilation,
// not both.
//
// With as many groups as channels and filters it is computed as DepthwiseConv2D is. Other groups stay native.
type GeneralConv2D struct {
	Filters           int
	Kernel            [2]int // height and width
	Strides, Dilation [2]int // 0 is 1
	Groups            int    // 0 is 1
	Padding           string // "" is "valid"
	NoBias            bool   // Keras's use_bias=False
	Activation        string
	folded            folded
}

func (GeneralConv2D) Class() string { return "Conv2D" }

func (o GeneralConv2D) withDefaults() Op {
	w := o.window().withDefaults()
	o.Strides, o.Dilation, o.Padding = w.strides, w.dilation, w.padding
	o.Groups, o.Activation = cmp.Or(o.Groups, 1), canonical(o.Activation)
	return o
}

func (o GeneralConv2D) window() window {
	return window{kernel: o.Kernel, strides: o.Strides, dilation: o.Dilation, padding: o.Padding}
}

func (o GeneralConv2D) Output(in [][]int) ([]int, error) {
	if err := rank(in, 3); err != nil {
		return nil, err
	}
	w, groups := o.window(), max(1, o.Groups)
	switch {
	case in[0][2]%groups != 0 || o.Filters%groups != 0:
		return nil, fmt.Errorf("%d groups: they must divide the %d channels and the %d filters", groups, in[0][2], o.Filters)
	case max(w.stride(0), w.stride(1)) > 1 && max(o.Dilation[0], o.Dilation[1]) > 1:
		return nil, fmt.Errorf("strides %v with dilation %v: give one of them", o.Strides, o.Dilation)
	}
	height, width, err := w.output(in[0], o.folded.pad)
	return []int{height, width, o.Filters}, cmp.Or(err, knownActivation(o.Activation))
}

func (o GeneralConv2D) Weights(in [][]int) []Weight {
	ws := []Weight{{Name: "kernel", Shape: []int{o.Kernel[0], o.Kernel[1], in[0][2] / max(1, o.Groups), o.Filters},
		Init: GlorotUniform}}
	if !o.NoBias {
		ws = append(ws, Weight{Name: "bias", Shape: []int{o.Filters}, Init: ZerosInitializer})
	}
	return ws
}

func (o GeneralConv2D) Build(c *Call, in []*graph.Node) *graph.Node {
	x, kernel, w, groups := in[0], c.Weight(0), o.window(), max(1, o.Groups)
	if channels := x.Shape().Dimensions[3]; groups == channels && groups == o.Filters {
		kernel = graph.Reshape(kernel, o.Kernel[0], o.Kernel[1], channels, 1)
		y := o.folded.finish(c, depthwise(x, kernel, w, o.folded.pad), o.NoBias, o.Activation)
		return clamped(y, o.folded.activation, o.Activation)
	}
	return o.folded.finish(c, convolve(x, kernel, w, w.pads(x.Shape().Dimensions[1:], o.folded.pad), groups), o.NoBias, o.Activation)
}

// convolve is the native convolution. GoMLX 0.28.6 shifts the gradient of its input by a pixel along an axis on which the
// window covers an even number of pixels, so such a kernel gets a row or column of zeros at its end.
func convolve(x, kernel *graph.Node, w window, p [4]int, groups int) *graph.Node {
	var zeros [2]int
	for axis := range 2 {
		if w.span(axis)%2 == 0 {
			zeros[axis] = 1
			p[2*axis+1] += max(1, w.dilation[axis])
		}
	}
	if zeros != [2]int{} {
		kernel = graph.Pad(kernel, graph.ScalarZero(x.Graph(), dtypes.Float32), compute.PadAxis{End: zeros[0]},
			compute.PadAxis{End: zeros[1]}, compute.PadAxis{}, compute.PadAxis{})
	}
	conv := graph.Convolve(x, kernel).StridePerAxis(w.stride(0), w.stride(1)).PaddingPerDim([][2]int{{p[0], p[1]}, {p[2], p[3]}})
	if max(w.dilation[0], w.dilation[1]) > 1 {
		conv = conv.DilationPerAxis(max(1, w.dilation[0]), max(1, w.dilation[1]))
	}
	if groups > 1 {
		conv = conv.ChannelGroupCount(groups)
	}
	return conv.Done()
}

func (o GeneralConv2D) Config() (Settings, error) {
	s := convolutionConfig(o.window(), o.NoBias, o.Activation)
	s["filters"], s["groups"] = o.Filters, max(1, o.Groups)
	return s, o.folded.err()
}

func (o GeneralConv2D) label([]int) Label { return o.window().label("convolution") }

func (o GeneralConv2D) convolution() convolution {
	return convolution{o.Padding, o.NoBias, o.Activation, o.folded}
}

func (o GeneralConv2D) fold(f folded) Op {
	o.folded = f
	return o
}

// GeneralDepthwiseConv2D is Keras's DepthwiseConv2D with windows that are not square, with dilation, or with several
// channels made of each: kernel [height, width, channels, Multiplier].
type GeneralDepthwiseConv2D struct {
	Kernel            [2]int // height and width
	Strides, Dilation [2]int // 0 is 1
	Multiplier        int    // Keras's depth_multiplier; 0 is 1
	Padding           string // "" is "valid"
	NoBias            bool   // Keras's use_bias=False
	Activation        string
	folded            folded
}

func (GeneralDepthwiseConv2D) Class() string { return "DepthwiseConv2D" }

func (o GeneralDepthwiseConv2D) withDefaults() Op {
	w := o.window().withDefaults()
	o.Strides, o.Dilation, o.Padding = w.strides, w.dilation, w.padding
	o.Multiplier, o.Activation = cmp.Or(o.Multiplier, 1), canonical(o.Activation)
	return o
}

func (o GeneralDepthwiseConv2D) window() window {
	return window{kernel: o.Kernel, strides: o.Strides, dilation: o.Dilation, padding: o.Padding}
}

func (o GeneralDepthwiseConv2D) Output(in [][]int) ([]int, error) {
	if err := rank(in, 3); err != nil {
		return nil, err
	}
	height, width, err := o.window().output(in[0], o.folded.pad)
	return []int{height, width, in[0][2] * max(1, o.Multiplier)}, cmp.Or(err, knownActivation(o.Activation))
}

func (o GeneralDepthwiseConv2D) Weights(in [][]int) []Weight {
	m := max(1, o.Multiplier)
	ws := []Weight{{Name: "kernel", Shape: []int{o.Kernel[0], o.Kernel[1], in[0][2], m}, Init: GlorotUniform,
		Former: "depthwise_kernel"}}
	if !o.NoBias {
		ws = append(ws, Weight{Name: "bias", Shape: []int{in[0][2] * m}, Init: ZerosInitializer})
	}
	return ws
}

func (o GeneralDepthwiseConv2D) Build(c *Call, in []*graph.Node) *graph.Node {
	y := o.folded.finish(c, depthwise(in[0], c.Weight(0), o.window(), o.folded.pad), o.NoBias, o.Activation)
	return clamped(y, o.folded.activation, o.Activation)
}

func (o GeneralDepthwiseConv2D) Config() (Settings, error) {
	s := convolutionConfig(o.window(), o.NoBias, o.Activation)
	s["depth_multiplier"] = max(1, o.Multiplier)
	return s, o.folded.err()
}

func (o GeneralDepthwiseConv2D) label([]int) Label { return o.window().label("depthwise") }

func (o GeneralDepthwiseConv2D) convolution() convolution {
	return convolution{o.Padding, o.NoBias, o.Activation, o.folded}
}

func (o GeneralDepthwiseConv2D) fold(f folded) Op {
	o.folded = f
	return o
}
