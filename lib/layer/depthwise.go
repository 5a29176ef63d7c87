package layer

import (
	"cmp"
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"
)

// DepthwiseConv2D is Keras's DepthwiseConv2D with depth multiplier 1: each channel is
// convolved with its own Kernel×Kernel window, weights [Kernel, Kernel, channels, 1].
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
		var o DepthwiseConv2D
		o.Kernel, o.Strides, o.Padding, o.NoBias, o.Activation = f.convolution()
		f.Only("depth_multiplier", "1")
		return o
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
	h, w, err := windowOutput(in[0], o.Kernel, o.Strides, o.Padding, o.folded.pad)
	return []int{h, w, in[0][2]}, cmp.Or(err, knownActivation(o.Activation))
}

func (o DepthwiseConv2D) Weights(in [][]int) []Weight {
	ws := []Weight{{Name: "kernel", Shape: []int{o.Kernel, o.Kernel, in[0][2], 1}, Init: GlorotUniform,
		Former: "depthwise_kernel"}}
	if !o.NoBias {
		ws = append(ws, Weight{Name: "bias", Shape: []int{in[0][2]}, Init: ZerosInitializer})
	}
	return ws
}

func (o DepthwiseConv2D) Build(c *Call, in []*graph.Node) *graph.Node {
	x, kernel := in[0], c.Weight(0)
	d := x.Shape().Dimensions
	pads := windowPads(d[1:], o.Kernel, o.Strides, o.Padding, o.folded.pad)
	s := max(1, o.Strides)
	h := (d[1]+pads[0]+pads[1]-o.Kernel)/s + 1
	w := (d[2]+pads[2]+pads[3]-o.Kernel)/s + 1
	x = pad(x, pads)
	var sum *graph.Node
	for i := range o.Kernel {
		for j := range o.Kernel {
			tap := graph.Reshape(graph.Slice(kernel, graph.AxisElem(i), graph.AxisElem(j)), 1, 1, 1, d[3])
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
	y := o.folded.finish(c, sum, o.NoBias, o.Activation)
	if o.folded.activation == "relu6" || o.Activation == "relu6" {
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
	s := convolutionConfig(o.Kernel, o.Strides, o.Padding, o.NoBias, o.Activation)
	s["depth_multiplier"] = 1
	return s, o.folded.err()
}

func (o DepthwiseConv2D) label([]int) Label { return windowLabel("depthwise", o.Kernel, o.Strides) }

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
