package manydevices

import (
	"fmt"
	"math"
	"testing"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/result"
)

const pixels, batchSize = 32, 8

var classes = []string{"flat", "lines", "spots"}

// pictures are images that are given as numbers.
type pictures struct {
	name string
	n    int
}

func (s pictures) About() images.About { return images.About{Name: s.name, Classes: classes} }
func (s pictures) Len() int            { return s.n }
func (s pictures) Info(i int) images.Info {
	name := fmt.Sprintf("%s %d", s.name, i)
	return images.Info{Name: name, Label: i % len(classes), ID: name}
}
func (s pictures) Pixels(i, _, _ int) ([]float32, error) {
	values := golden.Uniform(s.Info(i).Name, pixels*pixels*3, 0, 255)
	for k := range values {
		values[k] *= float32(1 + i%len(classes))
		values[k] /= 3
	}
	return values, nil
}

// train and validation leave a last batch of two and of one, which four devices do not divide.
var train, validation = pictures{"train", 2*batchSize + 2}, pictures{"validation", batchSize + 1}

// epochs have three steps each: ten steps and two more.
const epochs = 4

// losses are those that a watcher is told after each step, and those of the validation.
func losses(t *testing.T, m *classifier.Model, c classifier.FitConfig) []float64 {
	t.Helper()
	var all []float64
	c.Epochs, c.BatchSize = epochs, batchSize
	c.Watch = func(p result.Progress) {
		if p.Phase == "epoch" && p.Step > 0 {
			all = append(all, p.Loss)
		}
	}
	h, err := m.Fit(t.Context(), train, validation, c)
	if err != nil {
		t.Fatal(err)
	}
	return append(all, h.ValLoss...)
}

func TestTrainingsAreTheSame(t *testing.T) {
	head := layer.Sequential(layer.GlobalAveragePooling2D{}, layer.Dropout{Rate: 0.3}, layer.Dense{Units: 3, Activation: "softmax"})
	for _, test := range []struct {
		name, network string
		unfreeze      int // the last layers of the base
	}{
		{"head", "mobilenetv2", 0},
		{"last layers", "mobilenetv2", 10},
	} {
		t.Run(test.name, func(t *testing.T) {
			base := network(t, test.network, backbone.Config{Alpha: 0.35, Input: pixels})
			base.Layers.Freeze()
			base.Layers.Last(test.unfreeze).Unfreeze()
			var want []float64
			for _, devices := range []int{1, 2, 4} {
				on(t, devices)
				m, err := classifier.New(classifier.Config{Base: base, ImageSize: pixels, Seed: 7, Head: head})
				if err != nil {
					t.Fatal(err)
				}
				got := losses(t, m, classifier.FitConfig{})
				if want == nil {
					want = got
				}
				t.Log(devices, got)
				for i, w := range want {
					if d := math.Abs(got[i]-w) / w; !(d <= 1e-5) {
						t.Errorf("%d devices: loss %d is %v, and %v on one (relative %g)", devices, i, got[i], w, d)
					}
				}
			}
		})
	}
}
