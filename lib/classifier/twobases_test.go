package classifier

import (
	"path/filepath"
	"reflect"
	"testing"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/layer"
)

func seededBase(t *testing.T, c backbone.Config) *backbone.Backbone {
	t.Helper()
	base, err := backbone.MobileNetV2(c)
	if err != nil {
		t.Fatal(err)
	}
	base.Layers.Freeze()
	return base
}

// Every base has an input_layer, as Keras calls an Input without a name.
func TestABaseBehindAnInputWithoutAName(t *testing.T) {
	base := seededBase(t, backbone.Config{Alpha: 0.35, Input: 32, Seed: 1})
	m, err := New(Config{Classes: classes, Layers: func(b *layer.Builder) {
		b.Add("", layer.Input{Shape: []int{32, 32, 3}})
		base.AddTo(b)
		b.Add("", layer.GlobalAveragePooling2D{})
		b.Add("", layer.Dense{Units: 3, Activation: "softmax"})
	}})
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Base.Layers[0].Name; got != "mobilenetv2_0.35_32_input_layer" {
		t.Errorf("the base begins with %s", got)
	}
	if m.Base.Layers.Index("block_16_project") < 0 || len(m.Base.Layers.WithPrefix("Conv_1")) != 2 {
		t.Error("layers whose names are free have others")
	}
}

func TestTwoBasesInOneNetwork(t *testing.T) {
	small := seededBase(t, backbone.Config{Alpha: 0.35, Input: 32, Seed: 1})
	for name, other := range map[string]*backbone.Backbone{
		"of another width": seededBase(t, backbone.Config{Alpha: 0.5, Input: 32, Seed: 2}),
		"of one name":      seededBase(t, backbone.Config{Alpha: 0.35, Input: 32, Seed: 2}),
	} {
		t.Run(name, func(t *testing.T) {
			m, err := New(Config{Classes: classes, Seed: 1, Layers: func(b *layer.Builder) {
				image := b.Add("", layer.Input{Shape: []int{32, 32, 3}})
				small.AddTo(b)
				first := b.Add("", layer.GlobalAveragePooling2D{})
				b.Add("again", layer.Activation{Activation: "linear"}, image)
				other.AddTo(b)
				second := b.Add("", layer.GlobalAveragePooling2D{})
				b.Add("", layer.Concatenate{Axis: -1}, first, second)
				b.Add("", layer.Dense{Units: 3, Activation: "softmax"})
			}})
			if err != nil {
				t.Fatal(err)
			}
			second := m.nested[1]
			for i, l := range m.Layers[second.Start:second.End] {
				if !reflect.DeepEqual(m.Values[l.Name], other.Values[other.Layers[i].Name]) {
					t.Fatalf("layer %s has not the values of %s", l.Name, other.Layers[i].Name)
				}
			}
			data := openImages(t)
			fit(t, m, data, FitConfig{Epochs: 1})
			want, err := m.Predict(t.Context(), data.Validation)
			if err != nil {
				t.Fatal(err)
			}
			for _, ending := range []string{".keras", ".h5"} {
				path := filepath.Join(t.TempDir(), "m"+ending)
				if err := m.Save(path); err != nil {
					t.Fatal(err)
				}
				again, _, err := Load(path)
				if err != nil {
					t.Fatal(err)
				}
				if got, err := again.Predict(t.Context(), data.Validation); err != nil || !reflect.DeepEqual(got, want) {
					t.Errorf("%s: other predictions: %v", ending, err)
				}
				if len(again.nested) != 2 || again.nested[1].Name != second.Name {
					t.Errorf("%s: nested models %v", ending, again.nested)
				}
			}
		})
	}
}
