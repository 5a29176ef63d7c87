package backbone

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/keras"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/weights"
)

// Network is one of the architectures that New builds. All that is known of it stands in the file of its name, but for
// its place in the list of networks below. A new one is such a file and its name in that list: New, the notebooks and the
// commands, with their help, ask Networks.
type Network struct {
	Name     string    // as New takes it, such as "mobilenetv2"
	Title    string    // as its paper calls it, such as "MobileNetV2"
	Lesson   bool      // the notebooks transfer from it
	Input    int       // height and width in pixels if Config.Input is 0
	Alphas   []float64 // width multipliers that exist; nil if there is only one width
	Variants []string  // sizes, in the paper's notation; nil if there is only one
	Variant  string    // if Config.Variant is ""
	Embedded float64   // the width whose weights come with this module; 0 if none do
	// Megabytes is about the size of the published file for the zero Config; 0 if nobody publishes one.
	Megabytes int

	least        int      // input in pixels; 0 if the layers tell
	preprocess   layer.Op // what the image passes first; nil if that is among the layers
	embeddedFile string   // in the folder embedded
	layers       func(Config) (layer.List, error)
	// published names the file with ImageNet weights. It fails for a variant that has none; nil if no variant has one.
	published func(Config) (Published, error)
	// load builds the network with the values of a checkpoint, and may give it Layers, a preprocessing and a Notice that
	// go with the file. nil matches the file by the names of the layers, or as Keras counts
	// them.
	load func(Config, *weights.Checkpoint) (*Backbone, error)
}

// minusOneToOne is the preprocess_input of most of Keras's networks.
var minusOneToOne = layer.Rescaling{Scale: 1 / 127.5, Offset: -1}

// networks are listed in this order everywhere.
var networks = []*Network{mobileNetV2, resNet50V2, vit, efficientNetB0}

// Names lists the networks that New builds.
func Names() (names []string) {
	for _, n := range networks {
		names = append(names, n.Name)
	}
	return names
}

// Networks describes the networks of Names, in that order.
func Networks() []*Network { return slices.Clone(networks) }

// Lookup finds the network of that name.
func Lookup(name string) (*Network, error) {
	for _, n := range networks {
		if n.Name == name {
			return n, nil
		}
	}
	return nil, fmt.Errorf("unknown backbone %q: use one of %s", name, strings.Join(Names(), ", "))
}

// Label names a variant as papers do: "MobileNetV2 α=0.35", "ResNet50V2", "ViT-B/16".
func (n *Network) Label(c Config) string {
	c, _ = n.complete(c)
	label := n.Title
	if c.Variant != "" {
		label += "-" + c.Variant
	}
	if n.Alphas != nil {
		label += fmt.Sprintf(" α=%v", c.Alpha)
	}
	return label
}

// Published names the file with ImageNet weights that somebody publishes for a variant. It fails if nobody does.
func (n *Network) Published(c Config) (Published, error) {
	c, err := n.complete(c)
	if err != nil {
		return Published{}, err
	}
	return n.publishedFor(c)
}

// publishedFor is Published for a Config that is complete.
func (n *Network) publishedFor(c Config) (Published, error) {
	if n.published == nil {
		return Published{}, fmt.Errorf("nobody publishes weights of %s that are known here: use random ones, or name a file", n.Title)
	}
	return n.published(c)
}

// Files lists the published files without top, that of the zero Config first; nil if there are none.
func (n *Network) Files() (files []Published) {
	zero, _ := n.complete(Config{})
	for _, c := range append([]Config{zero}, n.forms(zero)...) {
		if p, err := n.publishedFor(c); err == nil && !c.IncludeTop && !slices.Contains(files, p) {
			files = append(files, p)
		}
	}
	return files
}

// complete fills in what a zero Config stands for, and checks what it says.
func (n *Network) complete(c Config) (Config, error) {
	if c.Weights == "embedded" {
		if n.Embedded == 0 || c.Alpha != 0 && c.Alpha != n.Embedded || c.IncludeTop {
			return c, errEmbedded()
		}
		c.Alpha = n.Embedded
	}
	switch {
	case n.Alphas == nil && c.Alpha != 0:
		return c, fmt.Errorf("%s has no width multiplier: leave Alpha out", n.Title)
	case n.Alphas != nil:
		if c.Alpha = cmp.Or(c.Alpha, 1); !slices.Contains(n.Alphas, c.Alpha) {
			return c, fmt.Errorf("%s with alpha %v: use one of %v", n.Title, c.Alpha, n.Alphas)
		}
	}
	switch {
	case n.Variants == nil && c.Variant != "":
		return c, fmt.Errorf("%s has no variants: leave Variant out", n.Title)
	case n.Variants != nil:
		if c.Variant = cmp.Or(c.Variant, n.Variant); !slices.Contains(n.Variants, c.Variant) {
			return c, fmt.Errorf("%s has no variant %q: use one of %s", n.Title, c.Variant, strings.Join(n.Variants, ", "))
		}
	}
	c.Input, c.Classes = cmp.Or(c.Input, n.Input), cmp.Or(c.Classes, 1000)
	if c.Input < n.least {
		return c, fmt.Errorf("%s with an input of %d pixels: use at least %d", n.Name, c.Input, n.least)
	}
	return c, nil
}

// errEmbedded says which network comes with this module.
func errEmbedded() error {
	var have []string
	for _, n := range networks {
		if n.Embedded != 0 {
			have = append(have, fmt.Sprintf("%s with alpha %v", n.Title, n.Embedded))
		}
	}
	return fmt.Errorf("the embedded weights are for %s and no top: leave Alpha and IncludeTop out, and use \"random\" or "+
		"\"imagenet\" for other backbones", strings.Join(have, " or "))
}

// withWeights builds the network with the values of a checkpoint.
func (n *Network) withWeights(c Config, checkpoint *weights.Checkpoint) (*Backbone, error) {
	if n.load != nil {
		return n.load(c, checkpoint)
	}
	layers, err := n.layers(c)
	if err != nil {
		return nil, err
	}
	values, err := keras.Match(layers, checkpoint)
	return &Backbone{Layers: layers, Values: values, preprocess: n.preprocess}, err
}

// fits names the variant of a network that a checkpoint is for, or "" if it is for none. Of the variant of ViT that was
// asked for, with top or without, the differences say more.
func fits(asked Config, checkpoint *weights.Checkpoint) string {
	for _, n := range networks {
		for _, form := range n.forms(asked) {
			if form.Variant != "" && form.Variant == asked.Variant {
				continue
			}
			if _, err := n.withWeights(form, checkpoint); err == nil {
				return n.form(form)
			}
		}
	}
	return ""
}

// forms lists the configurations of a network for the input and the classes of c.
func (n *Network) forms(c Config) []Config {
	alphas, variants := n.Alphas, n.Variants
	if alphas == nil {
		alphas = []float64{0}
	}
	if variants == nil {
		variants = []string{""}
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

// form describes one of the forms, such as "MobileNetV2 alpha 0.35 with top".
func (n *Network) form(c Config) string {
	name := n.Title
	if c.Variant != "" {
		name += " " + c.Variant
	}
	if n.Alphas != nil {
		name += fmt.Sprintf(" alpha %v", c.Alpha)
	}
	if c.IncludeTop {
		return name + " with top"
	}
	return name + " without top"
}
