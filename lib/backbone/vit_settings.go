package backbone

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"strings"

	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/notice"
)

// vitSettings is what a ViT needs to know and its weights do not tell.
type vitSettings struct {
	heads      int
	epsilon    float64 // of layer normalization
	activation string  // of the first dense layer of a block
	preprocess layer.Op
	notice     string
	resize     int // height and width to which images are brought; 0 if no file says it
	crop       int // of the centre that is then cut out; 0 if images are taken whole
}

const (
	configFile       = "config.json"
	preprocessorFile = "preprocessor_config.json"
)

// settings are those of the files that transformers and timm put beside their weights, which lie at path. A setting that
// cannot be computed here is refused. What no file says is assumed: the variant's heads, the library's epsilon, pixels of
// −1…1. The notice says so unless the weights are known, because the network itself describes its published file; and of
// KerasHub's, whose ViTs all have these settings.
func (f *vitFile) settings(v vitVariant, path string, known bool) (vitSettings, error) {
	s := vitSettings{heads: v.heads, epsilon: f.epsilon, activation: "gelu", preprocess: minusOneToOne}
	if !f.pytorch || known && filepath.Base(path) != hubFile {
		return s, nil
	}
	config, err := readSettings(filepath.Join(filepath.Dir(path), configFile))
	missing := errors.Is(err, fs.ErrNotExist)
	switch {
	case err != nil && !missing:
		return s, err
	case missing || f.title == timm && !config.has("architecture"):
		if !known {
			s.notice = fmt.Sprintf("no %s beside the weights: %d heads, an epsilon of %g and pixels of −1…1 are assumed",
				configFile, s.heads, s.epsilon)
		}
		return s, nil
	case f.title == timm:
		f.ofTimm(&s, config)
		return s, config.err()
	}
	f.ofHuggingFace(&s, v, config)
	if err := config.err(); err != nil {
		return s, err
	}
	processor, err := readSettings(filepath.Join(filepath.Dir(path), preprocessorFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if !known {
			s.notice = fmt.Sprintf("no %s beside the weights: pixels of −1…1 are assumed", preprocessorFile)
		}
		return s, nil
	case err != nil:
		return s, err
	}
	ofProcessor(&s, processor)
	return s, processor.err()
}

// ofHuggingFace reads transformers' ViTConfig. What is left out there has that class's defaults.
func (f *vitFile) ofHuggingFace(s *vitSettings, v vitVariant, c *settings) {
	if kind := c.text("model_type", "vit"); kind != "vit" {
		c.refuse("model_type", "%q: only \"vit\" is supported", kind)
	}
	for _, of := range []struct {
		setting        string
		otherwise, has int
	}{
		{"hidden_size", 768, v.width}, {"num_hidden_layers", 12, v.blocks}, {"intermediate_size", 3072, 4 * v.width},
		{"patch_size", 16, v.patch}, {"num_channels", 3, 3},
	} {
		if got := c.whole(of.setting, of.otherwise); got != of.has {
			c.refuse(of.setting, "%d: ViT %s has %d", got, v.name, of.has)
		}
	}
	s.heads = c.whole("num_attention_heads", 12)
	if s.heads < 1 || v.width%s.heads != 0 {
		c.refuse("num_attention_heads", "%d: it must divide the %d numbers of a token", s.heads, v.width)
	}
	if s.epsilon = c.number("layer_norm_eps", s.epsilon); !(s.epsilon > 0) {
		c.refuse("layer_norm_eps", "%g: only numbers above 0 are supported", s.epsilon)
	}
	switch act := c.text("hidden_act", "gelu"); act {
	case "gelu", "gelu_python":
	case "relu", "silu", "swish":
		s.activation = act
	default:
		c.refuse("hidden_act", "%q: only \"gelu\" (exact), \"relu\" and \"silu\" are supported", act)
	}
	if !c.flag("qkv_bias", true) {
		c.refuse("qkv_bias", "false: queries, keys and values without biases are not supported")
	}
	size := c.whole("image_size", 224)
	patches := (size / v.patch) * (size / v.patch)
	table := f.tensors[f.name(positionEmbedding, "embeddings")].Shape
	if len(table) == 3 && table[1] != 1+patches {
		c.refuse("image_size", "%d, which makes %d patches, but the weights have %d positions; get both from one model", size,
			patches, table[1])
	}
}

// ofProcessor reads transformers' ViTImageProcessor.
func ofProcessor(s *vitSettings, p *settings) {
	scale, mean, std := 1.0, [3]float64{}, [3]float64{1, 1, 1}
	if p.flag("do_rescale", true) {
		scale = p.number("rescale_factor", 1.0/255)
	}
	if p.flag("do_normalize", true) {
		mean, std = p.channels("image_mean", halves), p.channels("image_std", halves)
	}
	for _, name := range []string{"do_flip_channel_order", "rescale_offset", "offset"} {
		if p.flag(name, false) {
			p.refuse(name, "true: that is not supported")
		}
	}
	s.preprocess = p.normalization("image_std", scale, mean, std)
	// PIL's numbers of its filters.
	names := []string{"nearest-neighbour", "Lanczos", "bilinear", "bicubic", "box", "Hamming"}
	if p.flag("do_resize", true) {
		if way := p.whole("resample", 2); way < 0 || way >= len(names) {
			p.refuse("resample", "%d: it is 0 to %d", way, len(names)-1)
		} else {
			s.resizedBy(names[way])
		}
	}
	s.resize = p.side("size", 224)
	if p.flag("do_center_crop", false) {
		s.crop = p.side("crop_size", 224)
	}
}

// side is the shorter side of a size: a number, or an object with height or shortest_edge.
func (c *settings) side(name string, otherwise int) int {
	if !c.has(name) || c.members[name][0] != '{' {
		return c.whole(name, otherwise)
	}
	size := c.object(name)
	return min(size.whole("shortest_edge", size.whole("height", otherwise)), size.whole("width", math.MaxInt))
}

// resizedBy compares the interpolation that the weights are for with Resizing's.
func (s *vitSettings) resizedBy(interpolation string) {
	if interpolation != "bilinear" {
		s.notice = notice.Join(s.notice, fmt.Sprintf("the weights are for images resized by %s interpolation, which is bilinear here",
			interpolation))
	}
}

// ofTimm reads the config.json that timm puts on the hub: the architecture, by whose name timm knows most settings, and
// the preprocessing, in pretrained_cfg or, in older files, beside the architecture. Relatives of the ViT have tensors
// that it does not have, but for those with another GELU.
func (f *vitFile) ofTimm(s *vitSettings, c *settings) {
	if name := c.text("architecture", ""); strings.Contains(name, "quickgelu") {
		c.refuse("architecture", "%q: its approximation of GELU is not supported", name)
	}
	args := c.object("model_args")
	s.heads = args.whole("num_heads", s.heads)
	if width := f.tensors[f.name(patchEmbedding, "kernel")].Shape[0]; s.heads < 1 || width%s.heads != 0 {
		args.refuse("num_heads", "%d: it must divide the %d numbers of a token", s.heads, width)
	}
	for _, name := range []string{"norm_layer", "act_layer", "mlp_layer", "block_fn"} {
		if args.has(name) {
			args.refuse(name, "%s: only ViT's own is supported", args.members[name])
		}
	}
	p := c
	if c.has("pretrained_cfg") {
		p = c.object("pretrained_cfg")
	}
	s.preprocess = p.normalization("std", 1.0/255, p.channels("mean", halves), p.channels("std", halves))
	s.resizedBy(p.text("interpolation", "bicubic"))
	size := setting(p, "input_size", []int{3, 224, 224}, "three whole numbers")
	if len(size) != 3 {
		p.refuse("input_size", "%v: it is channels, height and width", size)
		return
	}
	s.resize = size[1]
	if share := p.number("crop_pct", 0.875); !(share > 0) {
		p.refuse("crop_pct", "%g: only numbers above 0 are supported", share)
	} else if share < 1 {
		s.resize, s.crop = int(float64(size[1])/share), size[1]
	}
}

var halves = [3]float64{0.5, 0.5, 0.5}

// normalization is (scale·x − mean) / std, of each channel.
func (c *settings) normalization(name string, scale float64, mean, std [3]float64) layer.Op {
	var scales, offsets [3]float64
	for i := range std {
		if !(std[i] > 0) {
			c.refuse(name, "%v: only numbers above 0 are supported", std)
			return nil
		}
		scales[i], offsets[i] = scale/std[i], -mean[i]/std[i]
	}
	if scales != [3]float64{scales[0], scales[0], scales[0]} || offsets != [3]float64{offsets[0], offsets[0], offsets[0]} {
		return layer.ChannelRescaling{Scale: scales[:], Offset: offsets[:]}
	}
	if math.Abs(scales[0]-minusOneToOne.Scale) < 1e-12 && offsets[0] == minusOneToOne.Offset { // 1/255 has many spellings
		return minusOneToOne
	}
	return layer.Rescaling{Scale: scales[0], Offset: offsets[0]}
}
