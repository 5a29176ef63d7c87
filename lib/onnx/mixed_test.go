package onnx_test

import (
	"testing"

	"github.com/transfer-learning-go/defects/lib/inference"
	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/internal/onnxrun"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/onnx"
)

// mixed has what the backbones have besides, and layers in an order that turns images round again and again: paddings that
// two layers read, that add up, and that no convolution takes; pictures of one pixel and of one channel; normalization and
// flattening of images; tokens.
func mixed(t *testing.T) layer.List {
	t.Helper()
	b := &layer.Builder{}
	b.Add("pixels", layer.Input{Shape: []int{13, 12, 3}}) // the name of the file's input
	b.Add("", layer.Resizing{Height: 17, Width: 9})
	b.Add("", layer.Rescaling{Scale: 1 / 127.5, Offset: -1})
	b.Add("", layer.ZeroPadding2D{Pad: [4]int{1, 0, 2, 1}})
	padded := b.Add("", layer.ZeroPadding2D{Pad: [4]int{0, 1, 1, 0}})
	a := b.Add("", layer.Conv2D{Filters: 4, Kernel: 3, Strides: 2, Activation: "relu6"})
	b.Add("", layer.MaxPooling2D{Pool: 3, Strides: 2}, padded)
	b.Add("", layer.LayerNormalization{})
	c := b.Add("", layer.Conv2D{Filters: 4, Kernel: 1, NoBias: true})
	b.Add("", layer.ZeroPadding2D{Pad: [4]int{1, 1, 0, 0}}, a)
	a = b.Add("", layer.Conv2D{Filters: 4, Kernel: 3, Padding: "same", Strides: 2, Activation: "gelu"})
	b.Add("", layer.MaxPooling2D{Pool: 1, Strides: 2}, c)
	b.Add("", layer.BatchNormalization{Epsilon: 1.001e-5})
	b.Add("", layer.ZeroPadding2D{Pad: [4]int{0, 1, 0, 0}})
	c = b.Add("", layer.DepthwiseConv2D{Kernel: 3, Padding: "same"})
	image := b.Add("", layer.Add{}, a, c)
	b.Add("", layer.GlobalAveragePooling2D{})
	b.Add("", layer.Reshape{Shape: []int{1, 1, 4}})
	weights := b.Add("", layer.Conv2D{Filters: 4, Kernel: 1, Activation: "sigmoid"})
	image = b.Add("", layer.Multiply{}, image, weights)
	flat := b.Add("", layer.Flatten{})
	h, w := b.List[b.List.Index(image)].Shape[0], b.List[b.List.Index(image)].Shape[1]
	b.Add("", layer.Reshape{Shape: []int{h * w, 4}}, image)
	b.Add("", layer.ClassToken{})
	tokens := b.Add("", layer.PositionEmbedding{})
	b.Add("", layer.MultiHeadAttention{NumHeads: 2, KeyDim: 4, Dropout: 0.1})
	b.Add("", layer.BatchNormalization{}, b.Add("", layer.Add{}, tokens, b.Last()))
	b.Add("", layer.Activation{Activation: "softmax"})
	b.Add("", layer.Dense{Units: 6, Activation: "hard_silu"})
	tokens = b.Add("", layer.GlobalAveragePooling1D{})
	b.Add("", layer.Reshape{Shape: []int{h, w * 4, 1}}, flat)
	b.Add("", layer.AveragePooling2D{Pool: 2, Padding: "same"})
	b.Add("", layer.Flatten{})
	b.Add("", layer.BatchNormalization{NoScale: true})
	b.Add("", layer.Concatenate{}, b.Last(), tokens)
	b.Add("probabilities", layer.Dense{Units: 7}) // the name of the file's output
	b.Add("", layer.Dropout{Rate: 0.5})
	b.Add("", layer.Dense{Units: 5, Activation: "softmax"})
	if b.Err != nil {
		t.Fatal(b.Err)
	}
	return b.List
}

// general has layers that the backbones do not have, on images whose channels are first and whose padding is still apart.
func general(t *testing.T) layer.List {
	t.Helper()
	b := &layer.Builder{}
	b.Add("", layer.Input{Shape: []int{9, 11, 3}})
	b.Add("", layer.Rescaling{Scale: 1, Offset: -127.5})
	padded := func(op layer.Op) string {
		b.Add("", layer.ZeroPadding2D{Pad: [4]int{1, 0, 2, 1}})
		return b.Add("", op)
	}
	padded(layer.GeneralConv2D{Filters: 6, Kernel: [2]int{2, 3}, Dilation: [2]int{2, 1}, Groups: 3, Activation: "selu"})
	padded(layer.PReLU{})
	padded(layer.ELU{Alpha: 0.5})
	padded(layer.LayerScale{Channels: 6})
	padded(layer.GeneralDepthwiseConv2D{Kernel: [2]int{3, 1}, Multiplier: 2, Padding: "same", Activation: "mish"})
	padded(layer.GeneralResizing{Height: 9, Width: 21, Interpolation: "nearest"})
	padded(layer.GeneralResizing{Height: 12, Width: 24, Interpolation: "bicubic"})
	padded(layer.Cropping2D{Cropping: [4]int{0, 2, 3, 1}})
	padded(layer.CenterCrop{Height: 8, Width: 9})
	padded(layer.PReLU{SharedAxes: []int{1, 2}})
	image := padded(layer.SeparableConv2D{Filters: 5, Kernel: [2]int{3, 2}, Strides: [2]int{2, 2}, Multiplier: 2,
		Padding: "same", Activation: "leaky_relu"})
	b.Add("", layer.Dense{Units: 5, Activation: "elu"}) // its channels are last
	b.Add("", layer.CustomScaleLayer{Scale: 0.3}, image, b.Last())
	b.Add("", layer.PReLU{})
	b.Add("", layer.Flatten{})
	b.Add("", layer.Dense{Units: 5})
	if b.Err != nil {
		t.Fatal(b.Err)
	}
	return b.List
}

// own is what this module computes itself.
func own(t *testing.T, ls layer.List, v layer.Values, x []float32) []float32 {
	t.Helper()
	p, err := inference.New(ls, v)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	y, err := p.Run(t.Context(), x)
	if err != nil {
		t.Fatal(err)
	}
	return y
}

func TestMixedLayersEqualOurOwn(t *testing.T) {
	for name, ls := range map[string]layer.List{"mixed": mixed(t), "general": general(t)} {
		v := filled(ls)
		x := golden.Uniform("images", 3*layer.Size(ls[0].Shape), 0, 255)
		want := own(t, ls, v, x)
		if golden.Difference(want[:5], want[5:10]) < 1e-3 {
			t.Errorf("%s: the images look alike: %v", name, want)
		}
		path, m := save(t, &onnx.Model{Name: name, Layers: ls, Values: v})
		if d := golden.Relative(compute(t, m, x, ls[0].Shape), want); !(d <= 1e-5) {
			t.Errorf("%s: differs by %.2g of the largest value", name, d)
		}
		t.Run(name+" in ONNX Runtime", func(t *testing.T) {
			r := onnxrun.Start(t, "../..")
			got, apart := r.Run(t, path, x)
			if d := golden.Relative(got, want); !(max(d, apart) <= 1e-5) {
				t.Errorf("differs by %.2g of the largest value, images one by one by %.2g", d, apart)
			}
		})
	}
}
