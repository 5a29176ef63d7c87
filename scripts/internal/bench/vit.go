package main

import (
	"path/filepath"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/layer"
)

// saveWhole writes a model of section 2.3.3 with random weights as a file that both sides open.
func (b *bench) saveWhole(n network) (string, error) {
	m, err := n.model(b.classes)
	if err != nil {
		return "", err
	}
	path := filepath.Join(b.tmp, n.name+".keras")
	return path, m.Save(path)
}

// model is the lesson's, with random weights.
func (n network) model(classes []string) (*classifier.Model, error) {
	if n.name == smallViT.name {
		return newSmallViT(classes)
	}
	return newModel(n.name, backbone.Config{Alpha: n.alpha, Seed: 100}, 0, classes)
}

// timed are the layers whose inference is measured.
func (n network) timed(classes []string) (layer.List, error) {
	if !n.whole {
		base, err := backbone.New(n.name, backbone.Config{Alpha: n.alpha, Seed: 100})
		if err != nil {
			return nil, err
		}
		return base.Layers, nil
	}
	m, err := n.model(classes)
	if err != nil {
		return nil, err
	}
	return m.Layers, nil
}

// newSmallViT is the transformer that the lesson trains from scratch.
func newSmallViT(classes []string) (*classifier.Model, error) {
	return classifier.New(classifier.Config{Name: smallViT.name, Classes: classes, Seed: 100, Layers: func(l *layer.Builder) {
		l.Add("image", layer.Input{Shape: []int{255, 255, 3}})
		l.Add("patch_embedding", layer.Conv2D{Filters: 128, Kernel: 16, Strides: 16})
		l.Add("patches", layer.Reshape{Shape: []int{225, 128}})
		l.Add("position_embedding", layer.PositionEmbedding{})
		norm := layer.LayerNormalization{Epsilon: 1e-6}
		for range 4 {
			x := l.Last()
			l.Add("", layer.MultiHeadAttention{NumHeads: 4, KeyDim: 128, Dropout: 0.1})
			l.Add("", layer.Add{}, x, l.Last())
			x = l.Add("", norm)
			l.Add("", layer.Dense{Units: 256, Activation: "gelu"})
			l.Add("", layer.Dropout{Rate: 0.1})
			l.Add("", layer.Dense{Units: 128})
			l.Add("", layer.Dropout{Rate: 0.1})
			l.Add("", layer.Add{}, x, l.Last())
			l.Add("", norm)
		}
		l.Add("", layer.GlobalAveragePooling1D{})
		l.Add("", layer.Dropout{Rate: 0.2})
		l.Add("", layer.Dense{Units: 256, Activation: "relu"})
		l.Add("", layer.Dropout{Rate: 0.1})
		l.Add("", layer.Dense{Units: len(classes), Activation: "softmax"})
	}})
}
