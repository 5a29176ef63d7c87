package backbone

import (
	"bytes"
	"fmt"
	"math"

	"github.com/transfer-learning-go/defects/lib/keras"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/weights"
)

// Its own layers scale the image.
var efficientNetB0 = &Network{
	Name: "efficientnetb0", Title: "EfficientNetB0", Megabytes: 16, Input: 224, least: 32,
	layers:    func(c Config) (layer.List, error) { return efficientNetB0Layers(c, false) },
	published: publishedEfficientNetB0, load: loadEfficientNetB0,
}

// EfficientNetB0 builds EfficientNet-B0, as keras.applications.EfficientNetB0.
func EfficientNetB0(c Config) (*Backbone, error) { return New("efficientnetb0", c) }

// publishedEfficientNetB0 names the file, as keras.applications.EfficientNetB0 does.
func publishedEfficientNetB0(c Config) (Published, error) {
	p := Published{Network: "efficientnetb0", File: "efficientnetb0_notop.h5", MD5: "50bc09e76180e00e4465e1a485ddc09d", Size: 16705208}
	if c.IncludeTop {
		p.File, p.MD5, p.Size = "efficientnetb0.h5", "902e53a9f72be733fc0bcb005b3ebbac", 0
	}
	p.URL = "https://storage.googleapis.com/keras-applications/" + p.File
	return p, nil
}

// loadEfficientNetB0 gives the list the second scaling that goes with the published weights. A whole model says whether
// it has it. In a file of weights alone, a variance of images tells those from weights that Keras started at random.
func loadEfficientNetB0(c Config, checkpoint *weights.Checkpoint) (*Backbone, error) {
	plain, err := efficientNetB0Layers(c, false)
	if err != nil {
		return nil, err
	}
	values, err := keras.Match(plain, checkpoint)
	if err != nil {
		return nil, err
	}
	again := values["normalization"][1][0] != 1
	if checkpoint.Config != nil {
		again = bytes.Count(checkpoint.Config, []byte(`"Rescaling"`)) > 1
	}
	layers, err := efficientNetB0Layers(c, again)
	return &Backbone{Layers: layers, Values: values}, err
}

// efficientNetB0Layers lists the layers of EfficientNet-B0 (Tan and Le, 2019, "EfficientNet: Rethinking Model Scaling for
// Convolutional Neural Networks"), named and ordered as in Keras.
//
// The image is normalized by the mean and the variance of ImageNet, and for the published weights once more by the root
// of the deviation, as it was when they were trained (TensorFlow's issue 49930). It passes a strided convolution and
// sixteen blocks as MobileNetV2's, in which the channels weigh each other (Hu et al., 2018, "Squeeze-and-Excitation
// Networks"), and in training a block is left out now and then.
func efficientNetB0Layers(c Config, again bool) (layer.List, error) {
	b := &layer.Builder{}
	b.Add("input_layer", layer.Input{Shape: []int{c.Input, c.Input, 3}})
	b.Add("rescaling", layer.Rescaling{Scale: 1 / 255.0})
	b.Add("normalization", layer.Normalization{})
	if again {
		b.Add("rescaling_1", layer.ChannelRescaling{Offset: make([]float64, 3),
			Scale: []float64{1 / math.Sqrt(0.229), 1 / math.Sqrt(0.224), 1 / math.Sqrt(0.225)}})
	}
	b.Add("stem_conv_pad", layer.ZeroPadding2D{Pad: correctPad([]int{c.Input, c.Input}, 3)})
	normalized(b, "stem_", "conv", "bn", "activation", layer.Conv2D{Filters: 32, Kernel: 3, Strides: 2, NoBias: true})
	// Table 1 of the paper: expansion, window, output channels, repeats, stride of the first.
	stages := []struct{ expansion, kernel, filters, repeats, stride int }{{1, 3, 16, 1, 1}, {6, 3, 24, 2, 2},
		{6, 5, 40, 2, 2}, {6, 3, 80, 3, 2}, {6, 5, 112, 3, 1}, {6, 5, 192, 4, 2}, {6, 3, 320, 1, 1}}
	n := 0 // of 16 blocks
	for i, s := range stages {
		for r := range s.repeats {
			mbConv(b, fmt.Sprintf("block%d%c_", i+1, 'a'+r), s.expansion, s.kernel, s.filters, s.stride, 0.2*float64(n)/16)
			s.stride = 1
			n++
		}
	}
	normalized(b, "top_", "conv", "bn", "activation", layer.Conv2D{Filters: 1280, Kernel: 1, Padding: "same", NoBias: true})
	if c.IncludeTop {
		b.Add("avg_pool", layer.GlobalAveragePooling2D{})
		b.Add("top_dropout", layer.Dropout{Rate: 0.2})
		b.Add("predictions", layer.Dense{Units: c.Classes, Activation: "softmax"})
	}
	return b.List, b.Err
}

// normalized appends a convolution, its normalization, and an activation if that has a name.
func normalized(b *layer.Builder, prefix, convolution, normalization, activation string, op layer.Op) {
	b.Add(prefix+convolution, op)
	b.Add(prefix+normalization, layer.BatchNormalization{})
	if activation != "" {
		b.Add(prefix+activation, layer.Activation{Activation: "swish"})
	}
}

// mbConv appends one block: expand (unless by 1), filter each channel, weigh the channels, project, add. Training leaves
// it out with probability drop.
func mbConv(b *layer.Builder, name string, expansion, kernel, filters, stride int, drop float64) {
	if b.Err != nil {
		return
	}
	input := b.List[len(b.List)-1]
	channels, padding := input.Shape[2], "same"
	wide := layer.Conv2D{Filters: expansion * channels, Kernel: 1, Padding: "same", NoBias: true}
	if expansion != 1 {
		normalized(b, name, "expand_conv", "expand_bn", "expand_activation", wide)
	}
	if stride == 2 {
		padding = "valid"
		b.Add(name+"dwconv_pad", layer.ZeroPadding2D{Pad: correctPad(input.Shape, kernel)})
	}
	normalized(b, name, "dwconv", "bn", "activation",
		layer.DepthwiseConv2D{Kernel: kernel, Strides: stride, Padding: padding, NoBias: true})
	filtered := b.Last()
	b.Add(name+"se_squeeze", layer.GlobalAveragePooling2D{})
	b.Add(name+"se_reshape", layer.Reshape{Shape: []int{1, 1, wide.Filters}})
	b.Add(name+"se_reduce", layer.Conv2D{Filters: channels / 4, Kernel: 1, Padding: "same", Activation: "swish"})
	weights := b.Add(name+"se_expand", layer.Conv2D{Filters: wide.Filters, Kernel: 1, Padding: "same", Activation: "sigmoid"})
	b.Add(name+"se_excite", layer.Multiply{}, filtered, weights)
	normalized(b, name, "project_conv", "project_bn", "", layer.Conv2D{Filters: filters, Kernel: 1, Padding: "same", NoBias: true})
	if stride == 1 && channels == filters {
		if drop > 0 {
			b.Add(name+"drop", layer.Dropout{Rate: drop, NoiseShape: []int{1, 1, 1}})
		}
		b.Add(name+"add", layer.Add{}, b.Last(), input.Name)
	}
}
