package layer

import (
	"fmt"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/transfer-learning-go/defects/lib/internal/golden"
)

func uniform(name string, shape ...int) *tensors.Tensor {
	return tensors.FromFlatDataAndDimensions(golden.Uniform(name, Size(shape), -1, 1), shape...)
}

func direct(x, kernel *graph.Node, pads [4]int) *graph.Node {
	return graph.Convolve(x, kernel).PaddingPerDim([][2]int{{pads[0], pads[1]}, {pads[2], pads[3]}}).Done()
}

// TestWinogradEqualsConvolution compares outputs, gradients, and the form with a transformed kernel.
func TestWinogradEqualsConvolution(t *testing.T) {
	for _, c := range []struct {
		shape   []int
		filters int
		pads    [4]int
	}{
		{[]int{2, 7, 7, 5}, 4, [4]int{1, 1, 1, 1}},
		{[]int{3, 6, 9, 2}, 2, [4]int{}},
		{[]int{1, 5, 6, 3}, 1, [4]int{0, 1, 2, 0}},
	} {
		channels := c.shape[3]
		kernel := uniform("winograd/kernel", 3, 3, channels, c.filters)
		transformed := winogradKernel(golden.Uniform("winograd/kernel", 9*channels*c.filters, -1, 1))
		out := run(t, func(in []*graph.Node) []*graph.Node {
			all := []*graph.Node{winograd(in[0], in[2], c.pads)}
			for _, y := range []*graph.Node{winograd(in[0], in[1], c.pads), direct(in[0], in[1], c.pads)} {
				all = append(all, y)
				all = append(all, graph.Gradient(graph.ReduceAllSum(graph.Mul(graph.Square(y), graph.Sin(y))), in[0], in[1])...)
			}
			return all
		}, uniform("winograd/x", c.shape...), kernel,
			tensors.FromFlatDataAndDimensions(transformed, 16, channels, c.filters))
		want := out[4:]
		for what, d := range map[string]float64{
			"output":                           golden.Relative(out[1], want[0]),
			"output with a transformed kernel": golden.Relative(out[0], want[0]),
			"gradient of the input":            golden.Relative(out[2], want[1]),
			"gradient of the kernel":           golden.Relative(out[3], want[2]),
		} {
			if d > 1e-5 {
				t.Errorf("%+v: the %s differs by %.2g of the largest value", c, what, d)
			}
		}
	}
}

// A convolution of 256 channels is lowered by winograd in a training step, too.
func TestWideConvolutionEqualsConvolution(t *testing.T) {
	l := &Layer{Name: "conv", Op: Conv2D{Filters: 256, Kernel: 3, Padding: "same", NoBias: true}}
	out := run(t, func(in []*graph.Node) []*graph.Node {
		env := &Env{Training: true, Weight: func(*Layer, int) *graph.Node { return in[1] }}
		return []*graph.Node{l.Op.Build(&Call{layer: l, env: env}, in[:1]), direct(in[0], in[1], [4]int{1, 1, 1, 1})}
	}, uniform("wide/x", 2, 5, 6, 256), uniform("wide/kernel", 3, 3, 256, 256))
	if d := golden.Relative(out[0], out[1]); d > 1e-5 {
		t.Errorf("the convolution differs by %.2g of the largest value", d)
	}
}

func TestFoldTransformsKernels(t *testing.T) {
	b := &Builder{}
	b.Add("image", Input{Shape: []int{5, 6, 64}})
	b.Add("pad", ZeroPadding2D{Pad: [4]int{1, 1, 1, 1}})
	b.Add("conv", Conv2D{Filters: 64, Kernel: 3, NoBias: true})
	b.Add("norm", BatchNormalization{Epsilon: 1e-3})
	if b.Err != nil {
		t.Fatal(b.Err)
	}
	folded := requireEqualFold(t, b.List, 2)
	if op, ok := folded[len(folded)-1].Op.(Conv2D); !ok || !op.folded.winograd {
		t.Errorf("the kernel is not transformed: %+v", folded[len(folded)-1].Op)
	}
	if shape := fmt.Sprint(b.List[2].W[0].Shape); shape != "[3 3 64 64]" {
		t.Errorf("folding has changed the list that it was called on: kernel %s", shape)
	}
}

func TestFoldKeepsKernelsOfLargeImages(t *testing.T) {
	b := &Builder{}
	b.Add("image", Input{Shape: []int{200, 200, 64}})
	b.Add("conv", Conv2D{Filters: 64, Kernel: 3, NoBias: true})
	if b.Err != nil {
		t.Fatal(b.Err)
	}
	folded, _ := b.List.Fold(filled(b.List))
	if folded[1].Op.(Conv2D).folded.winograd {
		t.Error("an image of 10 MB, 40 MB when transformed, should not be: it leaves the cache")
	}
}
