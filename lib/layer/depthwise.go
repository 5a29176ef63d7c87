package layer

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/gomlx/core/graph"
)

// DepthwiseConv2D is Keras's DepthwiseConv2D with depth multiplier 1: each channel is
// convolved with its own Kernel×Kernel window, weights [Kernel, Kernel, channels, 1]. See GeneralDepthwiseConv2D for others.
//
// It is lowered to one multiply-add per window position on shifted views of the image. XLA fuses these into a
// single pass, many times faster on a CPU than its grouped convolution, gradients included (BenchmarkDepthwise).
type DepthwiseConv2D struct {
	Kernel     int
	Strides    int    // 0 is 1
	Padding    string // "" is "valid"
	NoBias     bool   // Keras's use_bias=False
	Activation string
	folded     folded
}

func init() {
	register("DepthwiseConv2D", func(f *Fields) Op {
		w, noBias, activation := f.convolution()
		f.Only("groups", "1") // Keras 2 writes them
		multiplier := f.multiplier()
		if !w.isSquare() || multiplier != 1 {
			return GeneralDepthwiseConv2D{Kernel: w.kernel, Strides: w.strides, Dilation: w.dilation, Multiplier: multiplier,
				Padding: w.padding, NoBias: noBias, Activation: activation}
		}
		return DepthwiseConv2D{Kernel: w.kernel[0], Strides: w.strides[0], Padding: w.padding, NoBias: noBias,
			Activation: activation}
	})
}

func (DepthwiseConv2D) Class() string { return "DepthwiseConv2D" }

func (o DepthwiseConv2D) withDefaults() Op {
	o.Strides, o.Padding = cmp.Or(o.Strides, 1), cmp.Or(o.Padding, "valid")
	o.Activation = canonical(o.Activation)
	return o
}

func (o DepthwiseConv2D) Output(in [][]int) ([]int, error) {
	if err := rank(in, 3); err != nil {
		return nil, err
	}
	h, w, err := o.window().output(in[0], o.folded.pad)
	return []int{h, w, in[0][2]}, cmp.Or(err, knownActivation(o.Activation))
}

func (o DepthwiseConv2D) window() window { return square(o.Kernel, o.Strides, o.Padding) }

func (o DepthwiseConv2D) Weights(in [][]int) []Weight {
	ws := []Weight{{Name: "kernel", Shape: []int{o.Kernel, o.Kernel, in[0][2], 1}, Init: GlorotUniform,
		Former: "depthwise_kernel"}}
	if !o.NoBias {
		ws = append(ws, Weight{Name: "bias", Shape: []int{in[0][2]}, Init: ZerosInitializer})
	}
	return ws
}

func (o DepthwiseConv2D) Build(c *Call, in []*graph.Node) *graph.Node {
	y := o.folded.finish(c, depthwise(in[0], c.Weight(0), o.window(), o.folded.pad), o.NoBias, o.Activation)
	return clamped(y, o.folded.activation, o.Activation)
}

// Depthwise reports whether the list has depthwise convolutions. Such networks are bound by memory, and their layers are
// small: to spread each over threads costs more than to give a thread an image.
func (ls List) Depthwise() bool {
	return slices.ContainsFunc(ls, func(l *Layer) bool {
		switch l.Op.(type) {
		case DepthwiseConv2D, GeneralDepthwiseConv2D, SeparableConv2D:
			return true
		}
		return false
	})
}

// depthwise convolves each channel of x [b, h, w, c] with windows of its own, kernel [h, w, c, m]: those of one channel
// give m channels side by side.
func depthwise(x, kernel *graph.Node, win window, explicit [4]int) *graph.Node {
	d, k := x.Shape().Dimensions, kernel.Shape().Dimensions
	pads := win.pads(d[1:], explicit)
	h, w := win.steps(0, d[1]+pads[0]+pads[1]), win.steps(1, d[2]+pads[2]+pads[3])
	x = pad(x, pads)
	if m := k[3]; m > 1 { // each channel m times
		x = graph.BroadcastToDims(graph.ExpandAxes(x, -1), append(slices.Clone(x.Shape().Dimensions), m)...)
		x = graph.Reshape(x, d[0], d[1]+pads[0]+pads[1], d[2]+pads[2]+pads[3], d[3]*m)
	}
	view := func(axis, at, n int) graph.SliceAxisSpec {
		first := at * max(1, win.dilation[axis])
		return graph.AxisRange(first, first+(n-1)*win.stride(axis)+1).Stride(win.stride(axis))
	}
	var sum *graph.Node
	for i := range k[0] {
		for j := range k[1] {
			tap := graph.Reshape(graph.Slice(kernel, graph.AxisElem(i), graph.AxisElem(j)), 1, 1, 1, k[2]*k[3])
			term := graph.Mul(graph.Slice(x, graph.AxisRange(), view(0, i, h), view(1, j, w), graph.AxisRange()), tap)
			if sum == nil {
				sum = term
			} else {
				sum = graph.Add(sum, term)
			}
		}
	}
	return sum
}

// clamped is y, a sum of shifted views with these activations, as XLA computes it in one pass.
func clamped(y *graph.Node, activations ...string) *graph.Node {
	if slices.Contains(activations, "relu6") {
		return y // a clamp already
	}
	return unmerged(y)
}

// unmerged is x, computed before what reads it. XLA on a CPU hands sums and maxima over an image to YNNPACK together with
// the multiplications and additions that they read, but without the shifted views of those: each view would be written
// to memory, with the layers below computed anew. A clamp YNNPACK does not take; XLA fuses this one, without bounds, into
// the pass that computes x. On 8 images of 224×224×64, a depthwise layer between a convolution and a global pooling then
// takes a tenth of the time, and compiling a third.
func unmerged(x *graph.Node) *graph.Node { return graph.ClipScalar(x, math.Inf(-1), math.Inf(1)) }

func (o DepthwiseConv2D) Config() (Settings, error) {
	s := convolutionConfig(o.window(), o.NoBias, o.Activation)
	s["depth_multiplier"] = 1
	return s, o.folded.err()
}

func (o DepthwiseConv2D) label([]int) Label { return o.window().label("depthwise") }

func (o DepthwiseConv2D) identity() string {
	return fmt.Sprintf("{Kernel:%d Strides:%d Padding:%s %s Activation:%s}", o.Kernel, o.Strides, o.Padding,
		o.folded.identity(o.NoBias), cmp.Or(o.folded.activation, o.Activation))
}

func (o DepthwiseConv2D) convolution() convolution {
	return convolution{o.Padding, o.NoBias, o.Activation, o.folded}
}

func (o DepthwiseConv2D) fold(f folded) Op {
	o.folded = f
	return o
}

// multiplier reads how many channels each gives.
func (f *Fields) multiplier() int {
	n := 1
	if f.Read("depth_multiplier", new(int)) {
		f.positive("depth_multiplier", &n)
	}
	return n
}
