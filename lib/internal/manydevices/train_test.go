package manydevices

import (
	"math"
	"testing"

	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/device"
	"github.com/transfer-learning-go/defects/lib/internal/split"
	"github.com/transfer-learning-go/defects/lib/result"
)

const batchSize, epochs = 8, 4

// whole is more layers than any base has.
const whole = 1000

// fineTuning is the lesson's rate: at a higher one, rounding grows from step to step.
const fineTuning = 1e-5

// even is a last batch that four devices divide; the one of uneven they do not, so that each of them computes it.
var even, uneven, validation = pictures{"train", 3 * batchSize}, pictures{"train", 2*batchSize + 2}, pictures{"validation", batchSize + 1}

// fit trains for twelve steps, and gives the mean losses of each epoch up to each step, and the losses of the validation.
func fit(t *testing.T, m *classifier.Model, train pictures, c classifier.FitConfig) []float64 {
	t.Helper()
	defer m.Close()
	var losses []float64
	if c.BatchSize = batchSize; c.LearningRate == 0 {
		c.LearningRate = 3e-4
	}
	c.Watch = func(p result.Progress) {
		if p.Phase == "epoch" && p.Step > 0 && p.Done < p.Total {
			losses = append(losses, p.Loss)
		}
	}
	h, err := m.Fit(t.Context(), train, validation, c)
	if err != nil {
		t.Fatal(err)
	}
	return append(append(losses, h.Loss...), h.ValLoss...)
}

// far is how far losses are from those that are wanted, relative to these.
func far(got, want []float64) float64 {
	if len(got) != len(want) {
		return math.Inf(1)
	}
	worst := 0.0
	for i, w := range want {
		if d := math.Abs(got[i]-w) / w; !(d <= worst) {
			worst = d
		}
	}
	return worst
}

func TestTrainingsAreTheSame(t *testing.T) {
	for _, test := range []struct {
		name, network   string
		layers, trained int // of the base
		batchStatistics bool
		train           pictures
		devices         []int
		augment         classifier.Augmentation
		rate            float64 // 0 is that of fit
	}{
		{"head", "mobilenetv2", 4, 0, false, uneven, []int{1, 2, 4}, classifier.Augmentation{FlipHorizontal: true, ShiftWidth: 0.2}, 0},
		{"from scratch", "mobilenetv2", 4, 4, true, even, []int{1, 2, 4}, classifier.Augmentation{}, 0},
		{"MobileNetV2, frozen", "mobilenetv2", whole, 0, false, even, []int{1, 2, 4}, classifier.Augmentation{}, 0},
		{"MobileNetV2, fine-tuned", "mobilenetv2", whole, 54, false, uneven, []int{1, 2, 4}, classifier.Augmentation{}, fineTuning},
		{"ResNet50V2, frozen", "resnet50v2", whole, 0, false, even, []int{1, 2, 4}, classifier.Augmentation{}, 0},
		{"ResNet50V2, fine-tuned", "resnet50v2", whole, 90, false, even, []int{1, 2, 4}, classifier.Augmentation{}, fineTuning},
		{"ViT, frozen", "vit", whole, 0, false, even, []int{1, 2, 4}, classifier.Augmentation{}, 0},
		{"ViT, fine-tuned", "vit", whole, 40, false, even, []int{1, 2, 4}, classifier.Augmentation{}, fineTuning},
	} {
		t.Run(test.name, func(t *testing.T) {
			base := network(t, test.network, test.layers)
			base.Layers.Last(test.trained).Unfreeze()
			var want []float64
			for _, devices := range test.devices {
				on(t, devices)
				got := fit(t, model(t, base, test.batchStatistics), test.train, classifier.FitConfig{Epochs: epochs,
					Augment: test.augment, LearningRate: test.rate})
				if want == nil {
					want = got
				}
				if d := far(got, want); d > 1e-5 {
					t.Errorf("losses %v on %d devices are off by %g, relative to %v on one", got, devices, d, want)
				}
			}
			if d := far(want[:2], want[2:4]); d < 0.01 {
				t.Errorf("losses hardly depend on the weights: %v", want)
			}
		})
	}
}

// What two devices have begun, four go on with.
func TestRunGoesOnOnOtherDevices(t *testing.T) {
	base, run := network(t, "mobilenetv2", 4), t.TempDir()
	train := func(devices, epochs int, run string) []float64 {
		on(t, devices)
		return fit(t, model(t, base, false), even, classifier.FitConfig{Epochs: epochs, Run: run})
	}
	want := train(1, 2, "")[4:]
	train(2, 1, run)
	if d := far(train(4, 2, run)[2:], want); d > 1e-5 {
		t.Errorf("losses are off by %g, relative to %v on one device", d, want)
	}
}

// Batches that all devices do not divide evenly are divided among as many as do.
func TestSplitTakesDevicesThatDivideABatch(t *testing.T) {
	on(t, 4)
	d, err := device.Open()
	if err != nil {
		t.Fatal(err)
	}
	for batch, want := range map[int]int{1: 1, 2: 2, 3: 3, 6: 3, 7: 1, 8: 4, 10: 2} {
		if s, err := split.New(d, batch); err != nil || s.Devices() != want {
			t.Errorf("a batch of %d is divided among %v, %v; want %d", batch, s, err, want)
		}
	}
	on(t, 2)
	if s, err := split.New(d, 32); err != nil || s.Devices() != 2 {
		t.Errorf("%v, %v", s, err)
	}
}
