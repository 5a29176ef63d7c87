// Command models makes and opens models for models.py beside it, which compares them with Keras.
//
// It builds the lesson's model on a backbone, or opens a file that Keras wrote; trains it for a moment if asked to;
// writes the probabilities for pixels given as numbers; and saves the model. Pixels are little-endian float32 values
// 0…255, [n, size, size, 3], and so are the probabilities, [n, classes].
package main

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/layer"
)

func main() {
	open := flag.String("open", "", "Keras file to open; without it, a model is built")
	name := flag.String("backbone", "mobilenetv2", "backbone to build")
	var c backbone.Config
	flag.StringVar(&c.Weights, "weights", "", "weights of the backbone, as in its configuration")
	flag.Float64Var(&c.Alpha, "alpha", 0, "width multiplier")
	flag.IntVar(&c.Input, "input", 224, "height and width of the backbone's input")
	size := flag.Int("size", 255, "height and width of the images")
	train := flag.Int("train", 0, "train one epoch on the images, with this many layers of the base unfrozen")
	pixels := flag.String("pixels", "", "file with the images")
	out := flag.String("probabilities", "", "file to write the probabilities to")
	save := flag.String("save", "", "files to save the model to, separated by commas")
	flag.Parse()
	c.Seed = 1
	m, err := model(*open, *name, c, *size)
	if err == nil {
		err = run(m, *pixels, *train, *out, *save)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "models:", err)
		os.Exit(1)
	}
}

func model(open, name string, c backbone.Config, size int) (*classifier.Model, error) {
	if open != "" {
		m, _, err := classifier.Load(open)
		return m, err
	}
	base, err := backbone.New(name, c)
	if err != nil {
		return nil, err
	}
	base.Layers.Freeze()
	return classifier.New(classifier.Config{Base: base, ImageSize: size, Seed: 1,
		Classes: []string{"a", "b", "c", "d", "e", "f"},
		Head: []layer.Op{layer.GlobalAveragePooling2D{}, layer.Dropout{Rate: 0.3},
			layer.Dense{Units: 256, Activation: "relu"}, layer.Dropout{Rate: 0.2},
			layer.Dense{Units: 6, Activation: "softmax"}}})
}

func run(m *classifier.Model, path string, train int, out, save string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	pixels := make([]float32, len(raw)/4)
	if err := binary.Read(bytes.NewReader(raw), binary.LittleEndian, pixels); err != nil {
		return err
	}
	size := m.ImageSize * m.ImageSize * 3
	if strings.HasPrefix(m.Base.Source, "random") { // else all probabilities would be alike
		if err := m.Calibrate(pixels[:16*size]); err != nil {
			return err
		}
	}
	if train > 0 {
		if err := fit(m, pixels, size, train); err != nil {
			return err
		}
	}
	probabilities, err := m.PredictPixels(pixels)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := binary.Write(&b, binary.LittleEndian, probabilities); err != nil {
		return err
	}
	if err := os.WriteFile(out, b.Bytes(), 0o644); err != nil {
		return err
	}
	for _, path := range strings.FieldsFunc(save, func(r rune) bool { return r == ',' }) {
		if err := m.Save(path); err != nil {
			return err
		}
	}
	return nil
}

// fit trains one epoch on all images, of which image i is said to be of class i modulo 6.
func fit(m *classifier.Model, pixels []float32, size, unfrozen int) error {
	m.Base.Layers.Last(unfrozen).Unfreeze()
	images := classifier.Images{Name: "images", Pixels: func(indices []int) ([]float32, error) {
		var out []float32
		for _, i := range indices {
			out = append(out, pixels[i*size:(i+1)*size]...)
		}
		return out, nil
	}}
	for i := range len(pixels) / size {
		images.Labels = append(images.Labels, i%6)
	}
	_, err := m.FitImages(images, images, m.Classes, classifier.FitConfig{Epochs: 1, LearningRate: 1e-4})
	return err
}
