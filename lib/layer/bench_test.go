package layer

import (
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/transfer-learning-go/defects/lib/device"
	"github.com/transfer-learning-go/defects/lib/internal/golden"
)

// BenchmarkPointwise compares the 1×1 convolution as a matrix product with a native one.
func BenchmarkPointwise(b *testing.B) {
	compare(b, []int{8, 56, 56, 24}, []int{1, 1, 24, 144}, "product", pointwise, "convolution",
		func(x, kernel *graph.Node) *graph.Node { return graph.Convolve(x, kernel).Done() })
}

// BenchmarkPatchwise compares the convolution of ViT-B/16's patches as a matrix product with a native one.
func BenchmarkPatchwise(b *testing.B) {
	compare(b, []int{8, 224, 224, 3}, []int{16, 16, 3, 768}, "product", patchwise, "convolution",
		func(x, kernel *graph.Node) *graph.Node { return graph.Convolve(x, kernel).Strides(16).Done() })
}

// BenchmarkDepthwise compares the depthwise convolution as shifted multiply-adds with a native, grouped one.
func BenchmarkDepthwise(b *testing.B) {
	shifted := func(x, kernel *graph.Node) *graph.Node {
		op := DepthwiseConv2D{Kernel: 3, Padding: "same", NoBias: true}
		env := &Env{Weight: func(*Layer, int) *graph.Node { return kernel }}
		return op.Build(&Call{layer: &Layer{}, env: env}, []*graph.Node{x})
	}
	grouped := func(x, kernel *graph.Node) *graph.Node {
		channels := x.Shape().Dimensions[3]
		kernel = graph.Reshape(kernel, 3, 3, 1, channels)
		return graph.Convolve(x, kernel).PadSame().ChannelGroupCount(channels).Done()
	}
	compare(b, []int{8, 56, 56, 48}, []int{3, 3, 48, 1}, "shifted", shifted, "grouped", grouped)
}

// BenchmarkAttention compares the two ways to compute the attention of the lesson's small ViT.
func BenchmarkAttention(b *testing.B) {
	op, shape := MultiHeadAttention{NumHeads: 4, KeyDim: 128}, []int{225, 128}
	input := append([]int{32}, shape...)
	in := []*tensors.Tensor{tensors.FromFlatDataAndDimensions(golden.Uniform("x", Size(input), -1, 1), input...)}
	for _, w := range op.Weights([][]int{shape}) {
		values := golden.Uniform(w.Name, Size(w.Shape), -0.1, 0.1)
		in = append(in, tensors.FromFlatDataAndDimensions(values, w.Shape...))
	}
	outputs := map[string][]float32{}
	for name, way := range map[string]func(c *Call, x *graph.Node) (out, weights *graph.Node){"wide": op.wide, "narrow": op.narrow} {
		build := func(in []*graph.Node) *graph.Node {
			env := &Env{Weight: func(_ *Layer, i int) *graph.Node { return in[1+i] }}
			out, _ := way(&Call{layer: &Layer{}, env: env}, in[0])
			return out
		}
		outputs[name] = run(b, func(in []*graph.Node) []*graph.Node { return []*graph.Node{build(in)} }, in...)[0]
		b.Run(name+"/forward", func(b *testing.B) {
			timeAll(b, func(in []*graph.Node) []*graph.Node { return []*graph.Node{build(in)} }, in)
		})
		b.Run(name+"/gradient", func(b *testing.B) {
			timeAll(b, func(in []*graph.Node) []*graph.Node {
				return graph.Gradient(graph.ReduceAllSum(graph.Square(build(in))), in[:8]...)
			}, in)
		})
	}
	if d := golden.Relative(outputs["wide"], outputs["narrow"]); d > 1e-5 {
		b.Fatalf("the two ways differ by %v", d)
	}
}

// compare times two ways to compute the same, forward and with both gradients.
func compare(b *testing.B, input, kernel []int, nameA string, buildA func(x, kernel *graph.Node) *graph.Node,
	nameB string, buildB func(x, kernel *graph.Node) *graph.Node) {
	x := tensors.FromFlatDataAndDimensions(golden.Uniform("x", Size(input), -1, 1), input...)
	k := tensors.FromFlatDataAndDimensions(golden.Uniform("kernel", Size(kernel), -1, 1), kernel...)
	way := map[string]func(x, kernel *graph.Node) *graph.Node{nameA: buildA, nameB: buildB}
	outputs := map[string][][]float32{}
	for _, name := range []string{nameA, nameB} {
		outputs[name] = run(b, func(in []*graph.Node) []*graph.Node { return []*graph.Node{way[name](in[0], in[1])} }, x, k)
	}
	if d := golden.Relative(outputs[nameA][0], outputs[nameB][0]); d > 1e-5 {
		b.Fatalf("%s and %s differ by %v", nameA, nameB, d)
	}
	for _, name := range []string{nameA, nameB} {
		b.Run(name+"/forward", func(b *testing.B) {
			time(b, func(x, kernel *graph.Node) []*graph.Node { return []*graph.Node{way[name](x, kernel)} }, x, k)
		})
		b.Run(name+"/gradient", func(b *testing.B) {
			time(b, func(x, kernel *graph.Node) []*graph.Node {
				return graph.Gradient(graph.ReduceAllSum(graph.Square(way[name](x, kernel))), x, kernel)
			}, x, k)
		})
	}
}

func time(b *testing.B, build func(x, kernel *graph.Node) []*graph.Node, x, kernel *tensors.Tensor) {
	timeAll(b, func(in []*graph.Node) []*graph.Node { return build(in[0], in[1]) }, []*tensors.Tensor{x, kernel})
}

func timeAll(b *testing.B, build func(in []*graph.Node) []*graph.Node, inputs []*tensors.Tensor) {
	exec := compile(b, build, inputs)
	for b.Loop() {
		call(b, exec, inputs)
	}
}

func compile(b *testing.B, build func(in []*graph.Node) []*graph.Node, inputs []*tensors.Tensor) *graph.Exec {
	d, err := device.Open()
	if err != nil {
		b.Fatal(err)
	}
	exec, err := graph.NewExec(d.Backend, build)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(exec.Finalize)
	call(b, exec, inputs)
	return exec
}

func call(b *testing.B, exec *graph.Exec, inputs []*tensors.Tensor) {
	args := make([]any, len(inputs))
	for i, x := range inputs {
		args[i] = x
	}
	out, err := exec.Call(args...)
	if err != nil {
		b.Fatal(err)
	}
	for _, y := range out {
		y.MustFinalizeAll()
	}
}
