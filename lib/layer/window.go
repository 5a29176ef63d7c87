package layer

import (
	"cmp"
	"encoding/json"
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

func pad(x *graph.Node, p [4]int) *graph.Node {
	if p == [4]int{} {
		return x
	}
	return graph.Pad(x, graph.ScalarZero(x.Graph(), dtypes.Float32), compute.PadAxis{},
		compute.PadAxis{Start: p[0], End: p[1]}, compute.PadAxis{Start: p[2], End: p[3]}, compute.PadAxis{})
}

// window is what slides over an image: height and width of its kernel, of its steps (0 is 1), and of the distances
// between the pixels that it reads (0 is 1).
type window struct {
	kernel, strides, dilation [2]int
	padding                   string
}

// square is a window of equal sides without gaps.
func square(kernel, strides int, padding string) window {
	return window{kernel: pair(kernel), strides: pair(strides), padding: padding}
}

// withDefaults is the same window with its defaults filled in.
func (w window) withDefaults() window {
	for axis := range 2 {
		w.strides[axis], w.dilation[axis] = w.stride(axis), max(1, w.dilation[axis])
	}
	w.padding = cmp.Or(w.padding, "valid")
	return w
}

func (w window) stride(axis int) int { return max(1, w.strides[axis]) }

// span is how many pixels of an axis the window covers, its gaps included.
func (w window) span(axis int) int { return (w.kernel[axis]-1)*max(1, w.dilation[axis]) + 1 }

// pads is the padding {top, bottom, left, right}. For "same", Keras adds what ceil(size/stride) windows need,
// the odd pixel at the end. GoMLX's PadSame does not depend on the stride and would shift strided layers by a pixel.
func (w window) pads(size []int, explicit [4]int) [4]int {
	if w.padding != "same" {
		return explicit
	}
	var p [4]int
	for axis := range 2 {
		n, s := size[axis], w.stride(axis)
		total := max(((n+s-1)/s-1)*s+w.span(axis)-n, 0)
		p[2*axis], p[2*axis+1] = total/2, total-total/2
	}
	return p
}

// steps counts the places of the window along an axis of n pixels, padding included.
func (w window) steps(axis, n int) int { return (n-w.span(axis))/w.stride(axis) + 1 }

// output is the size that the window gives for an image of this one.
func (w window) output(in []int, explicit [4]int) (height, width int, err error) {
	if min(w.kernel[0], w.kernel[1]) < 1 || w.padding != "" && w.padding != "valid" && w.padding != "same" {
		kernel := fmt.Sprint(w.kernel[0])
		if w.kernel[0] != w.kernel[1] {
			kernel = fmt.Sprintf("%d×%d", w.kernel[0], w.kernel[1])
		}
		return 0, 0, fmt.Errorf("kernel %s with padding %q: the kernel must be positive and the padding "+
			"\"valid\" or \"same\"", kernel, w.padding)
	}
	p := w.pads(in, explicit)
	height, width = in[0]+p[0]+p[1], in[1]+p[2]+p[3]
	if height < w.span(0) || width < w.span(1) {
		return 0, 0, fmt.Errorf("an image of %d×%d pixels is smaller than the %d×%d window: use a larger input",
			in[0], in[1], w.span(0), w.span(1))
	}
	return w.steps(0, height), w.steps(1, width), nil
}

// convolution reads what all convolutions share.
func (f *Fields) convolution() (w window, noBias bool, activation string) {
	f.channelsLast()
	f.Ignore("kernel_initializer", "depthwise_initializer", "pointwise_initializer", "bias_initializer")
	f.training("kernel_regularizer", "depthwise_regularizer", "pointwise_regularizer", "bias_regularizer",
		"activity_regularizer", "kernel_constraint", "depthwise_constraint", "pointwise_constraint", "bias_constraint")
	w = window{kernel: f.sides("kernel_size"), strides: f.sides("strides"), dilation: pair(1), padding: f.padding()}
	if f.Read("dilation_rate", new(json.RawMessage)) {
		w.dilation = f.sides("dilation_rate")
	}
	return w, f.without("use_bias"), f.activation()
}

// isSquare reports whether Conv2D and DepthwiseConv2D have the window.
func (w window) isSquare() bool {
	return w.kernel[0] == w.kernel[1] && w.strides[0] == w.strides[1] && w.dilation == pair(1)
}

func convolutionConfig(w window, noBias bool, activation string) Settings {
	s, w := activationConfig(activation), w.withDefaults()
	s["kernel_size"], s["strides"], s["dilation_rate"] = w.kernel, w.strides, w.dilation
	s["padding"], s["data_format"], s["use_bias"] = w.padding, "channels_last", !noBias
	return s
}

func pair(n int) [2]int { return [2]int{n, n} }

// label names what a layer does with windows of the image, such as "3×3 convolution /2".
func (w window) label(what string) Label {
	text := fmt.Sprintf("%d×%d %s", w.kernel[0], w.kernel[1], what)
	if w.stride(0) > 1 {
		text += fmt.Sprintf(" /%d", w.stride(0))
	}
	return Label{Text: text}
}
