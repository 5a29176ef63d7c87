package serve

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"log/slog"
	"math"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/layer"
)

func pictureOf(t *testing.T, uri string) image.Image {
	t.Helper()
	encoded, ok := strings.CutPrefix(uri, "data:image/png;base64,")
	data, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || !ok {
		t.Fatalf("no picture in %.40q: %v", uri, err)
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// tiny is a model of a few thousand weights: convolutions, or patches that attend to each other.
func tiny(attention bool) (*classifier.Model, error) {
	m, err := classifier.New(classifier.Config{Classes: testClasses, Seed: 1, Layers: func(b *layer.Builder) {
		layer.Sequential(layer.Input{Shape: []int{12, 12, 3}}, layer.Rescaling{Scale: 1 / 127.5, Offset: -1},
			layer.Conv2D{Filters: 8, Kernel: 3, Strides: 3, Activation: "relu"})(b)
		if attention {
			tokens := b.Add("", layer.Reshape{Shape: []int{16, 8}})
			b.Add("", layer.MultiHeadAttention{NumHeads: 2, KeyDim: 4})
			b.Add("", layer.Add{}, tokens, b.Last())
			b.Add("", layer.GlobalAveragePooling1D{})
		} else {
			b.Add("", layer.GlobalAveragePooling2D{})
		}
		b.Add("", layer.Dense{Units: 3, Activation: "softmax"})
	}})
	if err == nil {
		m.DataNotice = "a test"
	}
	return m, err
}

// gradient is a picture that is no square, with colours.
func gradient(t *testing.T) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 30, 20))
	for i := range 600 {
		img.SetNRGBA(i%30, i/30, color.NRGBA{uint8(8 * (i % 30)), uint8(12 * (i / 30)), uint8(i), 255})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// What the server answers is what the model itself says of the same file, by each way.
func TestAnswersAreThoseOfTheModel(t *testing.T) {
	file := gradient(t)
	for name, attention := range map[string]bool{"Grad-CAM": false, "attention rollout, stretched": true} {
		m, err := tiny(attention)
		if err != nil {
			t.Fatal(err)
		}
		want, err := m.Predict(t.Context(), images.Of(images.Encoded("file", file)))
		if err != nil {
			t.Fatal(err)
		}
		s, err := New(Config{Models: []Model{{"steel", func() (*classifier.Model, error) { return tiny(attention) }}}, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if err := s.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		same := func(got []float32) {
			t.Helper()
			for i, p := range want.Probabilities[0] {
				if math.Abs(float64(p-got[i])) > 1e-5 {
					t.Errorf("%s: probabilities %v instead of %v", name, got, want.Probabilities[0])
				}
			}
		}
		var c classification
		answered(t, ask(s, "POST", "/classify?gradcam=1", file), 200, &c)
		same(c.Probabilities)
		if c.Class != want.Classes[want.Predicted[0]] || c.Method != name || c.Notice != "a test" {
			t.Errorf("%s: %s by %s, %q", name, c.Class, c.Method, c.Notice)
		}
		if got := pictureOf(t, c.Overlay).Bounds(); got.Dx() != overlaySide || got.Dy() != overlaySide*2/3 {
			t.Errorf("%s: overlay of %v", name, got)
		}
		pixels, err := images.Encoded("file", file).Pixels(12, 12)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(pixels)
		if err != nil {
			t.Fatal(err)
		}
		var a inferAnswer
		answered(t, ask(s, "POST", inferPath, []byte(`{"inputs": [{"name": "image", "shape": [1, 12, 12, 3], "datatype": "FP32", "data": `+
			string(text)+`}], "outputs": [{"name": "probabilities"}]}`)), 200, &a)
		var got []float32
		for _, v := range a.Outputs[0].Data {
			got = append(got, float32(v.(float64)))
		}
		same(got)
	}
}

// Weights that are not numbers are found when the model is loaded, not by the first client.
func TestModelsWithoutNumbersAreRefused(t *testing.T) {
	_, err := open(func() (*classifier.Model, error) {
		m, err := tiny(false)
		if err == nil {
			m.Classes = nil
		}
		return m, err
	})
	if err == nil || !strings.Contains(err.Error(), "names no classes") {
		t.Errorf("without classes: %v", err)
	}
	broken, err := open(func() (*classifier.Model, error) {
		m, err := tiny(false)
		if err == nil {
			for _, values := range m.Values {
				for _, v := range values {
					v[0] = float32(math.NaN())
				}
			}
		}
		return m, err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer broken.close()
	if err := warm(context.Background(), broken); err == nil || !strings.Contains(err.Error(), "not numbers") {
		t.Errorf("weights of NaN: %v", err)
	}
}
