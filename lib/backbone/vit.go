package backbone

import (
	"fmt"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/layer"
)

const onlyPublishedViT = "B/16" // the variant of the published file, and of notebook 4

var vit = &Network{
	Name: "vit", Title: "ViT", Lesson: true, Megabytes: 346, Input: 224, Variants: vitNames(), Variant: onlyPublishedViT,
	preprocess: minusOneToOne, layers: vitLayers, published: publishedViT, load: loadViT,
}

// ViT builds a Vision Transformer, with the layers of google/vit-base-patch16-224 for the zero Config.
func ViT(c Config) (*Backbone, error) { return New("vit", c) }

// vitVariant is a row of table 1 of the paper, with a size of patch.
type vitVariant struct {
	name                 string // as in the paper: size, a slash, pixels of a patch
	width, blocks, heads int
	patch                int // height and width, pixels
}

// "Ti" and "S" are of Touvron et al. (2021, "Training data-efficient image transformers"), the others of the paper.
var vitVariants = []vitVariant{
	{"Ti/16", 192, 12, 3, 16},
	{"S/16", 384, 12, 6, 16},
	{"B/16", 768, 12, 12, 16},
	{"L/16", 1024, 24, 16, 16},
	{"S/32", 384, 12, 6, 32},
	{"B/32", 768, 12, 12, 32},
	{"L/32", 1024, 24, 16, 32},
}

func findViT(name string) (vitVariant, error) {
	at := slices.Index(vitNames(), name)
	if at < 0 {
		return vitVariant{}, fmt.Errorf("ViT has no variant %q: use one of %s", name, strings.Join(vitNames(), ", "))
	}
	return vitVariants[at], nil
}

func vitNames() (names []string) {
	for _, v := range vitVariants {
		names = append(names, v.name)
	}
	return names
}

// publishedViT names the ViT-B/16 of google/vit-base-patch16-224 on Hugging Face's hub: trained on ImageNet-21k,
// fine-tuned on ImageNet-1k.
func publishedViT(c Config) (Published, error) {
	if c.Variant != onlyPublishedViT {
		return Published{}, fmt.Errorf("\"imagenet\" is a file for ViT %s, not for %s: give the path of a file", onlyPublishedViT,
			c.Variant)
	}
	return onHub("vit", "google/vit-base-patch16-224"), nil
}

// vitLayers lists the layers of a Vision Transformer (Dosovitskiy et al., 2021, "An Image is Worth 16x16 Words",
// https://arxiv.org/abs/2010.11929), with the epsilon of the authors' code.
func vitLayers(c Config) (layer.List, error) {
	v, err := findViT(c.Variant)
	if err != nil {
		return nil, err
	}
	return v.layers(c, vitSettings{heads: v.heads, epsilon: 1e-6, activation: "gelu"})
}

// layers is vitLayers with settings that go with a file.
//
// The image is cut into patches, and each becomes a token: a convolution whose stride is its size multiplies all
// patches by one matrix. It leaves out what remains at the right and at the bottom. A learned class token is put before
// them, and a learned vector is added to each token, which tells where it stands. Then come the blocks, and a last
// normalization. With top, the class token alone goes on to the classes.
func (v vitVariant) layers(c Config, s vitSettings) (layer.List, error) {
	if c.Input < v.patch {
		return nil, fmt.Errorf("ViT %s with an input of %d pixels: use at least %d, one patch", v.name, c.Input, v.patch)
	}
	tokens := (c.Input / v.patch) * (c.Input / v.patch)
	norm := layer.LayerNormalization{Epsilon: s.epsilon}

	b := &layer.Builder{}
	b.Add("input_layer", layer.Input{Shape: []int{c.Input, c.Input, 3}})
	b.Add("patch_embedding", layer.Conv2D{Filters: v.width, Kernel: v.patch, Strides: v.patch})
	b.Add("patches", layer.Reshape{Shape: []int{tokens, v.width}})
	b.Add("class_token", layer.ClassToken{})
	b.Add("position_embedding", layer.PositionEmbedding{})
	for n := range v.blocks {
		transformerBlock(b, fmt.Sprintf("block%d_", n), v.width, s)
	}
	b.Add("norm", norm)
	if c.IncludeTop {
		b.Add("class_token_only", layer.Cropping1D{Cropping: [2]int{0, tokens}})
		b.Add("flatten", layer.Flatten{})
		b.Add("predictions", layer.Dense{Units: c.Classes, Activation: "softmax"})
	}
	return b.List, b.Err
}

// transformerBlock appends one block: tokens look at each other, then each passes two dense layers of its own. What
// they compute is added to what came in. The normalizations stand before the two, not behind as in Vaswani et al.
// (2017), so that the sum passes through all blocks as it is.
func transformerBlock(b *layer.Builder, name string, width int, s vitSettings) {
	if b.Err != nil {
		return
	}
	norm := layer.LayerNormalization{Epsilon: s.epsilon}
	input := b.Last()
	b.Add(name+"norm1", norm)
	attention := b.Add(name+"attention", layer.MultiHeadAttention{NumHeads: s.heads, KeyDim: width / s.heads})
	sum := b.Add(name+"add1", layer.Add{}, input, attention)
	b.Add(name+"norm2", norm)
	b.Add(name+"mlp1", layer.Dense{Units: 4 * width, Activation: s.activation})
	mlp := b.Add(name+"mlp2", layer.Dense{Units: width})
	b.Add(name+"add2", layer.Add{}, sum, mlp)
}

// vitOf names the ViT that has so many numbers per token and pixels along a patch.
func vitOf(width, patch int) string {
	for _, v := range vitVariants {
		if v.width == width && v.patch == patch {
			return "ViT " + v.name
		}
	}
	return fmt.Sprintf("a ViT of %d numbers per token and patches of %d pixels, which is none of %s", width, patch,
		strings.Join(vitNames(), ", "))
}
