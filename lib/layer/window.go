package layer

import (
	"cmp"
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

// windowPads is the padding {top, bottom, left, right}. For "same", Keras adds what ceil(size/stride) windows need,
// the odd pixel at the end. GoMLX's PadSame does not depend on the stride and would shift strided layers by a pixel.
func windowPads(size []int, kernel, strides int, padding string, explicit [4]int) [4]int {
	if padding != "same" {
		return explicit
	}
	s := max(1, strides)
	var p [4]int
	for axis := range 2 {
		n := size[axis]
		total := max(((n+s-1)/s-1)*s+kernel-n, 0)
		p[2*axis], p[2*axis+1] = total/2, total-total/2
	}
	return p
}

func windowOutput(in []int, kernel, strides int, padding string, explicit [4]int) (h, w int, err error) {
	if kernel < 1 || padding != "" && padding != "valid" && padding != "same" {
		return 0, 0, fmt.Errorf("kernel %d with padding %q: the kernel must be positive and the padding "+
			"\"valid\" or \"same\"", kernel, padding)
	}
	p := windowPads(in, kernel, strides, padding, explicit)
	s := max(1, strides)
	h, w = (in[0]+p[0]+p[1]-kernel)/s+1, (in[1]+p[2]+p[3]-kernel)/s+1
	if in[0]+p[0]+p[1] < kernel || in[1]+p[2]+p[3] < kernel {
		return 0, 0, fmt.Errorf("an image of %d×%d pixels is smaller than the %d×%d window: use a larger input",
			in[0], in[1], kernel, kernel)
	}
	return h, w, nil
}

// convolution reads what Conv2D and DepthwiseConv2D share.
func (f *Fields) convolution() (kernel, strides int, padding string, noBias bool, activation string) {
	f.channelsLast()
	f.Only("dilation_rate", "1", "[1,1]")
	f.Only("groups", "1")
	f.Ignore("kernel_initializer", "depthwise_initializer", "bias_initializer")
	f.training("kernel_regularizer", "depthwise_regularizer", "bias_regularizer", "activity_regularizer",
		"kernel_constraint", "depthwise_constraint", "bias_constraint")
	return f.square("kernel_size"), f.square("strides"), f.padding(), f.without("use_bias"), f.activation()
}

func convolutionConfig(kernel, strides int, padding string, noBias bool, activation string) Settings {
	s := activationConfig(activation)
	s["kernel_size"], s["strides"], s["dilation_rate"] = pair(kernel), pair(max(1, strides)), pair(1)
	s["padding"], s["data_format"], s["use_bias"] = cmp.Or(padding, "valid"), "channels_last", !noBias
	return s
}

func pair(n int) [2]int { return [2]int{n, n} }

// windowLabel names what a layer does with windows of the image, such as "3×3 convolution /2".
func windowLabel(what string, size, strides int) Label {
	text := fmt.Sprintf("%d×%[1]d %s", size, what)
	if strides > 1 {
		text += fmt.Sprintf(" /%d", strides)
	}
	return Label{Text: text}
}
