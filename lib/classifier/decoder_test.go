package classifier

import (
	"path/filepath"
	"testing"

	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/internal/golden"
)

// Wherever images enter a model, its decoder reads them, also where features of them are stored; and files keep it.
func TestModelsDecodeAsTheyWereTrained(t *testing.T) {
	t.Setenv("DEFECTS_CACHE", t.TempDir())
	file, err := images.ReadFile("../images/testdata/decode/colour-420.jpg")
	if err != nil {
		t.Fatal(err)
	}
	m, set := tinyNet(t), images.Of(file)
	m.Layers[:2].Freeze()
	for _, w := range m.Values["dense"] {
		for i := range w {
			w[i] /= 100 // of pixels 0…255
		}
	}
	plain, want := probabilities(t, m, set), probabilities(t, m, set.DecodedBy(images.Pillow))
	if golden.Difference(plain, want) < 1e-3 {
		t.Fatal("these images do not tell decoders apart")
	}
	m.Decoder = images.Pillow
	f, err := m.Features(t.Context(), set, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	path := filepath.Join(t.TempDir(), "m.keras")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	saved, _, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.Predictor()
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	single, err := p.Predict(t.Context(), set)
	if err != nil {
		t.Fatal(err)
	}
	ofFeatures, err := p.Predict(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	for what, got := range map[string][]float32{
		"images": probabilities(t, m, set), "features": probabilities(t, m, f), "a saved model": probabilities(t, saved, set),
		"a predictor": single.Probabilities[0], "a predictor of features": ofFeatures.Probabilities[0],
	} {
		if golden.Difference(got, want) > 1e-5 {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	if again := f.DecodedBy(images.Pillow); again != images.Source(f) {
		t.Errorf("features of Pillow's pixels become %T", again)
	}
	m.Decoder = images.TensorFlow
	if got := probabilities(t, m, set); golden.Difference(got, plain) > 1e-5 {
		t.Errorf("afterwards: %v, want %v", got, plain)
	}
}
