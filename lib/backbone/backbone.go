// Package backbone defines the networks that the lesson transfers from, each as a list of named layers in Keras's
// order, and gives them weights.
package backbone

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/weights"
)

// Config chooses a variant. Its zero value is the lesson's, but for the weights: no classification top, the paper's
// width, the lesson's input.
type Config struct {
	Alpha      float64 // MobileNetV2's width multiplier; 0 is 1.0. Other backbones have none
	Variant    string  // of ViT, in the paper's notation, such as "S/32"; "" is "B/16". Other backbones have none
	Input      int     // height and width of the input in pixels; 0 is 224, for ResNet50V2 200. See New for the least
	IncludeTop bool    // with the 1,000-class ImageNet layer
	Classes    int     // of the top; 0 is 1000
	// Weights is "imagenet" (the published file of this variant), "embedded" (the small backbone that comes with
	// this module; MobileNetV2 of alpha 0.35), "random" or "" (Glorot-uniform from Seed), "best", or the path of a
	// Keras file. "best" takes published weights if they are on disk; else MobileNetV2 takes those for another alpha,
	// or the embedded ones, and other backbones take random ones: look at the Backbone's Config.Alpha and Notice.
	// ViT also reads safetensors in the names of Hugging Face or timm, and KerasHub's files, made for any input size.
	Weights string
	Seed    int64
}

// Backbone is a network with weights, without the lesson's head.
type Backbone struct {
	Name   string // one of Names
	Config Config
	Layers layer.List
	Values layer.Values
	Source string // where the weights come from: "imagenet", "embedded", "random" or a path
	Notice string // what readers of any result must know; empty for published weights
}

// architecture is what the backbones differ in.
type architecture struct {
	name, title string
	input       int    // of the lesson, pixels
	least       int    // input that it takes; 0 if the layers tell
	variant     string // of the lesson; empty if there is only one
	layers      func(Config) (layer.List, error)
	published   func(Config) (weights.Published, error)
	match       func(layer.List, *weights.Checkpoint) (layer.Values, error)
	alphas      []float64 // widths that exist; nil if there is only one
}

var architectures = []architecture{
	{
		name: "mobilenetv2", title: "MobileNetV2", input: 224, least: 32, layers: mobileNetV2, match: layer.List.Match,
		published: func(c Config) (weights.Published, error) { return weights.MobileNetV2(c.Alpha, c.IncludeTop) },
		alphas:    Alphas,
	},
	{
		name: "resnet50v2", title: "ResNet50V2", input: 200, least: 32, layers: resNet50V2, match: layer.List.Match,
		published: func(c Config) (weights.Published, error) { return weights.ResNet50V2(c.IncludeTop), nil },
	},
	{
		name: "vit", title: "ViT", input: 224, variant: "B/16", layers: vit, match: matchViT, published: publishedViT,
	},
}

// Names lists the backbones that New builds.
var Names = []string{"mobilenetv2", "resnet50v2", "vit"}

// MobileNetV2 builds MobileNetV2, as keras.applications.MobileNetV2.
func MobileNetV2(c Config) (*Backbone, error) { return New("mobilenetv2", c) }

// ResNet50V2 builds ResNet50V2, as keras.applications.ResNet50V2.
func ResNet50V2(c Config) (*Backbone, error) { return New("resnet50v2", c) }

// ViT builds a Vision Transformer, with the layers of google/vit-base-patch16-224 for the zero Config.
func ViT(c Config) (*Backbone, error) { return New("vit", c) }

// New builds the backbone of that name. It fails for unknown names, for a variant that does not exist, for an input of
// less than 32 pixels (of a ViT: less than one patch), and for weights that are not on disk or do not fit; that error
// lists every difference.
func New(name string, c Config) (*Backbone, error) {
	at := slices.Index(Names, name)
	if at < 0 {
		return nil, fmt.Errorf("unknown backbone %q: use one of %s", name, strings.Join(Names, ", "))
	}
	a := architectures[at]
	if c.Weights == "embedded" {
		if a.name != "mobilenetv2" || c.Alpha != 0 && c.Alpha != 0.35 || c.IncludeTop {
			return nil, fmt.Errorf("the embedded weights are for MobileNetV2 with alpha 0.35 and no top: " +
				"leave Alpha and IncludeTop out, and use \"random\" or \"imagenet\" for other backbones")
		}
		c.Alpha = 0.35
	}
	if a.alphas == nil && c.Alpha != 0 {
		return nil, fmt.Errorf("%s has no width multiplier: leave Alpha out", a.title)
	}
	if a.alphas != nil && c.Alpha == 0 {
		c.Alpha = 1
	}
	if a.variant == "" && c.Variant != "" {
		return nil, fmt.Errorf("%s has no variants: leave Variant out", a.title)
	}
	c.Variant = cmp.Or(c.Variant, a.variant)
	c.Input, c.Classes = cmp.Or(c.Input, a.input), cmp.Or(c.Classes, 1000)
	if c.Input < a.least {
		return nil, fmt.Errorf("%s with an input of %d pixels: use at least %d", name, c.Input, a.least)
	}
	source, err := a.resolve(&c)
	if err != nil {
		return nil, err
	}
	layers, err := a.layers(c)
	if err != nil {
		return nil, err
	}
	b := &Backbone{Name: name, Config: c, Layers: layers, Source: source.Name, Notice: source.Notice}
	if source.checkpoint == nil {
		b.Values = layers.Initial(c.Seed)
		return b, nil
	}
	if b.Values, err = a.match(layers, source.checkpoint); err != nil {
		if other := fits(c, source.checkpoint); other != "" {
			return nil, fmt.Errorf("weights %s are for %s, not for %s: choose the one that they are for", source.Path, other,
				a.named(c))
		}
		if shard.MatchString(source.Path) {
			return nil, fmt.Errorf("weights %s are one of several files (shards), which hold a model together: give the "+
				"path of the index beside them, model.safetensors.index.json", source.Path)
		}
		return nil, fmt.Errorf("weights %s do not fit %s: %w", source.Path, b, err)
	}
	return b, nil
}

// shard is how Hugging Face's libraries name the files of a checkpoint that is split.
var shard = regexp.MustCompile(`-\d{5}-of-\d{5}\.safetensors$`)

// fits names the variant that a checkpoint is for, or "" if it is for none. Of the variant of ViT that was asked for,
// with top or without, the differences say more.
func fits(asked Config, checkpoint *weights.Checkpoint) string {
	for _, a := range architectures {
		for _, form := range a.forms(asked) {
			if form.Variant != "" && form.Variant == asked.Variant {
				continue
			}
			layers, err := a.layers(form)
			if err != nil {
				continue
			}
			if _, err := a.match(layers, checkpoint); err == nil {
				return a.named(form)
			}
		}
	}
	return ""
}

// forms lists the configurations of an architecture for the input and the classes of c.
func (a architecture) forms(c Config) []Config {
	alphas, variants := a.alphas, []string{""}
	if alphas == nil {
		alphas = []float64{0}
	}
	if a.variant != "" {
		variants = vitNames()
	}
	var forms []Config
	for _, c.Alpha = range alphas {
		for _, c.Variant = range variants {
			for _, c.IncludeTop = range []bool{false, true} {
				forms = append(forms, c)
			}
		}
	}
	return forms
}

// named describes one of the forms of a backbone, such as "MobileNetV2 alpha 0.35 with top".
func (a architecture) named(c Config) string {
	name := a.title
	if c.Variant != "" {
		name += " " + c.Variant
	}
	if a.alphas != nil {
		name += fmt.Sprintf(" alpha %v", c.Alpha)
	}
	if c.IncludeTop {
		return name + " with top"
	}
	return name + " without top"
}

// String names the variant, such as "mobilenetv2_0.35_224", "resnet50v2" or "vit_b16_224".
func (b *Backbone) String() string {
	if b.Config.Variant != "" {
		variant := strings.ToLower(strings.ReplaceAll(b.Config.Variant, "/", ""))
		return fmt.Sprintf("%s_%s_%d", b.Name, variant, b.Config.Input)
	}
	if b.Config.Alpha == 0 {
		return b.Name
	}
	return fmt.Sprintf("%s_%.2f_%d", b.Name, b.Config.Alpha, b.Config.Input)
}

// Preprocess maps pixels 0…255 to the range that the backbone was trained on, [−1, 1], as its preprocess_input.
func (b *Backbone) Preprocess() layer.Op { return layer.Rescaling{Scale: 1 / 127.5, Offset: -1} }

// Summary prints the layers as Keras's model.summary() does.
func (b *Backbone) Summary() string { return b.Layers.Summary(b.String()) }
