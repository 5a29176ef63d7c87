// Package backbone defines the networks that the lesson transfers from, each as a list of named layers in Keras's
// order, and gives them weights.
package backbone

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/weights"
)

// Config chooses a variant. Its zero value is the lesson's, but for the weights: no classification top, the paper's
// width, 224×224.
type Config struct {
	Alpha      float64 // MobileNetV2's width multiplier; 0 is 1.0
	Input      int     // height and width of the input in pixels, at least 32; 0 is 224
	IncludeTop bool    // with the 1,000-class ImageNet layer
	Classes    int     // of the top; 0 is 1000
	// Weights is "imagenet" (the published file of this variant), "embedded" (the small backbone that comes with
	// this module; MobileNetV2 of alpha 0.35), "random" or "" (Glorot-uniform from Seed), "best", or the path of a
	// Keras .h5 file. "best" takes published weights for Alpha, else for another alpha that is on disk, else the
	// embedded ones: look at the Backbone's Config.Alpha and Notice.
	Weights string
	Seed    int64
}

// Backbone is a network with weights, without the lesson's head.
type Backbone struct {
	Name   string // "mobilenetv2"
	Config Config
	Layers layer.List
	Values layer.Values
	Source string // where the weights come from: "imagenet", "embedded", "random" or a path
	Notice string // what readers of any result must know; empty for published weights
}

// Names lists the backbones that New builds.
var Names = []string{"mobilenetv2"}

// MobileNetV2 builds MobileNetV2, as keras.applications.MobileNetV2.
func MobileNetV2(c Config) (*Backbone, error) { return New("mobilenetv2", c) }

// New builds the backbone of that name. It fails for unknown names, for a variant that does not exist, and for
// weights that are not on disk or do not fit; that error lists every difference.
func New(name string, c Config) (*Backbone, error) {
	if !slices.Contains(Names, name) {
		return nil, fmt.Errorf("unknown backbone %q: use one of %s", name, strings.Join(Names, ", "))
	}
	if c.Weights == "embedded" {
		if c.Alpha != 0 && c.Alpha != 0.35 || c.IncludeTop {
			return nil, fmt.Errorf("the embedded weights are for MobileNetV2 with alpha 0.35 and no top: " +
				"leave Alpha and IncludeTop out")
		}
		c.Alpha = 0.35
	}
	if c.Alpha == 0 {
		c.Alpha = 1
	}
	if c.Input == 0 {
		c.Input = 224
	}
	if c.Classes == 0 {
		c.Classes = 1000
	}
	if c.Input < 32 {
		return nil, fmt.Errorf("%s with an input of %d pixels: use at least 32", name, c.Input)
	}
	source, err := resolve(&c)
	if err != nil {
		return nil, err
	}
	layers, err := mobileNetV2(c)
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
				alphaAndTop(c))
		}
		return nil, fmt.Errorf("weights %s do not fit %s: %w", source.Path, b, err)
	}
	return b, nil
}

// fits names the variant of the backbone that a checkpoint is for, or "" if it is for none.
func fits(c Config, checkpoint *weights.Checkpoint) string {
	for _, c.Alpha = range Alphas {
		for _, c.IncludeTop = range []bool{false, true} {
			layers, err := mobileNetV2(c)
			if err != nil {
				continue
			}
			if _, err := layers.Match(checkpoint); err == nil {
				return alphaAndTop(c)
			}
		}
	}
	return ""
}

func alphaAndTop(c Config) string {
	if c.IncludeTop {
		return fmt.Sprintf("alpha %v with top", c.Alpha)
	}
	return fmt.Sprintf("alpha %v without top", c.Alpha)
}

// String names the variant, such as "mobilenetv2_0.35_224".
func (b *Backbone) String() string {
	return fmt.Sprintf("%s_%.2f_%d", b.Name, b.Config.Alpha, b.Config.Input)
}

// Preprocess maps pixels 0…255 to the range that the backbone was trained on, [−1, 1], as its preprocess_input.
func (b *Backbone) Preprocess() layer.Op { return layer.Rescaling{Scale: 1 / 127.5, Offset: -1} }

// Freeze sets the first n layers to be kept as they are, and the others to be trained; n < 0 freezes all.
// It is Keras's `for layer in base.layers[:n]: layer.trainable = False`.
func (b *Backbone) Freeze(n int) {
	for i, l := range b.Layers {
		l.Frozen = n < 0 || i < n
	}
}

// Summary prints the layers as Keras's model.summary() does.
func (b *Backbone) Summary() string { return b.Layers.Summary(b.String()) }

type source struct {
	weights.Source
	checkpoint *weights.Checkpoint
}

// resolve turns Config.Weights into an opened checkpoint, nil for random weights. It may change Alpha for "best".
func resolve(c *Config) (source, error) {
	switch c.Weights {
	case "", "random":
		return source{Source: weights.Source{Name: "random", Notice: "random weights, nothing learned before"}}, nil
	case "embedded":
		return embedded(c)
	case "imagenet":
		s, published, err := onDisk(*c)
		if err != nil {
			return source{}, err
		}
		if s == nil {
			return source{}, fmt.Errorf("no ImageNet weights for MobileNetV2 alpha %v on disk: put %s into a folder "+
				"and name it in WEIGHTS_DIR, or run `go run ./scripts/defects fetch`", c.Alpha, published.File)
		}
		return *s, nil
	case "best":
		alphas := slices.Clone(Alphas)
		slices.SortFunc(alphas, func(a, b float64) int {
			return cmp.Compare(math.Abs(a-c.Alpha), math.Abs(b-c.Alpha))
		})
		for _, alpha := range alphas {
			c.Alpha = alpha
			s, _, err := onDisk(*c)
			if err != nil {
				return source{}, err
			}
			if s != nil {
				return *s, nil
			}
		}
		return embedded(c)
	}
	checkpoint, err := weights.Open(c.Weights)
	return source{weights.Source{Name: c.Weights, Path: c.Weights}, checkpoint}, err
}

// embedded opens the backbone that comes with this module, which has one width.
func embedded(c *Config) (source, error) {
	c.Alpha = 0.35
	checkpoint, s, err := weights.Embedded()
	return source{s, checkpoint}, err
}

func onDisk(c Config) (*source, weights.Published, error) {
	published, err := weights.MobileNetV2(c.Alpha, c.IncludeTop)
	if err != nil {
		return nil, published, err
	}
	s, ok := weights.Find(published)
	if !ok {
		return nil, published, nil
	}
	checkpoint, err := weights.Open(s.Path)
	return &source{s, checkpoint}, published, err
}
