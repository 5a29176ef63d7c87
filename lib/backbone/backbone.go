// Package backbone defines the networks that the lesson transfers from, each as a list of named layers in Keras's
// order, and gives them weights.
package backbone

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/weights"
)

// Config chooses a variant. Its zero value is the lesson's, but for the weights: no classification top, the paper's
// width, the lesson's input.
type Config struct {
	Alpha      float64 // MobileNetV2's width multiplier; 0 is 1.0. Other backbones have none
	Input      int     // height and width of the input in pixels, at least 32; 0 is 224, for ResNet50V2 200
	IncludeTop bool    // with the 1,000-class ImageNet layer
	Classes    int     // of the top; 0 is 1000
	// Weights is "imagenet" (the published file of this variant), "embedded" (the small backbone that comes with
	// this module; MobileNetV2 of alpha 0.35), "random" or "" (Glorot-uniform from Seed), "best", or the path of a
	// Keras file. "best" takes published weights if they are on disk; else MobileNetV2 takes those for another alpha,
	// or the embedded ones, and other backbones take random ones: look at the Backbone's Config.Alpha and Notice.
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
	input       int // of the lesson, pixels
	layers      func(Config) (layer.List, error)
	published   func(Config) (weights.Published, error)
	alphas      []float64 // widths that exist; nil if there is only one
}

var architectures = []architecture{
	{"mobilenetv2", "MobileNetV2", 224, mobileNetV2, func(c Config) (weights.Published, error) {
		return weights.MobileNetV2(c.Alpha, c.IncludeTop)
	}, Alphas},
	{"resnet50v2", "ResNet50V2", 200, resNet50V2, func(c Config) (weights.Published, error) {
		return weights.ResNet50V2(c.IncludeTop), nil
	}, nil},
}

// Names lists the backbones that New builds.
var Names = []string{"mobilenetv2", "resnet50v2"}

// MobileNetV2 builds MobileNetV2, as keras.applications.MobileNetV2.
func MobileNetV2(c Config) (*Backbone, error) { return New("mobilenetv2", c) }

// ResNet50V2 builds ResNet50V2, as keras.applications.ResNet50V2.
func ResNet50V2(c Config) (*Backbone, error) { return New("resnet50v2", c) }

// New builds the backbone of that name. It fails for unknown names, for a variant that does not exist, and for
// weights that are not on disk or do not fit; that error lists every difference.
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
	c.Input, c.Classes = cmp.Or(c.Input, a.input), cmp.Or(c.Classes, 1000)
	if c.Input < 32 {
		return nil, fmt.Errorf("%s with an input of %d pixels: use at least 32", name, c.Input)
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
	if b.Values, err = layers.Match(source.checkpoint); err != nil {
		if other := fits(c, source.checkpoint); other != "" {
			return nil, fmt.Errorf("weights %s are for %s, not for %s: choose the one that they are for", source.Path, other,
				a.variant(c))
		}
		return nil, fmt.Errorf("weights %s do not fit %s: %w", source.Path, b, err)
	}
	return b, nil
}

// fits names the variant that a checkpoint is for, or "" if it is for none.
func fits(c Config, checkpoint *weights.Checkpoint) string {
	for _, a := range architectures {
		alphas := a.alphas
		if alphas == nil {
			alphas = []float64{0}
		}
		for _, c.Alpha = range alphas {
			for _, c.IncludeTop = range []bool{false, true} {
				layers, err := a.layers(c)
				if err != nil {
					continue
				}
				if _, err := layers.Match(checkpoint); err == nil {
					return a.variant(c)
				}
			}
		}
	}
	return ""
}

// variant names one of the forms of a backbone, such as "MobileNetV2 alpha 0.35 with top".
func (a architecture) variant(c Config) string {
	name := a.title
	if a.alphas != nil {
		name += fmt.Sprintf(" alpha %v", c.Alpha)
	}
	if c.IncludeTop {
		return name + " with top"
	}
	return name + " without top"
}

// String names the variant, such as "mobilenetv2_0.35_224" or "resnet50v2".
func (b *Backbone) String() string {
	if b.Config.Alpha == 0 {
		return b.Name
	}
	return fmt.Sprintf("%s_%.2f_%d", b.Name, b.Config.Alpha, b.Config.Input)
}

// Preprocess maps pixels 0…255 to the range that the backbone was trained on, [−1, 1], as its preprocess_input.
func (b *Backbone) Preprocess() layer.Op { return layer.Rescaling{Scale: 1 / 127.5, Offset: -1} }

// Summary prints the layers as Keras's model.summary() does.
func (b *Backbone) Summary() string { return b.Layers.Summary(b.String()) }
