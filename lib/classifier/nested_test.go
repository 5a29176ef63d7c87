package classifier

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/layer"
)

// hybrid lets tokens of a pretrained base attend to one another, beside a branch that pools them.
func hybrid(t *testing.T) (*Model, *backbone.Backbone) {
	t.Helper()
	base, err := backbone.MobileNetV2(backbone.Config{Alpha: 0.35, Input: 64})
	if err != nil {
		t.Fatal(err)
	}
	base.Notice = "seeded weights"
	for _, l := range base.Layers {
		for i, w := range l.W {
			base.Values[l.Name][i] = golden.Weight(l.Name, w.Name, w.Shape)
		}
	}
	base.Layers.Freeze()
	m, err := New(Config{Classes: classes, Seed: 3, Layers: func(b *layer.Builder) {
		b.Add("image", layer.Input{Shape: []int{40, 40, 3}})
		b.Add("", layer.Resizing{Height: 64, Width: 64})
		x := base.AddTo(b)
		pooled := b.Add("", layer.GlobalAveragePooling2D{}, x)
		b.Add("narrow", layer.Conv2D{Filters: 16, Kernel: 1}, x)
		b.Add("", layer.Reshape{Shape: []int{4, 16}})
		b.Add("", layer.MultiHeadAttention{NumHeads: 2, KeyDim: 8})
		attended := b.Add("", layer.GlobalAveragePooling1D{})
		b.Add("", layer.Dense{Units: 16, Activation: "relu"}, pooled)
		b.Add("", layer.Add{}, attended, b.Last())
		b.Add("", layer.Dense{Units: 3, Activation: "softmax"})
	}})
	if err != nil {
		t.Fatal(err)
	}
	return m, base
}

func TestAPretrainedBaseInANetworkOfOnesOwn(t *testing.T) {
	m, base := hybrid(t)
	if m.Base.Name != base.Name || m.Base.Config != base.Config || m.Notice() != "seeded weights" || m.ImageSize != 40 ||
		len(m.Base.Layers) != len(base.Layers) || !reflect.DeepEqual(m.Values["Conv1"], base.Values["Conv1"]) {
		t.Errorf("base %s of %d layers, images of %d pixels, notice %q", m.Base, len(m.Base.Layers), m.ImageSize, m.Notice())
	}
	if cut := m.cut(); cut != m.baseEnd {
		t.Errorf("the cut is at %d, the base ends at %d", cut, m.baseEnd)
	}
	data, run := openImages(t), t.TempDir()
	h := fit(t, m, data, FitConfig{Epochs: 2, Run: run})
	if h.Notice != "seeded weights" || h.FeatureSeconds <= 0 {
		t.Errorf("notice %q, %v seconds for the frozen layers", h.Notice, h.FeatureSeconds)
	}
	want, err := m.Predict(t.Context(), data.Validation)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{run}
	for _, ending := range []string{".h5", ".keras"} {
		path := filepath.Join(t.TempDir(), "m"+ending)
		if err := m.Save(path); err != nil {
			t.Fatal(err)
		}
		names = append(names, path)
	}
	for _, name := range names {
		again, _, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(again.nested[0].Name, m.nested[0].Name) || len(again.nested) != 1 || again.baseStart != m.baseStart ||
			again.baseEnd != m.baseEnd || again.Base.Source != m.Base.Source || again.Notice() != m.Notice() {
			t.Errorf("%s: nested models %v, base %s of %s, notice %q", name, again.nested, again.Base, again.Base.Source, again.Notice())
		}
		got, err := again.Predict(t.Context(), data.Validation)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: other predictions: %v", name, err)
		}
	}
	if s := m.Summary(); !strings.Contains(s, "mobilenetv2_0.35_64 (Functional)") || strings.Contains(s, "block_1_expand") ||
		!strings.Contains(s, "mobilenetv2_0.35_64") {
		t.Errorf("the summary is\n%s", s)
	}
}

func TestBaseTrainingReachesANestedBase(t *testing.T) {
	_, base := hybrid(t)
	for _, training := range []bool{false, true} {
		m, err := New(Config{BaseTraining: training, Layers: func(b *layer.Builder) {
			b.Add("image", layer.Input{Shape: []int{64, 64, 3}})
			base.AddTo(b)
			b.Add("", layer.GlobalAveragePooling2D{})
			b.Add("", layer.Dense{Units: 2, Activation: "softmax"})
		}})
		if err != nil {
			t.Fatal(err)
		}
		if l := m.Layers[m.Layers.Index("Conv_1_bn")]; l.Inference == training {
			t.Errorf("with BaseTraining %v the base is in inference mode: %v", training, l.Inference)
		}
	}
}
