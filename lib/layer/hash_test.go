package layer

import "testing"

// Run folders and stored features hold hashes: those of earlier versions stay.
func TestHashesStay(t *testing.T) {
	for want, build := range map[string]func(b *Builder){
		"91c1d4b860a2577d92e953d5929e04c77f696c0d988c4ea48241d2e31db05035": func(b *Builder) {
			Sequential(Resizing{Height: 16, Width: 16}, Rescaling{Scale: 1 / 127.5, Offset: -1})(b)
			x := b.Add("conv", Conv2D{Filters: 64, Kernel: 3, Padding: "same", Activation: "relu"})
			b.Add("depthwise", DepthwiseConv2D{Kernel: 3, Padding: "same", Activation: "relu6"})
			b.Add("sum", Add{}, x, b.Last())
			Sequential(ZeroPadding2D{Pad: [4]int{0, 1, 0, 1}}, DepthwiseConv2D{Kernel: 3, Strides: 2, NoBias: true},
				BatchNormalization{Momentum: 0.9}, ReLU{MaxValue: 6}, Activation{Activation: "gelu"}, MaxPooling2D{Pool: 2},
				AveragePooling2D{Pool: 2, Padding: "same"}, Reshape{Shape: []int{4, 64}}, ClassToken{}, PositionEmbedding{},
				LayerNormalization{}, MultiHeadAttention{NumHeads: 2, KeyDim: 4, Dropout: 0.1},
				Cropping1D{Cropping: [2]int{0, 1}}, GlobalAveragePooling1D{}, Dropout{Rate: 0.2},
				Dense{Units: 3, Activation: "softmax"})(b)
		},
		"baa34e38e2d6d06b26f3fd99fe8a61c30b89bb0434c0122a8d75a655295aa56a": Sequential(GlobalAveragePooling2D{}),
		"d46fef38009b7cff979fb7428fa718702810f649f786a2bd33cdad4dc7a455f0": Sequential(GlobalMaxPooling2D{}, Dense{Units: 3}),
		"c3fc5d4c30f539f3fe2e4730031d536beb3b2fa0bfa4350e245c7fd9872b573d": Sequential(Flatten{}),
	} {
		b := &Builder{}
		b.Add("image", Input{Shape: []int{32, 32, 3}})
		build(b)
		if b.Err != nil {
			t.Fatal(b.Err)
		}
		if got := b.List.Hash(nil); got != want {
			t.Errorf("the hash is %s, was %s", got, want)
		}
	}
}

// What is new in a configuration changes its hash.
func TestHashesDiffer(t *testing.T) {
	seen := map[string]Op{}
	for _, op := range []Op{Conv2D{}, Conv2D{NoBias: true}, DepthwiseConv2D{}, DepthwiseConv2D{NoBias: true},
		BatchNormalization{}, BatchNormalization{NoCenter: true}, BatchNormalization{NoScale: true}, Dense{},
		Dense{NoBias: true}, Dropout{}, Dropout{NoiseShape: []int{1}}, GlobalAveragePooling2D{},
		GlobalAveragePooling2D{KeepDims: true}, GlobalMaxPooling2D{}, GlobalMaxPooling2D{KeepDims: true},
		GeneralConv2D{}, GeneralConv2D{Groups: 2}, GeneralConv2D{Dilation: [2]int{1, 2}}, GeneralDepthwiseConv2D{},
		GeneralDepthwiseConv2D{Multiplier: 2}, SeparableConv2D{}, SeparableConv2D{Multiplier: 2}, PReLU{},
		PReLU{SharedAxes: []int{1}}, CustomScaleLayer{}, CustomScaleLayer{Scale: 1}, LayerScale{}, ELU{}, ELU{Alpha: 2}, Resizing{}, GeneralResizing{}, GeneralResizing{Interpolation: "nearest"},
		Rescaling{Scale: 1}, ChannelRescaling{Scale: []float64{1}}, Normalization{}, Normalization{Mean: []float64{1}}} {
		hash := List{{Op: op}}.Hash(nil)
		if other, ok := seen[hash]; ok {
			t.Errorf("%T%+v has the hash of %T%+v", op, op, other, other)
		}
		seen[hash] = op
	}
}
