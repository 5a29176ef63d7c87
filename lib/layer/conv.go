package layer

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/core/graph"
)

// Conv2D is Keras's Conv2D of square windows: kernel [Kernel, Kernel, channels, Filters], with "valid" or "same" padding.
// See GeneralConv2D for others.
//
// A 1×1 kernel is lowered to a matrix product, whose kernel gradient XLA computes 2.5 times as fast on a CPU
// as that of a convolution (see BenchmarkPointwise). So is one whose windows neither overlap nor leave gaps, such as
// that of a Vision Transformer's patches, whose gradient takes a sixteenth of the time then (BenchmarkPatchwise). A 3×3
// kernel of stride 1 with many channels is lowered by winograd (BenchmarkWinograd). Other kernels stay native.
type Conv2D struct {
	Filters int
	Kernel  int
	Strides int    // 0 is 1
	Padding string // "" is "valid"
	NoBias  bool   // Keras's use_bias=False
	// Activation is applied last, by its Keras name: see Activation.
	Activation string
	folded     folded
}

func init() {
	register("Conv2D", func(f *Fields) Op {
		w, noBias, activation := f.convolution()
		filters, groups := 0, 1
		f.positive("filters", &filters)
		if f.Read("groups", new(int)) {
			f.positive("groups", &groups)
		}
		if !w.isSquare() || groups != 1 {
			return GeneralConv2D{Filters: filters, Kernel: w.kernel, Strides: w.strides, Dilation: w.dilation, Groups: groups,
				Padding: w.padding, NoBias: noBias, Activation: activation}
		}
		return Conv2D{Filters: filters, Kernel: w.kernel[0], Strides: w.strides[0], Padding: w.padding, NoBias: noBias,
			Activation: activation}
	})
}

func (Conv2D) Class() string { return "Conv2D" }

func (o Conv2D) withDefaults() Op {
	o.Strides, o.Padding = cmp.Or(o.Strides, 1), cmp.Or(o.Padding, "valid")
	o.Activation = canonical(o.Activation)
	return o
}

func (o Conv2D) Output(in [][]int) ([]int, error) {
	if err := rank(in, 3); err != nil {
		return nil, err
	}
	h, w, err := o.window().output(in[0], o.folded.pad)
	return []int{h, w, o.Filters}, cmp.Or(err, knownActivation(o.Activation))
}

func (o Conv2D) window() window { return square(o.Kernel, o.Strides, o.Padding) }

func (o Conv2D) Weights(in [][]int) []Weight {
	ws := []Weight{{Name: "kernel", Shape: []int{o.Kernel, o.Kernel, in[0][2], o.Filters}, Init: GlorotUniform}}
	if !o.NoBias {
		ws = append(ws, Weight{Name: "bias", Shape: []int{o.Filters}, Init: ZerosInitializer})
	}
	return ws
}

func (o Conv2D) Build(c *Call, in []*graph.Node) *graph.Node {
	x, kernel := in[0], c.Weight(0)
	pads := o.window().pads(x.Shape().Dimensions[1:], o.folded.pad)
	if o.Kernel == 1 && pads == [4]int{} {
		x = pointwise(stride(x, max(1, o.Strides)), kernel)
	} else if o.Kernel == o.Strides && pads == [4]int{} {
		x = patchwise(x, kernel)
	} else if o.folded.winograd || o.winogradPays(x.Shape().Dimensions[3]) {
		x = winograd(x, kernel, pads)
	} else {
		x = convolve(x, kernel, o.window(), pads, 1)
	}
	return o.folded.finish(c, x, o.NoBias, o.Activation)
}

func (o Conv2D) Config() (Settings, error) {
	s := convolutionConfig(o.window(), o.NoBias, o.Activation)
	s["filters"], s["groups"] = o.Filters, 1
	return s, o.folded.err()
}

func (o Conv2D) label([]int) Label { return o.window().label("convolution") }

func (o Conv2D) identity() string {
	return fmt.Sprintf("{Filters:%d Kernel:%d Strides:%d Padding:%s %s Winograd:%t Activation:%s}", o.Filters, o.Kernel,
		o.Strides, o.Padding, o.folded.identity(o.NoBias), o.folded.winograd, cmp.Or(o.folded.activation, o.Activation))
}

func (o Conv2D) convolution() convolution {
	return convolution{o.Padding, o.NoBias, o.Activation, o.folded}
}

func (o Conv2D) fold(f folded) Op {
	o.folded = f
	return o
}

// prepare transforms a kernel for winograd once, where that pays for images of shape in.
func (o Conv2D) prepare(in []int, w []Weight, values [][]float32) (Op, []Weight, [][]float32) {
	if !o.winogradPaysFolded(in) {
		return o, w, values
	}
	o.folded.winograd = true
	w, values = slices.Clone(w), slices.Clone(values)
	w[0].Shape = []int{16, w[0].Shape[2], w[0].Shape[3]}
	values[0] = winogradKernel(values[0])
	return o, w, values
}

// winogradPays reports whether winograd is faster where the kernel changes from step to step, gradients included: with
// few channels, transforming takes what the products win.
func (o Conv2D) winogradPays(channels int) bool {
	return o.Kernel == 3 && o.Strides <= 1 && min(channels, o.Filters) >= 256
}

// winogradPaysFolded tells it for inference on images of shape in, where the kernel is transformed once. The image
// grows to four times its size by the transform, and should still stay in cache.
func (o Conv2D) winogradPaysFolded(in []int) bool {
	const cache = 4 << 20
	return o.Kernel == 3 && o.Strides <= 1 && min(in[2], o.Filters) >= 64 && 4*4*Size(in) <= cache
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

// patchwise is a convolution without padding whose stride is the kernel's size: a product of patches, each a row, with the
// kernel.
func patchwise(x, kernel *graph.Node) *graph.Node {
	d, k := x.Shape().Dimensions, kernel.Shape().Dimensions
	height, width := d[1]/k[0], d[2]/k[1]
	x = graph.Slice(x, graph.AxisRange(), graph.AxisRange(0, height*k[0]), graph.AxisRange(0, width*k[1]))
	x = graph.Reshape(x, d[0], height, k[0], width, k[1], d[3])
	x = graph.TransposeAllAxes(x, 0, 1, 3, 2, 4, 5)
	x = graph.Reshape(x, d[0], height, width, k[0]*k[1]*d[3])
	return pointwise(x, graph.Reshape(kernel, 1, 1, k[0]*k[1]*d[3], k[3]))
}
