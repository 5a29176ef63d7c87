package manydevices

import (
	"fmt"
	"testing"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/layer"
)

const pixels = 32

var classes = []string{"flat", "lines", "spots"}

// network is the first layers of a backbone, frozen, with weights that keep activations in range.
func network(t *testing.T, name string, layers int) *backbone.Backbone {
	t.Helper()
	c := backbone.Config{Input: pixels}
	switch name {
	case "mobilenetv2":
		c.Alpha = 0.35
	case "vit":
		c.Variant = "Ti/16"
	}
	base, err := backbone.New(name, c)
	if err != nil {
		t.Fatal(err)
	}
	base.Layers = base.Layers[:min(layers, len(base.Layers))]
	for _, l := range base.Layers {
		for i, w := range l.W {
			base.Values[l.Name][i] = golden.Weight(l.Name, w.Name, w.Shape)
		}
	}
	base.Layers.Freeze()
	return base
}

// model puts a head with dropout on a base. batchStatistics is for a base whose batch normalization is to work as in a
// training from scratch.
func model(t *testing.T, base *backbone.Backbone, batchStatistics bool) *classifier.Model {
	t.Helper()
	pool := []layer.Op{layer.GlobalAveragePooling2D{}}
	if len(base.Layers.Output()) == 2 { // tokens
		pool = []layer.Op{layer.Flatten{}}
	}
	m, err := classifier.New(classifier.Config{Base: base, ImageSize: pixels, Classes: classes, Seed: 7, BaseTraining: batchStatistics,
		Head: layer.Sequential(append(pool, layer.Dropout{Rate: 0.3}, layer.Dense{Units: 3, Activation: "softmax"})...)})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// pictures are noise, brighter for each class.
type pictures struct {
	name string
	n    int
}

func (s pictures) About() images.About { return images.About{Name: s.name, Classes: classes} }
func (s pictures) Len() int            { return s.n }
func (s pictures) Info(i int) images.Info {
	name := fmt.Sprintf("%s %d", s.name, i)
	return images.Info{Name: name, Label: i % len(classes), ID: name}
}
func (s pictures) Pixels(i, _, _ int) ([]float32, error) {
	info := s.Info(i)
	return golden.Uniform(info.Name, pixels*pixels*3, 0, 85*float32(1+info.Label)), nil
}
