// Package backbone defines the networks that one transfers from, each as a list of named layers in Keras's order, and
// gives them weights: published ones, which it finds on disk or fetches, those that come with this module, a file's, or
// random ones.
//
// All that is known of a network stands in one file; see Network.
package backbone

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/notice"
	"github.com/transfer-learning-go/defects/lib/record"
)

// Config chooses a variant. Its zero value is without classification top, of the paper's width, for the
// input that the Network names, and has random weights.
type Config struct {
	Alpha      float64 // MobileNetV2's width multiplier; 0 is 1.0. Other backbones have none
	Variant    string  // of ViT, in the paper's notation, such as "S/32"; "" is "B/16". Other backbones have none
	Input      int     // height and width of the input in pixels; 0 is Network.Input. See New for the least
	IncludeTop bool    // with the 1,000-class ImageNet layer
	Classes    int     // of the top; 0 is 1000
	// Weights is "imagenet" (the published file of this variant), "embedded" (the small backbone that comes with
	// this module; MobileNetV2 of alpha 0.35), "random" or "" (Glorot-uniform from Seed), "best", or the path of a
	// Keras file. "best" takes published weights if they are on disk; else MobileNetV2 takes those for another alpha,
	// or the embedded ones, and other backbones take random ones: look at the Backbone's Config.Alpha and Notice.
	// ViT also reads safetensors in the names of Hugging Face or timm, with the settings in config.json beside them,
	// and KerasHub's files, made for any input size.
	Weights string
	Seed    int64
}

// Backbone is a network with weights, without a head.
type Backbone struct {
	Name   string // one of Names
	Config Config
	Layers layer.List
	Values layer.Values
	Source string // where the weights come from: "imagenet", "embedded", "random" or a path
	Notice string // what readers of any result must know; empty for published weights

	preprocess layer.Op
}

// New builds the backbone of that name. It fails for unknown names, for a variant that does not exist, for an input of
// less than 32 pixels (of a ViT: less than one patch), and for weights that are not on disk or do not fit; that error
// lists every difference. It announces the Notice.
func New(name string, c Config) (*Backbone, error) {
	n, err := Lookup(name)
	if err != nil {
		return nil, err
	}
	if c, err = n.complete(c); err != nil {
		return nil, err
	}
	source, err := n.resolve(&c)
	if err != nil {
		return nil, err
	}
	b, err := n.build(c, source)
	if err != nil {
		return nil, err
	}
	b.Name, b.Config, b.Source, b.Notice = n.Name, c, source.name, notice.Join(source.notice, source.published.doubt(source.path, b), b.Notice)
	notice.Tell(b.Notice)
	record.Tell(record.Origin{Weights: b.Provenance()})
	return b, nil
}

func (n *Network) build(c Config, s source) (*Backbone, error) {
	if s.checkpoint == nil {
		layers, err := n.layers(c)
		if err != nil {
			return nil, err
		}
		return &Backbone{Layers: layers, Values: layers.Initial(c.Seed), preprocess: n.preprocess}, nil
	}
	b, err := n.withWeights(c, s.checkpoint)
	if err == nil {
		return b, nil
	}
	if other := fits(c, s.checkpoint); other != "" {
		return nil, fmt.Errorf("weights %s are for %s, not for %s: choose the one that they are for", s.path, other, n.form(c))
	}
	if shard.MatchString(s.path) {
		return nil, fmt.Errorf("weights %s are one of several files (shards), which hold a model together: give the "+
			"path of the index beside them, model.safetensors.index.json", s.path)
	}
	return nil, fmt.Errorf("weights %s do not fit %s: %w", s.path, &Backbone{Name: n.Name, Config: c}, err)
}

// shard is how Hugging Face's libraries name the files of a checkpoint that is split.
var shard = regexp.MustCompile(`-\d{5}-of-\d{5}\.safetensors$`)

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

// Provenance is the network and where its weights come from, such as "MobileNetV2 α=0.35: imagenet". Of a path it keeps
// the last element. A network that is none of Names, as one of a notebook's own, has no weights from elsewhere.
func (b *Backbone) Provenance() string {
	n, err := Lookup(b.Name)
	switch {
	case err == nil:
		return n.Label(b.Config) + ": " + filepath.Base(b.Source)
	case b.preprocess != nil: // of a Classifier
		return b.Name + ": " + filepath.Base(b.Source)
	}
	return b.Name + ": from scratch"
}

// Preprocess maps pixels 0…255 to what the weights were trained on, [−1, 1] for most, as Keras's preprocess_input. It is
// nil for a network whose own layers do that.
func (b *Backbone) Preprocess() layer.Op { return b.preprocess }

// AddTo appends the backbone to a model whose last layer gives images of its size with pixels 0…255: Preprocess as
// "preprocess_input", then the layers with their values, in inference mode as Keras's base(x, training=False). It
// returns the name of the last layer. The layers are copies. Those whose names are taken get the backbone's before theirs,
// such as "resnet50v2_input_layer": see layer.Builder.Unused.
func (b *Backbone) AddTo(model *layer.Builder) string {
	if b.preprocess == nil && b.ofLoadedModel() && model.Err == nil {
		model.Err = fmt.Errorf("base %s comes from a loaded model, which does not say how its images are to be scaled: fit that "+
			"model further, or build the base with backbone.New", b)
	}
	if b.preprocess != nil {
		model.Add(model.Unused("preprocess_input", b.String()), b.preprocess)
	}
	name := model.Nest(b.String(), b.Layers, b.Values)
	if model.Err == nil {
		model.Nested[len(model.Nested)-1].Of = b
	}
	return name
}

// ofLoadedModel reports whether the layers are those of a model from a file: they read a layer before them, which stays
// there. A network that scales its images itself misses nothing.
func (b *Backbone) ofLoadedModel() bool {
	n, err := Lookup(b.Name)
	return len(b.Layers[0].Inputs) > 0 && (err != nil || n.preprocess != nil)
}

// Pooling is the layer that makes one vector per image of what the base gives: the mean over all places of a feature
// map, or over all tokens of a ViT, its class token included.
func (b *Backbone) Pooling() layer.Op {
	if len(b.Layers.Output()) == 2 {
		return layer.GlobalAveragePooling1D{}
	}
	return layer.GlobalAveragePooling2D{}
}

// Summary prints the layers as Keras's model.summary() does.
func (b *Backbone) Summary() string { return b.Layers.Summary(b.String()) }
