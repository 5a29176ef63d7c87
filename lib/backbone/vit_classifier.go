package backbone

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/weights"
)

// Classifier is a network with classes of its own, as others have trained and saved it.
type Classifier struct {
	Base *Backbone // without its top
	// Head reads what the base gives; its softmax is the output. It begins with an Input.
	Head   layer.List
	Values layer.Values // of the head
	// Classes names the outputs in alphabetical order; nil if the folder has no names.
	Classes []string
	// Size is the height and width to which images are brought. The centre of them is what the base reads, if its input is
	// smaller.
	Size  int
	Notes []string // what a user should know
}

// OpenClassifier opens a Vision Transformer with its classes as transformers (ViTForImageClassification) and timm save it:
// a folder with config.json and model.safetensors or its index, or the path of these weights. All sizes are the file's own.
// What config.json and transformers' preprocessor_config.json say is used, and is checked against the weights.
func OpenClassifier(path string) (*Classifier, error) {
	checkpoint, err := weights.Open(path)
	if err != nil {
		return nil, err
	}
	c, err := openClassifier(checkpoint)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	c.Base.Source = path
	c.Notes = append(slices.Clone(checkpoint.Notes), c.Notes...)
	return c, nil
}

func openClassifier(checkpoint *weights.Checkpoint) (*Classifier, error) {
	config, err := readSettings(filepath.Join(filepath.Dir(checkpoint.Path), configFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no %s beside the weights, which says what they are: get the whole folder, or train a "+
			"new head on them with `go run ./scripts/defects train vit --weights`", configFile)
	}
	if err != nil {
		return nil, err
	}
	f := openViT(checkpoint)
	if f == nil || !f.pytorch {
		return nil, fmt.Errorf("it is %s; of the models of transformers and timm only Vision Transformers (model_type \"vit\", "+
			"vit_…) are known here", kindOf(config))
	}
	bias, ok := f.tensors[f.name(predictions, "bias")]
	if !ok || len(bias.Shape) != 1 {
		return nil, fmt.Errorf("it has no %s, so it tells no classes: train a head on it with `go run ./scripts/defects train "+
			"vit --weights`", f.name(predictions, "bias"))
	}
	v, err := f.variant(config)
	if err != nil {
		return nil, err
	}
	settings, err := f.settings(v, checkpoint.Path, false)
	if err != nil {
		return nil, err
	}
	c := Config{Variant: v.name, Input: f.input(v, config), IncludeTop: true, Classes: bias.Shape[0], Weights: checkpoint.Path}
	names := f.classes(config, c.Classes)
	if err := config.err(); err != nil {
		return nil, err
	}
	if whole := settings.crop == 0; whole && settings.resize > 0 && settings.resize != c.Input || !whole && settings.crop != c.Input {
		return nil, fmt.Errorf("images are brought to %d pixels and cropped to %d (0: not at all), but the weights are for %d; get "+
			"%s and the weights from one model", settings.resize, settings.crop, c.Input, preprocessorFile)
	}
	layers, err := v.layers(c, settings)
	if err != nil {
		return nil, err
	}
	values, err := f.match(layers)
	if err != nil {
		return nil, err
	}
	return f.split(c, layers, values, settings, names), nil
}

// kindOf names the model of a config.json.
func kindOf(c *settings) string {
	for _, name := range []string{"architecture", "model_type"} {
		if c.has(name) {
			return fmt.Sprintf("%q by its %s", c.text(name, ""), configFile)
		}
	}
	return "of no kind that its " + configFile + " names"
}

// variant is that of the weights themselves, which need not be one of the paper's.
func (f *vitFile) variant(config *settings) (vitVariant, error) {
	kernel := f.tensors[f.name(patchEmbedding, "kernel")].Shape
	v := vitVariant{width: kernel[0], patch: kernel[2]}
	for v.blocks < 1000 {
		if _, ok := f.tensors[f.name(fmt.Sprintf("block%d_norm1", v.blocks), "gamma")]; !ok {
			break
		}
		v.blocks++
	}
	at := slices.IndexFunc(vitVariants, func(p vitVariant) bool {
		return p.width == v.width && p.patch == v.patch && p.blocks == v.blocks
	})
	if at >= 0 {
		return vitVariants[at], nil
	}
	if v.blocks == 0 || v.width < 1 || v.patch < 1 {
		return v, fmt.Errorf("its weights have %d blocks: they are no whole Vision Transformer", v.blocks)
	}
	v.name = fmt.Sprintf("%d/%d", v.width, v.patch)
	v.heads = config.whole("num_attention_heads", 0) // timm names them in model_args, which settings reads
	return v, nil
}

// input is the height and width of the images that the weights are for.
func (f *vitFile) input(v vitVariant, config *settings) int {
	table := f.tensors[f.name(positionEmbedding, "embeddings")].Shape
	if len(table) != 3 {
		return v.patch // match says what is wrong
	}
	grid := int(math.Sqrt(float64(max(0, table[1]-1))))
	size := grid * v.patch
	said, at := config, "image_size"
	if f.title == timm {
		if at = "input_size"; config.has("pretrained_cfg") {
			said = config.object("pretrained_cfg")
		}
		if sizes := setting(said, at, []int{3, size, size}, "three whole numbers"); len(sizes) == 3 && sizes[1] == sizes[2] {
			size = sizes[1]
		}
	} else {
		size = config.whole(at, 224)
	}
	if grid*grid != table[1]-1 || size/v.patch != grid {
		said.refuse(at, "%d, but the weights have %d positions for patches of %d pixels; get both from one model", size, table[1],
			v.patch)
	}
	return size
}

// classes are the names of the outputs in their order; nil if the file has none.
func (f *vitFile) classes(config *settings, n int) (names []string) {
	if f.title == timm {
		if pool := config.text("global_pool", "token"); pool != "token" {
			config.refuse("global_pool", "%q: only \"token\", the class token, is known here", pool)
		}
		if got := config.whole("num_classes", n); got != n {
			config.refuse("num_classes", "%d, but the weights have %d classes; get both from one model", got, n)
		}
		from := config
		if !config.has("label_names") && config.has("pretrained_cfg") {
			from = config.object("pretrained_cfg")
		}
		if names = setting[[]string](from, "label_names", nil, "a list of texts"); names != nil && len(names) != n {
			from.refuse("label_names", "a list of %d names, but the weights have %d classes; get both from one model", len(names), n)
			return nil
		}
		return config.distinct("label_names", names)
	}
	if kind := config.text("problem_type", "single_label_classification"); kind != "single_label_classification" {
		config.refuse("problem_type", "%q: only classes that exclude one another are known here", kind)
	}
	labels := setting(config, "id2label", map[string]string{}, "an object of texts")
	if len(labels) == 0 {
		return nil
	}
	names = make([]string, n)
	given := 0 // by transformers, for want of a name
	for id, label := range labels {
		i, err := strconv.Atoi(id)
		if err != nil || i < 0 || i >= n || len(labels) != n {
			config.refuse("id2label", "for %d classes, one of them %q, but the weights have %d; get both from one model",
				len(labels), id, n)
			return nil
		}
		names[i] = label
		if label == fmt.Sprintf("LABEL_%d", i) {
			given++
		}
	}
	if given == n {
		return nil
	}
	return config.distinct("id2label", names)
}

// distinct refuses names that stand for several classes.
func (c *settings) distinct(setting string, names []string) []string {
	for i, name := range names {
		if name == "" || slices.Contains(names[:i], name) {
			c.refuse(setting, "with the name %q for several classes, or none: give each class its own", name)
			return nil
		}
	}
	return names
}

// split takes the layers of the classes from the base, and brings the classes into the order that they have everywhere here.
func (f *vitFile) split(config Config, layers layer.List, values layer.Values, s vitSettings, names []string) *Classifier {
	top := layers.Index("class_token_only")
	config.IncludeTop = false
	c := &Classifier{Base: &Backbone{Name: vit.Name, Config: config, Layers: layers[:top], Values: values, Notice: s.notice,
		preprocess: s.preprocess}, Head: layers.Above(top), Values: layer.Values{predictions: values[predictions]},
		Size: config.Input}
	if s.crop > 0 {
		c.Size = max(s.resize, config.Input)
	}
	delete(values, predictions)
	if !slices.Contains(vit.Variants, config.Variant) {
		c.Base.Name, c.Base.Config.Variant = "vit_"+strings.ReplaceAll(config.Variant, "/", "_"), ""
	}
	c.Classes = slices.Sorted(slices.Values(names))
	if !slices.Equal(c.Classes, names) {
		c.Notes = append(c.Notes, fmt.Sprintf("the outputs are put into the alphabetical order of their names; the file has %v", names))
		kernel, bias := c.Values[predictions][0], c.Values[predictions][1]
		sortedKernel, sortedBias := make([]float32, len(kernel)), make([]float32, len(bias))
		n := len(names)
		for to, name := range c.Classes {
			from := slices.Index(names, name)
			sortedBias[to] = bias[from]
			for row := range len(kernel) / n {
				sortedKernel[row*n+to] = kernel[row*n+from]
			}
		}
		c.Values[predictions] = [][]float32{sortedKernel, sortedBias}
	}
	return c
}
