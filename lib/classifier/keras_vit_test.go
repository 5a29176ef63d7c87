package classifier

import (
	"fmt"
	"math"
	"testing"

	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/layer"
)

// kerasViT is one case of testdata/vit_training.json.gz, made by scripts/oracle/goldens/keras_vit.py.
type kerasViT struct {
	Title      string
	ViT        vitSize
	Glorot     bool // weights start as Keras draws them, otherwise as golden.Weight
	Rate       float64
	Parameters int
	Losses     []float64
	Gradients  map[string]golden.Checksums // of the first step, by layer/weight
}

type vitSize struct {
	Input, Patch, Width, Heads, Key, MLP, Blocks, Dense int
	Scale                                               float64
}

// seededViT is the lesson's Vision Transformer in this size, without dropout, with the weights of keras_vit.py.
func seededViT(t *testing.T, s vitSize, glorot bool) *Model {
	t.Helper()
	m, err := New(Config{Layers: s.network, Classes: classes})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range m.Layers {
		for i, w := range l.W {
			m.Values[l.Name][i] = golden.Weight(l.Name, w.Name, w.Shape)
			if glorot {
				m.Values[l.Name][i] = seededInitial(l.Name, w)
			}
		}
	}
	return m
}

func (s vitSize) network(b *layer.Builder) {
	side := s.Input / s.Patch
	b.Add("image", layer.Input{Shape: []int{s.Input, s.Input, 3}})
	b.Add("rescaling", layer.Rescaling{Scale: s.Scale})
	b.Add("patch_embedding", layer.Conv2D{Filters: s.Width, Kernel: s.Patch, Strides: s.Patch})
	b.Add("patches", layer.Reshape{Shape: []int{side * side, s.Width}})
	x := b.Add("position_embedding", layer.PositionEmbedding{})
	for i := range s.Blocks {
		name := func(part string) string { return fmt.Sprintf("block%d_%s", i, part) }
		attention := b.Add(name("attention"), layer.MultiHeadAttention{NumHeads: s.Heads, KeyDim: s.Key})
		b.Add(name("add1"), layer.Add{}, x, attention)
		x = b.Add(name("norm1"), layer.LayerNormalization{Epsilon: 1e-6})
		b.Add(name("mlp1"), layer.Dense{Units: s.MLP, Activation: "gelu"})
		mlp := b.Add(name("mlp2"), layer.Dense{Units: s.Width})
		b.Add(name("add2"), layer.Add{}, x, mlp)
		x = b.Add(name("norm2"), layer.LayerNormalization{Epsilon: 1e-6})
	}
	b.Add("pool", layer.GlobalAveragePooling1D{})
	b.Add("dense", layer.Dense{Units: s.Dense, Activation: "relu"})
	b.Add("predictions", layer.Dense{Units: len(classes), Activation: "softmax"})
}

// seededInitial is uniform in the bounds of the weight's initializer.
func seededInitial(l string, w layer.Weight) []float32 {
	limit := 0.0
	switch w.Init {
	case layer.OnesInitializer:
		return w.Initial(l, 0)
	case layer.UniformInitializer:
		limit = 0.05
	case layer.GlorotUniform:
		last := w.Shape[len(w.Shape)-1]
		limit = math.Sqrt(6 / float64(w.Size()/last+w.Size()/w.Shape[len(w.Shape)-2]))
	}
	return golden.Uniform(l+"/"+w.Name, w.Size(), -float32(limit), float32(limit))
}

func TestTrainingOfVisionTransformerEqualsKeras(t *testing.T) {
	var cases []kerasViT
	golden.Read(t, "testdata/vit_training.json.gz", &cases)
	for _, want := range cases {
		t.Run(want.Title, func(t *testing.T) {
			if want.ViT.Input > 100 && testing.Short() {
				t.Skip("trains the lesson's model at its full size: run without -short")
			}
			m := seededViT(t, want.ViT, want.Glorot)
			if got := m.Layers.Params(); got != want.Parameters {
				t.Errorf("%d parameters, Keras has %d", got, want.Parameters)
			}
			tr := startTraining(t, m, 0, seededImages(len(want.Losses), want.ViT.Input))
			losses := tr.losses(t, want.Rate, 0, 1)
			gradients := tr.gradients(t)
			if len(gradients) != len(want.Gradients) {
				t.Errorf("%d weights are trained, Keras trains %d", len(gradients), len(want.Gradients))
			}
			requireChecksums(t, "gradients", gradients, want.Gradients, 1e-3)
			losses = append(losses, tr.losses(t, want.Rate, 1, len(want.Losses))...)
			requireLosses(t, losses, want.Losses, 1e-3)
		})
	}
}
