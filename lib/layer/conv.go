package layer

import (
	"cmp"
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// Conv2D is Keras's Conv2D: kernel [Kernel, Kernel, channels, Filters], with "valid" or "same" padding.
//
// A 1×1 kernel is lowered to a matrix product, whose kernel gradient XLA computes 2.5 times as fast on a CPU
// as that of a convolution (see BenchmarkPointwise). A 3×3 kernel of stride 1 with many channels is lowered by
// winograd (BenchmarkWinograd). Other kernels stay native.
type Conv2D struct {
	Filters int    `json:"filters"`
	Kernel  int    `json:"kernel_size"`
	Strides int    `json:"strides,omitempty"` // 0 is 1
	Padding string `json:"padding,omitempty"` // "" is "valid"
	UseBias bool   `json:"use_bias,omitempty"`
	// Pad is explicit padding {top, bottom, left, right} in place of Padding. Scaled multiplies each channel by a
	// third weight before the bias. Winograd says that the kernel is one of winogradKernel. Fold sets all three.
	Pad      [4]int `json:"-"`
	Scaled   bool   `json:"-"`
	Winograd bool   `json:"-"`
	// Activation is applied last: "", "relu" or "relu6".
	Activation string `json:"activation,omitempty"`
}

func (Conv2D) Class() string { return "Conv2D" }

func (o Conv2D) withDefaults() Op {
	o.Strides, o.Padding = cmp.Or(o.Strides, 1), cmp.Or(o.Padding, "valid")
	return o
}

func (o Conv2D) Output(in [][]int) ([]int, error) {
	if err := rank(in, 3); err != nil {
		return nil, err
	}
	h, w, err := windowOutput(in[0], o.Kernel, o.Strides, o.Padding, o.Pad)
	return []int{h, w, o.Filters}, err
}

func (o Conv2D) Weights(in [][]int) []Weight {
	ws := []Weight{{Name: "kernel", Shape: []int{o.Kernel, o.Kernel, in[0][2], o.Filters}, Init: GlorotUniform}}
	if o.UseBias {
		ws = append(ws, Weight{Name: "bias", Shape: []int{o.Filters}, Init: ZerosInitializer})
	}
	return ws
}

func (o Conv2D) Build(c *Call, in []*graph.Node) *graph.Node {
	x, kernel := in[0], c.Weight(0)
	pads := windowPads(x.Shape().Dimensions[1:], o.Kernel, o.Strides, o.Padding, o.Pad)
	if o.Kernel == 1 && pads == [4]int{} {
		x = pointwise(stride(x, max(1, o.Strides)), kernel)
	} else if o.Winograd || o.winogradPays(x.Shape().Dimensions[3]) {
		x = winograd(x, kernel, pads)
	} else {
		x = graph.Convolve(x, kernel).Strides(max(1, o.Strides)).
			PaddingPerDim([][2]int{{pads[0], pads[1]}, {pads[2], pads[3]}}).Done()
	}
	if o.Scaled {
		x = graph.Mul(x, graph.ExpandLeftToRank(c.Weight(2), 4))
	}
	if o.UseBias {
		x = graph.Add(x, graph.ExpandLeftToRank(c.Weight(1), 4))
	}
	return activate(x, o.Activation)
}

// winogradPays tells whether winograd is faster where the kernel changes from step to step, gradients included: with
// few channels, transforming takes what the products win.
func (o Conv2D) winogradPays(channels int) bool {
	return o.Kernel == 3 && o.Strides <= 1 && min(channels, o.Filters) >= 256
}

// winogradPaysFolded tells it for inference on images of shape in, where the kernel is transformed once. The image
// grows to four times its size by the transform, and should still stay in cache.
func (o Conv2D) winogradPaysFolded(in []int) bool {
	const cache = 4 << 20
	return o.Kernel == 3 && o.Strides <= 1 && min(in[2], o.Filters) >= 64 && 4*4*product(in) <= cache
}

// pointwise is the 1×1 convolution as a matrix product: [b, h, w, c]·[c, f] → [b, h, w, f].
func pointwise(x, kernel *graph.Node) *graph.Node {
	d, k := x.Shape().Dimensions, kernel.Shape().Dimensions
	rows := graph.Reshape(x, d[0]*d[1]*d[2], d[3])
	return graph.Reshape(graph.Dot(rows, graph.Reshape(kernel, k[2], k[3])).Product(), d[0], d[1], d[2], k[3])
}

// stride keeps every s-th row and column.
func stride(x *graph.Node, s int) *graph.Node {
	if s == 1 {
		return x
	}
	return graph.Slice(x, graph.AxisRange(), graph.AxisRange().Stride(s), graph.AxisRange().Stride(s), graph.AxisRange())
}

// DepthwiseConv2D is Keras's DepthwiseConv2D with depth multiplier 1: each channel is
// convolved with its own Kernel×Kernel window, weights [Kernel, Kernel, channels, 1]. Fold gives it a bias.
//
// It is lowered to one multiply-add per window position on shifted views of the image. XLA fuses these into a
// single pass, many times faster on a CPU than its grouped convolution, gradients included (BenchmarkDepthwise).
type DepthwiseConv2D struct {
	Kernel     int    `json:"kernel_size"`
	Strides    int    `json:"strides,omitempty"`
	Padding    string `json:"padding,omitempty"`
	UseBias    bool   `json:"use_bias,omitempty"`
	Pad        [4]int `json:"-"` // as in Conv2D
	Scaled     bool   `json:"-"`
	Activation string `json:"activation,omitempty"`
}

func (DepthwiseConv2D) Class() string { return "DepthwiseConv2D" }

func (o DepthwiseConv2D) withDefaults() Op {
	o.Strides, o.Padding = cmp.Or(o.Strides, 1), cmp.Or(o.Padding, "valid")
	return o
}

func (o DepthwiseConv2D) Output(in [][]int) ([]int, error) {
	if err := rank(in, 3); err != nil {
		return nil, err
	}
	h, w, err := windowOutput(in[0], o.Kernel, o.Strides, o.Padding, o.Pad)
	return []int{h, w, in[0][2]}, err
}

func (o DepthwiseConv2D) Weights(in [][]int) []Weight {
	ws := []Weight{{Name: "kernel", Shape: []int{o.Kernel, o.Kernel, in[0][2], 1}, Init: GlorotUniform}}
	if o.UseBias {
		ws = append(ws, Weight{Name: "bias", Shape: []int{in[0][2]}, Init: ZerosInitializer})
	}
	return ws
}

func (o DepthwiseConv2D) Build(c *Call, in []*graph.Node) *graph.Node {
	x, kernel := in[0], c.Weight(0)
	d := x.Shape().Dimensions
	pads := windowPads(d[1:], o.Kernel, o.Strides, o.Padding, o.Pad)
	s := max(1, o.Strides)
	h := (d[1]+pads[0]+pads[1]-o.Kernel)/s + 1
	w := (d[2]+pads[2]+pads[3]-o.Kernel)/s + 1
	x = pad(x, pads)
	var sum *graph.Node
	for i := range o.Kernel {
		for j := range o.Kernel {
			tap := graph.Reshape(graph.Slice(kernel, graph.AxisElem(i), graph.AxisElem(j), graph.AxisRange(), graph.AxisRange()), 1, 1, 1, d[3])
			view := graph.Slice(x, graph.AxisRange(), graph.AxisRange(i, i+(h-1)*s+1).Stride(s),
				graph.AxisRange(j, j+(w-1)*s+1).Stride(s), graph.AxisRange())
			term := graph.Mul(view, tap)
			if sum == nil {
				sum = term
			} else {
				sum = graph.Add(sum, term)
			}
		}
	}
	if o.Scaled {
		sum = graph.Mul(sum, graph.ExpandLeftToRank(c.Weight(2), 4))
	}
	if o.UseBias {
		sum = graph.Add(sum, graph.ExpandLeftToRank(c.Weight(1), 4))
	}
	return activate(sum, o.Activation)
}

// ZeroPadding2D is Keras's ZeroPadding2D: Pad is {top, bottom, left, right} in pixels.
type ZeroPadding2D struct {
	Pad [4]int `json:"padding"`
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

func pad(x *graph.Node, p [4]int) *graph.Node {
	if p == [4]int{} {
		return x
	}
	return graph.Pad(x, graph.ScalarZero(x.Graph(), dtypes.Float32), compute.PadAxis{}, compute.PadAxis{Start: p[0], End: p[1]},
		compute.PadAxis{Start: p[2], End: p[3]}, compute.PadAxis{})
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
