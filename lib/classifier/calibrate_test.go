package classifier

import (
	"math"
	"testing"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/inference"
	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/layer"
)

// The statistics are compared with those of each convolution's output, as computed in inference with them.
func TestCalibratedStatisticsAreThoseOfTheActivations(t *testing.T) {
	m := newSmall(t, 1)
	pixels := golden.Uniform("calibrate", 6*40*40*3, 0, 255)
	if err := m.Calibrate(t.Context(), numbers{"calibrate", make([]int, 6), pixels}); err != nil {
		t.Fatal(err)
	}
	for conv, norm := range map[string]string{"Conv1": "bn_Conv1", "block_8_depthwise": "block_8_depthwise_BN",
		"Conv_1": "Conv_1_bn"} {
		p, err := inference.New(m.Layers[:m.Layers.Index(conv)+1], m.Values)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		values, err := p.Run(t.Context(), pixels)
		if err != nil {
			t.Fatal(err)
		}
		channels := p.Out()[2]
		mean, variance := make([]float64, channels), make([]float64, channels)
		n := float64(len(values) / channels)
		for i, v := range values {
			mean[i%channels] += float64(v) / n
		}
		for i, v := range values {
			d := float64(v) - mean[i%channels]
			variance[i%channels] += d * d / n
		}
		got := m.Values[norm]
		for c := range channels {
			if math.Abs(float64(got[2][c])-mean[c]) > 1e-3 || math.Abs(float64(got[3][c])-variance[c]) > 1e-3*(1+variance[c]) {
				t.Errorf("%s, channel %d: mean %v, variance %v; the activations have %v, %v", norm, c, got[2][c], got[3][c],
					mean[c], variance[c])
				break
			}
		}
	}
	requireInError(t, m.Calibrate(t.Context(), images.Of()), "no images")
}

func TestABaseWithoutBatchNormalizationIsLeftAsItIs(t *testing.T) {
	base, err := backbone.ViT(backbone.Config{Input: 32, Variant: "Ti/16", Weights: "random"})
	if err != nil {
		t.Fatal(err)
	}
	m, err := New(Config{Base: base, ImageSize: 32, Classes: classes, Head: layer.Sequential(
		layer.GlobalAveragePooling1D{},
		layer.Dense{Units: len(classes), Activation: "softmax"},
	)})
	if err != nil {
		t.Fatal(err)
	}
	some := numbers{"calibrate", make([]int, 2), golden.Uniform("calibrate", 2*32*32*3, 0, 255)}
	if err := m.Calibrate(t.Context(), some); err != nil {
		t.Fatal(err)
	}
}
