// Command models makes and opens models for models.py and onnx_files.py beside it, which compare them with Keras and ONNX
// Runtime.
//
// It builds the lesson's model on a backbone, or opens a file that Keras wrote; trains it for a moment if asked to;
// writes the probabilities for pixels given as numbers; and saves the model. Pixels are little-endian float32 values
// 0…255, [n, size, size, 3], and so are the probabilities, [n, classes].
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/scripts/oracle/comparisons/pixels"
)

func main() {
	open := flag.String("open", "", "Keras file to open; without it, a model is built")
	name := flag.String("backbone", "mobilenetv2", "backbone to build, or small_vit, the lesson's transformer without one")
	var c backbone.Config
	flag.StringVar(&c.Weights, "weights", "", "weights of the backbone, as in its configuration")
	flag.Float64Var(&c.Alpha, "alpha", 0, "width multiplier")
	flag.IntVar(&c.Input, "input", 224, "height and width of the backbone's input")
	size := flag.Int("size", 255, "height and width of the images")
	train := flag.Int("train", 0, "train one epoch on the images, with this many layers of the base unfrozen")
	images := flag.String("pixels", "", "file with the images")
	out := flag.String("probabilities", "", "file to write the probabilities to")
	save := flag.String("save", "", "files to save the model to, separated by commas: of Keras, or .onnx")
	flag.Parse()
	c.Seed = 1
	m, err := model(*open, *name, c, *size)
	if err == nil {
		err = run(m, *images, *train, *out, *save)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "models:", err)
		os.Exit(1)
	}
}

var classes = []string{"a", "b", "c", "d", "e", "f"}

func model(open, name string, c backbone.Config, size int) (*classifier.Model, error) {
	if open != "" {
		m, _, err := classifier.Load(open)
		return m, err
	}
	if name == "small_vit" {
		return classifier.New(classifier.Config{Layers: smallViT, Seed: c.Seed, Classes: classes})
	}
	base, err := backbone.New(name, c)
	if err != nil {
		return nil, err
	}
	base.Layers.Freeze()
	return classifier.New(classifier.Config{Base: base, ImageSize: size, Seed: 1,
		Classes: classes, Head: classifier.Head(base, len(classes))})
}

// smallViT is the transformer of the lesson with normalization first, as it learns, and its pixels scaled.
func smallViT(b *layer.Builder) {
	layer.Sequential(layer.Input{Shape: []int{255, 255, 3}}, layer.Rescaling{Scale: 1 / 127.5, Offset: -1},
		layer.Conv2D{Filters: 128, Kernel: 16, Strides: 16}, layer.Reshape{Shape: []int{225, 128}},
		layer.PositionEmbedding{})(b)
	norm := layer.LayerNormalization{Epsilon: 1e-6}
	for range 4 {
		x := b.Last()
		layer.Sequential(norm, layer.MultiHeadAttention{NumHeads: 4, KeyDim: 128, Dropout: 0.1})(b)
		x = b.Add("", layer.Add{}, x, b.Last())
		layer.Sequential(norm, layer.Dense{Units: 256, Activation: "gelu"}, layer.Dropout{Rate: 0.1},
			layer.Dense{Units: 128}, layer.Dropout{Rate: 0.1})(b)
		b.Add("", layer.Add{}, x, b.Last())
	}
	layer.Sequential(norm, layer.GlobalAveragePooling1D{}, layer.Dropout{Rate: 0.2},
		layer.Dense{Units: 256, Activation: "relu"}, layer.Dropout{Rate: 0.1},
		layer.Dense{Units: len(classes), Activation: "softmax"})(b)
}

func run(m *classifier.Model, path string, train int, out, save string) error {
	ctx := context.Background()
	values, err := pixels.Read(path)
	if err != nil {
		return err
	}
	for i := len(m.Classes); i < m.Layers.Output()[0]; i++ { // files of Keras name none
		m.Classes = append(m.Classes, fmt.Sprint("class ", i))
	}
	all := pixels.Images{Values: values, Size: m.ImageSize, Classes: m.Classes}
	for i := range all.Len() { // image i is said to be of class i modulo their number
		all.Labels = append(all.Labels, i%len(m.Classes))
	}
	if strings.HasPrefix(m.Base.Source, "random") { // else all probabilities would be alike
		if err := m.Calibrate(ctx, all); err != nil {
			return err
		}
	}
	if train > 0 {
		m.Base.Layers.Last(train).Unfreeze()
		if _, err := m.Fit(ctx, all, all, classifier.FitConfig{Epochs: 1, LearningRate: 1e-4}); err != nil {
			return err
		}
	}
	p, err := m.Predict(ctx, all)
	if err != nil {
		return err
	}
	if err := pixels.Write(out, slices.Concat(p.Probabilities...)); err != nil {
		return err
	}
	for _, path := range strings.FieldsFunc(save, func(r rune) bool { return r == ',' }) {
		if err := m.Save(path); err != nil {
			return err
		}
	}
	return nil
}
