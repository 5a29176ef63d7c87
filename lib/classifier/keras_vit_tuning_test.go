package classifier

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/layer"
)

// kerasViTTuning is one case of testdata/vit_tuning.json.gz, made by scripts/oracle/goldens/keras_vit_tuning.py.
type kerasViTTuning struct {
	Title      string
	Unfrozen   []string // prefixes of layers
	ClassToken bool     // alone goes to the head, else the mean over all tokens
	Rate       float64
	Losses     []float64
	Gradients  map[string]golden.Checksums // of the first step, by layer/weight
}

const tunedPixels = 32 // of an image, so that there are few tokens

// model is that of keras_vit_tuning.py: ViT-Ti/16 with a head, its last blocks unfrozen once it is built.
func (c kerasViTTuning) model(t *testing.T) *Model {
	t.Helper()
	base, err := backbone.ViT(backbone.Config{Variant: "Ti/16", Input: tunedPixels})
	if err != nil {
		t.Fatal(err)
	}
	base.Layers.Freeze()
	head := []layer.Op{layer.GlobalAveragePooling1D{}}
	if c.ClassToken {
		head = []layer.Op{layer.Cropping1D{Cropping: [2]int{0, 4}}, layer.Flatten{}}
	}
	m, err := New(Config{Base: base, ImageSize: tunedPixels, Classes: classes,
		Head: layer.Sequential(append(head, layer.Dense{Units: 16, Activation: "relu"},
			layer.Dense{Units: 3, Activation: "softmax"})...)})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range m.Layers {
		for i, w := range l.W {
			m.Values[l.Name][i] = golden.Weight(l.Name, w.Name, w.Shape)
		}
	}
	for _, prefix := range c.Unfrozen {
		m.Base.Layers.WithPrefix(prefix).Unfreeze()
	}
	return m
}

func readViTTuning(t *testing.T) (cases []kerasViTTuning) {
	t.Helper()
	golden.Read(t, "testdata/vit_tuning.json.gz", &cases)
	return cases
}

// Keras computes the whole model in each step, here only what is above the stored features.
func TestFineTuningOfVisionTransformerOnFeaturesEqualsKeras(t *testing.T) {
	for _, want := range readViTTuning(t) {
		t.Run(want.Title, func(t *testing.T) {
			m := want.model(t)
			below := fmt.Sprintf("block%d_add2", 11-len(want.Unfrozen))
			if name := m.Layers[m.cut()-1].Name; name != below {
				t.Fatalf("what is stored is %s, the input of the first unfrozen block is %s", name, below)
			}
			images := seededImages(len(want.Losses), tunedPixels)
			tr := startTraining(t, m, m.cut(), images)
			losses := tr.losses(t, want.Rate, 0, 1)
			gradients := tr.gradients(t)
			if len(gradients) != len(want.Gradients) {
				t.Errorf("%d weights are trained, Keras trains %d", len(gradients), len(want.Gradients))
			}
			requireChecksums(t, "gradients", gradients, want.Gradients, 1e-4)
			losses = append(losses, tr.losses(t, want.Rate, 1, len(want.Losses))...)
			requireLosses(t, losses, want.Losses, 1e-4)
		})
	}
}

func TestFineTuningOfVisionTransformerChangesUnfrozenLayersAlone(t *testing.T) {
	t.Setenv("DEFECTS_CACHE", t.TempDir())
	m := readViTTuning(t)[0].model(t)
	before := layer.Values{}
	for name, values := range m.Values {
		for _, v := range values {
			before[name] = append(before[name], slices.Clone(v))
		}
	}
	images := seededImages(1, tunedPixels)
	if _, err := m.Fit(t.Context(), images, images, FitConfig{Epochs: 1, BatchSize: kerasBatch}); err != nil {
		t.Fatal(err)
	}
	for _, l := range m.Layers {
		trained := strings.HasPrefix(l.Name, "block11_") || strings.HasPrefix(l.Name, "dense")
		for i, w := range l.W {
			if same := slices.Equal(m.Values[l.Name][i], before[l.Name][i]); same == trained {
				t.Errorf("%s/%s: trained %v, but the same as before %v", l.Name, w.Name, trained, same)
			}
		}
	}
	stored, err := filepath.Glob(filepath.Join(os.Getenv("DEFECTS_CACHE"), "features", "*.features"))
	if err != nil || len(stored) != 1 {
		t.Errorf("features are stored as %v, %v", stored, err)
	}
}
