package layer

import (
	"slices"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/transfer-learning-go/defects/lib/internal/golden"
)

// requireEqualFold compares what each layer of the folded list gives with the layer whose output it took over.
func requireEqualFold(t *testing.T, ls List, batch int) (folded List) {
	t.Helper()
	values := filled(ls)
	folded, foldedValues := ls.Fold(values)
	in := append([]int{batch}, ls[0].Shape...)
	x := tensors.FromFlatDataAndDimensions(golden.Uniform("fold/x", Size(in), -1, 1), in...)
	out := run(t, func(in []*graph.Node) []*graph.Node {
		a := ls.BuildAll(inference(in[0].Graph(), values), in[0])
		b := folded.BuildAll(inference(in[0].Graph(), foldedValues), in[0])
		return []*graph.Node{a[ls[len(ls)-1].Name], b[folded[len(folded)-1].Name]}
	}, x)
	if d := golden.Relative(out[1], out[0]); d > 1e-5 {
		t.Errorf("the folded list differs by %.2g of the largest value", d)
	}
	return folded
}

func classesOf(ls List) (out []string) {
	for _, l := range ls {
		out = append(out, l.Op.Class())
	}
	return out
}

func TestFoldLeavesConvolutionsOnly(t *testing.T) {
	folded := requireEqualFold(t, stack(t), 3)
	for _, class := range classesOf(folded) {
		if class == "BatchNormalization" || class == "ReLU" {
			t.Errorf("%s is left in %v", class, classesOf(folded))
		}
	}
}

// A strided block of EfficientNet: padding, normalization and swish go into the depthwise convolution.
func TestFoldTakesSwish(t *testing.T) {
	b := &Builder{}
	b.Add("image", Input{Shape: []int{9, 8, 3}})
	Sequential(Conv2D{Filters: 6, Kernel: 1, NoBias: true}, BatchNormalization{}, Activation{Activation: "swish"},
		ZeroPadding2D{Pad: [4]int{1, 2, 1, 2}}, DepthwiseConv2D{Kernel: 5, Strides: 2, NoBias: true},
		BatchNormalization{})(b)
	x := b.Add("swish", Activation{Activation: "swish"})
	Sequential(GlobalAveragePooling2D{KeepDims: true}, Conv2D{Filters: 2, Kernel: 1, Activation: "swish"},
		Conv2D{Filters: 6, Kernel: 1, Activation: "sigmoid"})(b)
	b.Add("excite", Multiply{}, x, b.Last())
	if b.Err != nil {
		t.Fatal(b.Err)
	}
	got := classesOf(requireEqualFold(t, b.List, 2))
	want := []string{"InputLayer", "Conv2D", "DepthwiseConv2D", "GlobalAveragePooling2D", "Conv2D", "Conv2D", "Multiply"}
	if !slices.Equal(got, want) {
		t.Errorf("%v is left, want %v", got, want)
	}
}

// Each list has something that must not be folded, or not where it stands.
func TestFoldKeepsWhatItCannotMove(t *testing.T) {
	for name, build := range map[string]func(b *Builder){
		"padding read twice": func(b *Builder) {
			b.Add("pad", ZeroPadding2D{Pad: [4]int{0, 1, 0, 1}})
			b.Add("a", Conv2D{Filters: 2, Kernel: 3, NoBias: true})
			b.Add("b", Conv2D{Filters: 2, Kernel: 3, NoBias: true}, "pad")
			b.Add("sum", Add{}, "a", "b")
		},
		"another layer between padding and convolution": func(b *Builder) {
			b.Add("pad", ZeroPadding2D{Pad: [4]int{0, 1, 0, 1}})
			b.Add("other", Conv2D{Filters: 2, Kernel: 3, NoBias: true}, "image")
			b.Add("conv", Conv2D{Filters: 2, Kernel: 4, NoBias: true}, "pad")
			b.Add("sum", Add{}, "other", "conv")
		},
		"padding before same": func(b *Builder) {
			b.Add("pad", ZeroPadding2D{Pad: [4]int{1, 2, 3, 0}})
			b.Add("conv", Conv2D{Filters: 2, Kernel: 3, Strides: 2, Padding: "same", NoBias: true})
			b.Add("bn", BatchNormalization{})
		},
		"activation before normalization": func(b *Builder) {
			b.Add("conv", Conv2D{Filters: 2, Kernel: 3, NoBias: true})
			b.Add("relu", ReLU{})
			b.Add("bn", BatchNormalization{})
			b.Add("relu_2", ReLU{MaxValue: 6})
		},
		"convolution read twice": func(b *Builder) {
			b.Add("conv", Conv2D{Filters: 2, Kernel: 3, Padding: "same", NoBias: true})
			b.Add("bn", BatchNormalization{})
			b.Add("sum", Add{}, "conv", "bn")
			b.Add("relu", ReLU{MaxValue: 6})
		},
		"other bound": func(b *Builder) {
			b.Add("conv", DepthwiseConv2D{Kernel: 3})
			b.Add("bn", BatchNormalization{})
			b.Add("relu", ReLU{MaxValue: 0.5})
		},
		"without scale or center": func(b *Builder) {
			b.Add("conv", Conv2D{Filters: 2, Kernel: 3})
			b.Add("bn", BatchNormalization{NoScale: true})
			b.Add("conv_2", Conv2D{Filters: 2, Kernel: 1, NoBias: true})
			b.Add("bn_2", BatchNormalization{NoCenter: true})
			b.Add("conv_3", DepthwiseConv2D{Kernel: 2})
			b.Add("bn_3", BatchNormalization{NoCenter: true, NoScale: true})
		},
		"leaky": func(b *Builder) {
			b.Add("conv", Conv2D{Filters: 2, Kernel: 3})
			b.Add("leaky", LeakyReLU{})
			b.Add("relu", ReLU{})
		},
		"softmax": func(b *Builder) {
			b.Add("conv", Conv2D{Filters: 2, Kernel: 3})
			b.Add("activation", Activation{Activation: "softmax"})
			b.Add("relu", ReLU{})
		},
		"activation of its own": func(b *Builder) {
			b.Add("conv", Conv2D{Filters: 2, Kernel: 3, Activation: "tanh"})
			b.Add("sigmoid", Activation{Activation: "sigmoid"})
		},
		"two normalizations": func(b *Builder) {
			b.Add("conv", Conv2D{Filters: 2, Kernel: 1})
			b.Add("bn", BatchNormalization{})
			b.Add("bn_2", BatchNormalization{Epsilon: 0.1})
			b.Add("relu", ReLU{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := &Builder{}
			b.Add("image", Input{Shape: []int{6, 7, 3}})
			build(b)
			if b.Err != nil {
				t.Fatal(b.Err)
			}
			before := classesOf(b.List)
			requireEqualFold(t, b.List, 2)
			for i, class := range classesOf(b.List) {
				if class != before[i] {
					t.Error("Fold changed the list that it was given")
				}
			}
		})
	}
}

// The output must not fold into a layer that another one follows, which would become the output.
func TestFoldKeepsTheLastLayerTheOutput(t *testing.T) {
	folded := requireEqualFold(t, withDead(t, ReLU{}), 2)
	if last := folded[len(folded)-1].Name; last != "last" {
		t.Errorf("the output is that of layer %s", last)
	}
}
