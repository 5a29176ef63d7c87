package backbone

import (
	"path/filepath"
	"testing"

	"github.com/transfer-learning-go/defects/lib/keras"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/weights"
)

// The second scaling has no weights: a whole model says whether it has it, and of weights alone those that were trained
// on images have it, as the published ones.
func TestEfficientNetIsScaledAsItsWeightsWere(t *testing.T) {
	random, err := EfficientNetB0(Config{Input: 32, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	published, err := efficientNetB0Layers(random.Config, true)
	if err != nil {
		t.Fatal(err)
	}
	trained := filled(random.Layers)
	for _, c := range []struct {
		what, ending string
		layers       layer.List
		values       layer.Values
		again        bool
	}{
		{"published weights", "", random.Layers, trained, true},
		{"random weights", "", random.Layers, random.Values, false},
		{"trained variables", ".weights.h5", random.Layers, trained, true},
		{"random variables", ".weights.h5", random.Layers, random.Values, false},
		{"a model with it", ".keras", published, trained, true},
		{"a model without it", ".keras", random.Layers, trained, false},
		{"an older model with it", ".h5", published, trained, true},
		{"an older model without it", ".h5", random.Layers, trained, false},
	} {
		path := filepath.Join(t.TempDir(), "x"+c.ending)
		if c.ending == "" {
			err = weights.Save(path, c.layers.Checkpoint(c.values))
		} else {
			err = keras.Save(path, &keras.Model{Name: "efficientnetb0", Layers: c.layers, Values: c.values})
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := EfficientNetB0(Config{Input: 32, Weights: path})
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		if again := b.Layers.Index("rescaling_1") >= 0; again != c.again || b.Preprocess() != nil {
			t.Errorf("%s: scaled again %t, want %t", c.what, again, c.again)
		}
		if b.Layers.Hash(b.Values) != b.Layers.Hash(c.values) {
			t.Errorf("%s: other values come back", c.what)
		}
	}
}
