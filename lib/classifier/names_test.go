package classifier

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/keras"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/weights"
)

// Keras opens, fits and saves a file, and drops what it does not know: scripts/oracle/goldens/keras_names.py.
func TestNamesOfClassesOutliveKeras(t *testing.T) {
	const name = "network.classes.crazing.rolled-in_scale.gr>C3>B6n>20>2F>201>2E5" // as in that program
	classes, folder := []string{"crazing", "rolled-in_scale", "grön / 1.5"}, t.TempDir()
	for _, f := range golden.Unzip(t, "testdata/names.zip") {
		path := filepath.Join(folder, f.Name)
		if err := os.WriteFile(path, f.Content, 0o644); err != nil {
			t.Fatal(err)
		}
		m, _, err := Load(path)
		if err != nil {
			t.Fatal(err)
		}
		if m.Name != "network" || !slices.Equal(m.Classes, classes) {
			t.Errorf("%s: %s of %q", f.Name, m.Name, m.Classes)
		}
		if k, err := keras.Open(path); err != nil || k.Extra != nil {
			t.Errorf("%s is one of ours, %v", f.Name, err)
		}
	}
	m, err := New(Config{Name: "network", Classes: classes, Layers: func(b *layer.Builder) {
		layer.Sequential(layer.Input{Shape: []int{8, 8, 3}}, layer.GlobalAveragePooling2D{}, layer.Dense{Units: 3, Activation: "softmax"})(b)
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, ending := range []string{".keras", ".h5"} {
		path := filepath.Join(folder, "ours"+ending)
		if err := m.Save(path); err != nil {
			t.Fatal(err)
		}
		c, err := weights.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		var written struct{ Config struct{ Name string } }
		if err := json.Unmarshal(c.Config, &written); err != nil || written.Config.Name != name {
			t.Errorf("%s calls the model %q, %v", path, written.Config.Name, err)
		}
		if again, _, err := Load(path); err != nil || again.Name != "network" || !slices.Equal(again.Classes, classes) {
			t.Errorf("%s: %v", path, err)
		}
	}
}
