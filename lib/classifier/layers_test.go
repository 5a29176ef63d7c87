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

// tokens is a small transformer built by hand.
func tokens(input []int, units int) func(*layer.Builder) {
	return func(b *layer.Builder) { addTokens(b, input, units) }
}

func addTokens(b *layer.Builder, input []int, units int) {
	b.Add("image", layer.Input{Shape: input})
	b.Add("", layer.Conv2D{Filters: 8, Kernel: 8, Strides: 8})
	b.Add("", layer.Reshape{Shape: []int{(input[0] / 8) * (input[1] / 8), 8}})
	b.Add("", layer.ClassToken{})
	x := b.Add("", layer.PositionEmbedding{})
	b.Add("", layer.MultiHeadAttention{NumHeads: 2, KeyDim: 4, Dropout: 0.1})
	b.Add("", layer.Add{}, x, b.Last())
	b.Add("", layer.LayerNormalization{})
	b.Add("", layer.GlobalAveragePooling1D{})
	b.Add("", layer.Dense{Units: units, Activation: "softmax"})
}

func TestAModelBuiltByHandIsSavedAndLoadedWhole(t *testing.T) {
	m, err := New(Config{Layers: tokens([]int{35, 35, 3}, 2), Name: "tokens", Classes: []string{"a", "b"}, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if m.ImageSize != 35 || m.Notice() != "" || m.cut() != 0 {
		t.Errorf("images of %d pixels, notice %q, cut %d; want 35, none, 0", m.ImageSize, m.Notice(), m.cut())
	}
	pixels := golden.Uniform("pixels", 2*35*35*3, 0, 255)
	some := unnamed{numbers{"some", make([]int, 2), pixels}}
	want, err := m.Predict(t.Context(), some)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"m.h5", "m.keras"} {
		path := filepath.Join(t.TempDir(), name)
		if err := m.Save(path); err != nil {
			t.Fatal(err)
		}
		again, _, err := Load(path)
		if err != nil {
			t.Fatal(err)
		}
		if again.Layers.Hash(again.Values) != m.Layers.Hash(m.Values) {
			t.Errorf("%s: another model comes back", name)
		}
		if got, err := again.Predict(t.Context(), some); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, %v; want %v", name, got, err, want)
		}
	}
}

func TestAModelBuiltByHandIsRefused(t *testing.T) {
	square := []int{32, 32, 3}
	for _, c := range []struct {
		config Config
		says   string
	}{
		{Config{Layers: tokens([]int{32, 40, 3}, 2)}, "square colour images"},
		{Config{Layers: tokens(square, 2), Classes: []string{"a", "b", "c"}}, "3 classes"},
		{Config{Layers: func(b *layer.Builder) {
			addTokens(b, square, 2)
			b.List = b.List[:7]
		}}, "one probability per class"},
		{Config{Layers: func(*layer.Builder) {}}, "no input"},
		{Config{Layers: tokens(square, 1)}, "softmax is always 1"},
		{Config{Layers: tokens(square, 2), ImageSize: 40}, "images of 32 pixels"},
		{Config{Layers: tokens(square, 2), Base: &backbone.Backbone{}}, "leave Base and Head out"},
	} {
		if _, err := New(c.config); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v; want an error about %s", err, c.says)
		}
	}
}
