package backbone

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/keras"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/notice"
	"github.com/transfer-learning-go/defects/lib/weights"
)

// vitFile is a checkpoint of a ViT under the names of another library.
type vitFile struct {
	naming
	prefix  string                    // before all names of the backbone, such as "vit."
	tensors map[string]weights.Tensor // by their full names
}

// openViT recognises a file by the name of its patch embedding. It returns nil for the names of no known library.
func openViT(c *weights.Checkpoint) *vitFile {
	separator := "/"
	if c.Format == weights.Safetensors {
		separator = "."
	}
	f := &vitFile{tensors: map[string]weights.Tensor{}}
	for _, l := range c.Layers {
		for _, t := range l.Tensors {
			f.tensors[strings.TrimPrefix(l.Name+separator+t.Name, separator)] = t
		}
	}
	for name, t := range f.tensors {
		for _, f.naming = range namings {
			var known bool
			if f.prefix, known = strings.CutSuffix(name, f.of(patchEmbedding, "kernel")); known && len(t.Shape) == 4 {
				return f
			}
		}
	}
	return nil
}

// name is the full name of a weight in the file.
func (f *vitFile) name(layer, weight string) string {
	if layer == predictions {
		return f.outside() + f.of(layer, weight)
	}
	return f.prefix + f.of(layer, weight)
}

// outside is the prefix of the names beside the backbone, which are the classes'.
func (f *vitFile) outside() string { return strings.TrimSuffix(f.prefix, f.wrapper) }

// loadViT takes the values of all weights from a checkpoint: of the hub of Hugging Face, of timm, of KerasHub, or with
// the names of the list. It gives the list the settings that go with the file, and interpolates the position embeddings
// if the file was made for another size of image.
//
// The error names the variant that the file is for, or lists, in the file's own names, all that is missing, unexpected,
// or of another shape. The pooler of Hugging Face, which the classifier does not read, and classes that the list does
// not have are left out.
func loadViT(c Config, checkpoint *weights.Checkpoint) (*Backbone, error) {
	v, err := findViT(c.Variant)
	if err != nil {
		return nil, err
	}
	f := openViT(checkpoint)
	if f == nil {
		layers, err := vitLayers(c)
		if err != nil {
			return nil, err
		}
		values, err := keras.Match(layers, withPositions(checkpoint, layers))
		return &Backbone{Layers: layers, Values: values, preprocess: minusOneToOne}, err
	}
	got := f.tensors[f.name(patchEmbedding, "kernel")].Shape
	patch, width := got[0], got[3]
	if f.pytorch {
		patch, width = got[2], got[0]
	}
	if patch != v.patch || width != v.width {
		return nil, fmt.Errorf("it holds %s, in the names of %s", vitOf(width, patch), f.title)
	}
	settings, err := f.settings(v, checkpoint.Path, c.Weights == "imagenet" || c.Weights == "best")
	if err != nil {
		return nil, err
	}
	layers, err := v.layers(c, settings)
	if err != nil {
		return nil, err
	}
	values, err := f.match(layers)
	if settings.crop > 0 {
		settings.notice = notice.Join(settings.notice, "the weights are for the centre of images, which are taken whole here")
	}
	return &Backbone{Layers: layers, Values: values, Notice: settings.notice, preprocess: settings.preprocess}, err
}

func (f *vitFile) match(layers layer.List) (layer.Values, error) {
	values, read := layer.Values{}, map[string]bool{}
	var problems []string
	for _, l := range layers {
		for _, w := range l.W {
			name, shape := f.name(l.Name, w.Name), f.shape(w)
			read[name] = true
			t, ok := f.tensors[name]
			if ok && l.Name == positionEmbedding {
				t = withGrid(t, shape)
			}
			switch {
			case !ok:
				problems = append(problems, fmt.Sprintf("missing %s %v", name, shape))
			case !slices.Equal(t.Shape, shape):
				problems = append(problems, fmt.Sprintf("%s has shape %v, want %v", name, t.Shape, shape))
			default:
				values[l.Name] = append(values[l.Name], f.values(w, t.Data))
			}
		}
	}
	for name := range f.tensors {
		if !read[name] && !f.leftOut(name, layers) {
			problems = append(problems, "unexpected "+name+notSupported(name))
		}
	}
	if problems == nil {
		return values, nil
	}
	slices.Sort(problems)
	problems = slices.Compact(problems) // the three parts of one tensor
	more := ""
	if n := len(problems) - 15; n > 0 {
		problems, more = problems[:15], fmt.Sprintf("\n  … and %d more", n)
	}
	return nil, fmt.Errorf("differences from a ViT in the names of %s:\n  %s%s", f.title,
		strings.Join(problems, "\n  "), more)
}

// leftOut tells what of the file need not have a place in the list.
func (f *vitFile) leftOut(name string, layers layer.List) bool {
	return strings.HasPrefix(name, f.prefix+"pooler.") ||
		layers.Index(predictions) < 0 && strings.HasPrefix(name, f.outside()+f.names[predictions])
}

// notSupported explains tensors of relatives of the ViT.
func notSupported(name string) string {
	for _, relative := range []struct{ part, what string }{
		{"fc_norm", "a normalization behind the mean over tokens"},
		{"dist", "a token for distillation"},
		{"reg", "register tokens"},
		{"ls1", "a scale of each layer"},
		{"ls2", "a scale of each layer"},
		{"_norm.", "normalized queries and keys"},
	} {
		if strings.Contains(name, relative.part) {
			return ": " + relative.what + " is not supported"
		}
	}
	return ""
}

// withGrid interpolates a table of position embeddings to the shape that is wanted, [1 + grid·grid, d], with or without
// dimensions of 1 before. A table for other than a square of patches stays as it is.
func withGrid(t weights.Tensor, want []int) weights.Tensor {
	at := len(want) - 2
	if len(t.Shape) != len(want) || t.Shape[at+1] != want[at+1] || slices.Equal(t.Shape, want) {
		return t
	}
	from, to := int(math.Sqrt(float64(t.Shape[at]-1))), int(math.Sqrt(float64(want[at]-1)))
	if from < 1 || from*from != t.Shape[at]-1 {
		return t
	}
	return weights.Tensor{Name: t.Name, Shape: want, Data: resizePositions(t.Data, want[at+1], from, to)}
}

// withPositions is the checkpoint, in the names of the list, with position embeddings for its size of image.
func withPositions(c *weights.Checkpoint, layers layer.List) *weights.Checkpoint {
	changed := *c
	changed.Layers = slices.Clone(c.Layers)
	for i, l := range c.Layers {
		if at := layers.Index(l.Name); l.Name == positionEmbedding && at >= 0 && len(l.Tensors) == 1 {
			changed.Layers[i].Tensors = []weights.Tensor{withGrid(l.Tensors[0], layers[at].Shape)}
		}
	}
	return &changed
}
