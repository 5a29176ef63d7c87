package classifier

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/layer"
)

// Layers that Keras defines beside single networks are trained into a run, and the run is gone on with.
func TestLayersOfSingleNetworksAreTrainedIntoARun(t *testing.T) {
	data, run := openImages(t), t.TempDir()
	scaled := func() *Model {
		m, err := New(Config{Classes: classes, Seed: 1, Layers: func(b *layer.Builder) {
			layer.Sequential(layer.Input{Shape: []int{40, 40, 3}}, layer.Rescaling{Scale: 1.0 / 255},
				layer.Conv2D{Filters: 6, Kernel: 8, Strides: 8, Activation: "relu"})(b)
			before := b.Last()
			b.Add("scale", layer.LayerScale{Init: 1e-6, Channels: 6})
			b.Add("sum", layer.CustomScaleLayer{Scale: 0.5}, before, b.Last())
			b.Add("", layer.GlobalAveragePooling2D{})
			b.Add("", layer.Dense{Units: 3, Activation: "softmax"})
		}})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	unbroken, m := scaled(), scaled()
	before := m.Values["scale"][0][0]
	want := fit(t, unbroken, data, FitConfig{Epochs: 3})
	fit(t, m, data, FitConfig{Epochs: 1, Run: run})
	loaded, h, err := Load(run)
	if err != nil || h.Epochs() != 1 || loaded.Values["scale"][0][0] == before {
		t.Fatalf("%v, %v, the scale is %v", h, err, loaded.Values["scale"])
	}
	again := scaled()
	requireSame(t, fit(t, again, data, FitConfig{Epochs: 3, Run: run}), want, again, unbroken)
	loaded, h, err = Load(run)
	if err != nil {
		t.Fatal(err)
	}
	requireSame(t, h, want, loaded, unbroken)
	if err := loaded.Save(filepath.Join(run, "out.keras")); err != nil {
		t.Error(err)
	}
	err = loaded.Save(filepath.Join(run, "out.h5"))
	if err == nil || !strings.Contains(err.Error(), "from .keras files alone") {
		t.Errorf("as .h5, which Keras does not open: %v", err)
	}
}
