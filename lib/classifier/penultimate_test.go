package classifier

import (
	"math"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/layer"
)

// What the last layer makes of the penultimate one are the predictions, wherever the cut lies.
func TestTheLastLayerReadsThePenultimate(t *testing.T) {
	data := openImages(t)
	direct, err := small(1)
	if err != nil {
		t.Fatal(err)
	}
	if direct, err = New(Config{Base: direct.Base, ImageSize: 40, Classes: classes, Head: layer.Sequential(
		layer.GlobalAveragePooling2D{}, layer.Dense{Units: 3}, layer.Activation{Activation: "softmax"})}); err != nil {
		t.Fatal(err)
	}
	nothing, everything := newSmall(t, 1), newSmall(t, 1)
	nothing.Layers.Unfreeze()
	everything.Layers.Freeze()
	for name, m := range map[string]*Model{"frozen base": newSmall(t, 1), "nothing frozen": nothing, "all frozen": everything,
		"pooled features alone": direct} {
		rows, err := m.Penultimate(t.Context(), data.Validation)
		if err != nil {
			t.Fatal(name, err)
		}
		p, err := m.Predict(t.Context(), data.Validation)
		if err != nil {
			t.Fatal(name, err)
		}
		var values [][]float32
		for _, l := range m.Layers {
			if len(l.W) > 0 {
				values = m.Values[l.Name]
			}
		}
		n, dim := rows.Dims()
		if n != data.Validation.Len() || dim*3 != len(values[0]) {
			t.Fatalf("%s: %d×%d values for %d images and %d weights", name, n, dim, data.Validation.Len(), len(values[0]))
		}
		for i := range n {
			exps, sum := make([]float64, 3), 0.0
			for c := range exps {
				logit := float64(values[1][c])
				for k := range dim {
					logit += rows.At(i, k) * float64(values[0][k*3+c])
				}
				exps[c] = math.Exp(logit)
				sum += exps[c]
			}
			for c, e := range exps {
				if d := math.Abs(e/sum - float64(p.Probabilities[i][c])); !(d < 1e-5) {
					t.Errorf("%s: probability %d of image %d differs by %v", name, c, i, d)
				}
			}
		}
	}
	_, err = newSmall(t, 1).Penultimate(t.Context(), images.Select(data.Train, nil))
	if err == nil || !strings.Contains(err.Error(), "0 images") {
		t.Errorf("of no images: %v", err)
	}
}

func TestFeaturesSayWhatTheWeightsAre(t *testing.T) {
	m := newSmall(t, 1)
	m.Base.Notice = "weights that stand in"
	data := openImages(t)
	data.Validation.Notice = "drawn images"
	f, err := m.Features(t.Context(), data.Validation, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.Notice() != "weights that stand in; drawn images" {
		t.Errorf("the notice is %q", f.Notice())
	}
}
