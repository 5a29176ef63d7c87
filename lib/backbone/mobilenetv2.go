package backbone

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/transfer-learning-go/defects/lib/layer"
)

// Alphas are the width multipliers that Keras publishes ImageNet weights of MobileNetV2 for.
var Alphas = []float64{0.35, 0.5, 0.75, 1.0, 1.3, 1.4}

var mobileNetV2 = &Network{
	Name: "mobilenetv2", Title: "MobileNetV2", Lesson: true, Megabytes: 9, Input: 224, least: 32, Alphas: Alphas,
	Embedded: 0.35, embeddedFile: "mobilenet_v2_0.35_224_no_top.h5",
	preprocess: minusOneToOne, layers: mobileNetV2Layers, published: publishedMobileNetV2,
}

// MobileNetV2 builds MobileNetV2, as keras.applications.MobileNetV2.
func MobileNetV2(c Config) (*Backbone, error) { return New("mobilenetv2", c) }

// publishedMobileNetV2 names the file for 224×224 pixels, as keras.applications.MobileNetV2 does. Keras publishes no
// checksums of these files: the server announces them (see download.File), and Fetch keeps the SHA-256 of what has come.
func publishedMobileNetV2(c Config) (Published, error) {
	width := strconv.FormatFloat(c.Alpha, 'f', -1, 64)
	if !strings.Contains(width, ".") {
		width += ".0" // Python writes 1.0
	}
	file := fmt.Sprintf("mobilenet_v2_weights_tf_dim_ordering_tf_kernels_%s_224", width)
	if !c.IncludeTop {
		file += "_no_top"
	}
	file += ".h5"
	p := Published{Network: "mobilenetv2", File: file,
		URL: "https://storage.googleapis.com/tensorflow/keras-applications/mobilenet_v2/" + file}
	switch {
	case c.Alpha == 1 && c.IncludeTop:
		p.Size = 14536120
	case c.Alpha == 1:
		p.Size = 9406464
	case c.Alpha == 0.35 && !c.IncludeTop:
		p.Size, p.Values = 2019640, "cea55efc9877ca3885be4994427a90914d259e7e8d759d90f36f7bb16e1725a7"
	}
	return p, nil
}

// mobileNetV2Layers lists the layers of MobileNetV2 (Sandler et al., 2018, "Inverted Residuals and Linear Bottlenecks"),
// named and ordered as in Keras.
//
// The image passes a strided convolution and seventeen blocks. A block expands its channels by 1×1 convolution,
// filters each channel by a 3×3 depthwise convolution, and projects down again without activation; where input and
// output have one shape, the input is added. Each convolution has no bias and is batch-normalized.
func mobileNetV2Layers(c Config) (layer.List, error) {
	b := &layer.Builder{}
	relu6 := layer.ReLU{MaxValue: 6}
	norm := layer.BatchNormalization{Epsilon: 1e-3, Momentum: 0.999}

	b.Add("input_layer", layer.Input{Shape: []int{c.Input, c.Input, 3}})
	b.Add("Conv1", layer.Conv2D{Filters: divisible(32 * c.Alpha), Kernel: 3, Strides: 2, Padding: "same", NoBias: true})
	b.Add("bn_Conv1", norm)
	b.Add("Conv1_relu", relu6)

	// Table 2 of the paper: expansion, output channels, repeats, stride of the first.
	stages := []struct{ expansion, filters, repeats, stride int }{
		{1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1},
	}
	block := 0
	for _, s := range stages {
		for r := range s.repeats {
			stride := 1
			if r == 0 {
				stride = s.stride
			}
			invertedResidual(b, block, s.expansion, divisible(float64(s.filters)*c.Alpha), stride, norm)
			block++
		}
	}

	last := 1280
	if c.Alpha > 1 {
		last = divisible(1280 * c.Alpha)
	}
	b.Add("Conv_1", layer.Conv2D{Filters: last, Kernel: 1, NoBias: true})
	b.Add("Conv_1_bn", norm)
	b.Add("out_relu", relu6)
	if c.IncludeTop {
		b.Add("global_average_pooling2d", layer.GlobalAveragePooling2D{})
		b.Add("predictions", layer.Dense{Units: c.Classes, Activation: "softmax"})
	}
	return b.List, b.Err
}

// invertedResidual appends block n: expand (not in the first block), depthwise, project, add.
func invertedResidual(b *layer.Builder, n, expansion, filters, stride int, norm layer.BatchNormalization) {
	if b.Err != nil {
		return
	}
	relu6 := layer.ReLU{MaxValue: 6}
	input := b.List[len(b.List)-1]
	channels := input.Shape[2]
	prefix := fmt.Sprintf("block_%d_", n)
	if n == 0 {
		prefix = "expanded_conv_"
	} else {
		b.Add(prefix+"expand", layer.Conv2D{Filters: expansion * channels, Kernel: 1, NoBias: true})
		b.Add(prefix+"expand_BN", norm)
		b.Add(prefix+"expand_relu", relu6)
	}
	padding := "same"
	if stride == 2 {
		padding = "valid"
		b.Add(prefix+"pad", layer.ZeroPadding2D{Pad: correctPad(input.Shape, 3)})
	}
	b.Add(prefix+"depthwise", layer.DepthwiseConv2D{Kernel: 3, Strides: stride, Padding: padding, NoBias: true})
	b.Add(prefix+"depthwise_BN", norm)
	b.Add(prefix+"depthwise_relu", relu6)
	b.Add(prefix+"project", layer.Conv2D{Filters: filters, Kernel: 1, NoBias: true})
	project := b.Add(prefix+"project_BN", norm)
	if stride == 1 && channels == filters {
		b.Add(prefix+"add", layer.Add{}, input.Name, project)
	}
}

// correctPad is the padding {top, bottom, left, right} before a strided window: one pixel less at the start where
// the size is even (keras.applications.imagenet_utils.correct_pad).
func correctPad(shape []int, kernel int) [4]int {
	half := kernel / 2
	top, left := half-(1-shape[0]%2), half-(1-shape[1]%2)
	return [4]int{top, half, left, half}
}

// divisible rounds a number of channels to a multiple of 8, at least 8, and never below 90 % of it (the paper's
// published code, and Keras's _make_divisible).
func divisible(v float64) int {
	n := max(8, int(v+4)/8*8)
	if float64(n) < 0.9*v {
		n += 8
	}
	return n
}
