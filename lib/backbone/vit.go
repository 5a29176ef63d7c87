package backbone

import (
	"fmt"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/weights"
)

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

// publishedViT names the one file that the lesson takes from the hub.
func publishedViT(c Config) (weights.Published, error) {
	if _, err := findViT(c.Variant); err != nil {
		return weights.Published{}, err
	}
	if c.Variant != "B/16" {
		return weights.Published{}, fmt.Errorf("\"imagenet\" is a file for ViT B/16, not for %s: give the path of a file",
			c.Variant)
	}
	return weights.ViT(), nil
}

// vit lists the layers of a Vision Transformer (Dosovitskiy et al., 2021, "An Image is Worth 16x16 Words").
//
// The image is cut into patches, and each becomes a token: a convolution whose stride is its size multiplies all
// patches by one matrix. It leaves out what remains at the right and at the bottom. A learned class token is put before
// them, and a learned vector is added to each token, which tells where it stands. Then come the blocks, and a last
// normalization. With top, the class token alone goes on to the classes.
//
// The epsilon of normalizations is that of the authors' code; matchViT changes it where a file needs another.
func vit(c Config) (layer.List, error) {
	v, err := findViT(c.Variant)
	if err != nil {
		return nil, err
	}
	if c.Input < v.patch {
		return nil, fmt.Errorf("ViT %s with an input of %d pixels: use at least %d, one patch", v.name, c.Input, v.patch)
	}
	tokens := (c.Input / v.patch) * (c.Input / v.patch)
	norm := layer.LayerNormalization{Epsilon: 1e-6}

	b := &layer.Builder{}
	b.Add("input_layer", layer.Input{Shape: []int{c.Input, c.Input, 3}})
	b.Add("patch_embedding", layer.Conv2D{Filters: v.width, Kernel: v.patch, Strides: v.patch})
	b.Add("patches", layer.Reshape{Shape: []int{tokens, v.width}})
	b.Add("class_token", layer.ClassToken{})
	b.Add("position_embedding", layer.PositionEmbedding{})
	for n := range v.blocks {
		transformerBlock(b, fmt.Sprintf("block%d_", n), v, norm)
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
func transformerBlock(b *layer.Builder, name string, v vitVariant, norm layer.LayerNormalization) {
	if b.Err != nil {
		return
	}
	input := b.Last()
	b.Add(name+"norm1", norm)
	attention := b.Add(name+"attention", layer.MultiHeadAttention{NumHeads: v.heads, KeyDim: v.width / v.heads})
	sum := b.Add(name+"add1", layer.Add{}, input, attention)
	b.Add(name+"norm2", norm)
	b.Add(name+"mlp1", layer.Dense{Units: 4 * v.width, Activation: "gelu"})
	mlp := b.Add(name+"mlp2", layer.Dense{Units: v.width})
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
