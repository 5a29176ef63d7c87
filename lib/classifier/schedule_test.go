package classifier

import (
	"math"
	"testing"

	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/result"
)

// kerasSchedules is testdata/schedules.json.gz, made by scripts/oracle/goldens/keras_schedules.py.
type kerasSchedules struct {
	Cosine []struct {
		Settings CosineDecay
		Rate     float64 `json:"learning_rate"`
		Steps    []int
		Rates    []float64
	}
	Plateau []struct {
		Settings ReduceLROnPlateau
		Rate     float64 `json:"learning_rate"`
		Figures  []float64
		Rates    []float64 // of each epoch, and after the last
	}
	Stopping []struct {
		Settings      EarlyStopping
		Figures       []float64
		Stopped, Best int
	}
}

// withFigures is a history of which only one figure is known.
func withFigures(monitor string, figures []float64) *result.History {
	h := &result.History{}
	switch monitor {
	case "loss":
		h.Loss = figures
	case "accuracy":
		h.Accuracy = figures
	case "val_accuracy":
		h.ValAccuracy = figures
	default:
		h.ValLoss = figures
	}
	return h
}

func TestCosineDecayEqualsKeras(t *testing.T) {
	var want kerasSchedules
	golden.Read(t, "testdata/schedules.json.gz", &want)
	for _, c := range want.Cosine {
		s, err := c.Settings.withDefaults(1000)
		if err != nil {
			t.Fatal(err)
		}
		for i, step := range c.Steps {
			got := s.Rate(c.Rate, step, nil)
			if math.Abs(got-c.Rates[i]) > 1e-6*c.Rate { // Keras computes with float32
				t.Errorf("%+v: step %d has rate %v, in Keras %v", s, step, got, c.Rates[i])
			}
		}
	}
	if len(want.Cosine) < 4 || len(want.Plateau) < 10 || len(want.Stopping) < 10 {
		t.Error("cases are missing")
	}
}

func TestCosineDecayWithoutStepsEndsWithTheTraining(t *testing.T) {
	s, err := CosineDecay{Alpha: 0.1, WarmupSteps: 4}.withDefaults(20)
	if err != nil {
		t.Fatal(err)
	}
	for step, want := range map[int]float64{0: 0, 2: 0.5, 4: 1, 12: 0.55, 20: 0.1, 21: 0.1} {
		if got := s.Rate(1, step, nil); math.Abs(got-want) > 1e-12 {
			t.Errorf("step %d of 20 has rate %v, want %v", step, got, want)
		}
	}
	_, err = CosineDecay{WarmupSteps: 20}.withDefaults(20)
	requireInError(t, err, "leaves none of 20 steps")
}

func TestLinearWarmupRisesAndStays(t *testing.T) {
	s := LinearWarmup{Steps: 4, From: 0.2}
	for step, want := range []float64{0.2, 0.4, 0.6, 0.8, 1, 1, 1} {
		if got := s.Rate(1, step, nil); math.Abs(got-want) > 1e-12 {
			t.Errorf("step %d has rate %v, want %v", step, got, want)
		}
	}
}

func TestReduceLROnPlateauEqualsKeras(t *testing.T) {
	var want kerasSchedules
	golden.Read(t, "testdata/schedules.json.gz", &want)
	for _, c := range want.Plateau {
		s, err := c.Settings.withDefaults(0)
		if err != nil {
			t.Fatal(err)
		}
		for epoch, rate := range c.Rates {
			got := s.Rate(c.Rate, 0, withFigures(c.Settings.Monitor, c.Figures[:epoch]))
			if math.Abs(got-rate) > 1e-6*rate {
				t.Errorf("%+v on %v: after %d epochs the rate is %v, in Keras %v", c.Settings, c.Figures, epoch, got, rate)
			}
		}
	}
}
