package backbone

import (
	"fmt"

	"github.com/transfer-learning-go/defects/lib/layer"
)

var resNet50V2 = &Network{
	Name: "resnet50v2", Title: "ResNet50V2", Lesson: true, Megabytes: 95, Input: 200, least: 32,
	preprocess: minusOneToOne, layers: resNet50V2Layers, published: publishedResNet50V2,
}

// ResNet50V2 builds ResNet50V2, as keras.applications.ResNet50V2.
func ResNet50V2(c Config) (*Backbone, error) { return New("resnet50v2", c) }

// publishedResNet50V2 names the file, as keras.applications.ResNet50V2 does.
func publishedResNet50V2(c Config) (Published, error) {
	p := Published{Network: "resnet50v2",
		File: "resnet50v2_weights_tf_dim_ordering_tf_kernels_notop.h5", MD5: "fac2f116257151a9d068a22e544a4917", Size: 94668760}
	if c.IncludeTop {
		p.File, p.MD5, p.Size = "resnet50v2_weights_tf_dim_ordering_tf_kernels.h5", "3ef43a0b657b3be2300d5770ece849e0", 0
	}
	p.URL = "https://storage.googleapis.com/tensorflow/keras-applications/resnet/" + p.File
	return p, nil
}

// resNet50V2Layers lists the layers of ResNet50V2 (He et al., 2016, "Identity Mappings in Deep Residual Networks"), named
// and ordered as in Keras.
//
// The image passes a strided convolution, a max pooling, and four stages of residual blocks. A block adds what its
// three convolutions compute to what came in, so that it needs to learn only the difference. In this second version
// batch normalization and ReLU stand before each convolution, and the sum passes on as it is.
func resNet50V2Layers(c Config) (layer.List, error) {
	b := &layer.Builder{}
	b.Add("input_layer", layer.Input{Shape: []int{c.Input, c.Input, 3}})
	b.Add("conv1_pad", layer.ZeroPadding2D{Pad: [4]int{3, 3, 3, 3}})
	b.Add("conv1_conv", layer.Conv2D{Filters: 64, Kernel: 7, Strides: 2})
	// The image here is not rectified: a zero at the border may win over values below it. So the pooling must see zeros.
	b.Add("pool1_pad", layer.ZeroPadding2D{Pad: [4]int{1, 1, 1, 1}})
	b.Add("pool1_pool", layer.MaxPooling2D{Pool: 3, Strides: 2})

	// Channels inside the blocks of a stage, its blocks, and the stride of its last block. In the paper the first
	// block of a stage has the stride; Keras follows the authors' later code.
	stages := []struct{ filters, blocks, stride int }{{64, 3, 2}, {128, 4, 2}, {256, 6, 2}, {512, 3, 1}}
	for i, s := range stages {
		for block := 1; block <= s.blocks; block++ {
			stride := 1
			if block == s.blocks {
				stride = s.stride
			}
			residual(b, fmt.Sprintf("conv%d_block%d_", i+2, block), s.filters, stride, block == 1)
		}
	}

	b.Add("post_bn", resNetNorm)
	b.Add("post_relu", layer.Activation{Activation: "relu"})
	if c.IncludeTop {
		b.Add("avg_pool", layer.GlobalAveragePooling2D{})
		b.Add("predictions", layer.Dense{Units: c.Classes, Activation: "softmax"})
	}
	return b.List, b.Err
}

var resNetNorm = layer.BatchNormalization{Epsilon: 1.001e-5}

// residual appends one block: 1×1 convolution to fewer channels, 3×3, 1×1 to four times as many, plus the shortcut.
// The shortcut is the input itself; a 1×1 convolution where channels change, taken behind the first normalization; a
// pooling of size 1, which only drops pixels, where the block has a stride.
func residual(b *layer.Builder, name string, filters, stride int, project bool) {
	relu := layer.Activation{Activation: "relu"}
	shortcut := b.Last()
	b.Add(name+"preact_bn", resNetNorm)
	preact := b.Add(name+"preact_relu", relu)
	b.Add(name+"1_conv", layer.Conv2D{Filters: filters, Kernel: 1, NoBias: true})
	b.Add(name+"1_bn", resNetNorm)
	b.Add(name+"1_relu", relu)
	b.Add(name+"2_pad", layer.ZeroPadding2D{Pad: [4]int{1, 1, 1, 1}})
	b.Add(name+"2_conv", layer.Conv2D{Filters: filters, Kernel: 3, Strides: stride, NoBias: true})
	b.Add(name+"2_bn", resNetNorm)
	inner := b.Add(name+"2_relu", relu)
	if project {
		shortcut = b.Add(name+"0_conv", layer.Conv2D{Filters: 4 * filters, Kernel: 1}, preact)
	} else if stride > 1 {
		shortcut = b.Add("", layer.MaxPooling2D{Pool: 1, Strides: stride}, shortcut)
	}
	last := b.Add(name+"3_conv", layer.Conv2D{Filters: 4 * filters, Kernel: 1}, inner)
	b.Add(name+"out", layer.Add{}, shortcut, last)
}
