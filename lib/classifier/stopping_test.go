package classifier

import (
	"maps"
	"math"
	"testing"

	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/result"
)

func TestEarlyStoppingEqualsKeras(t *testing.T) {
	var want kerasSchedules
	golden.Read(t, "testdata/schedules.json.gz", &want)
	for _, c := range want.Stopping {
		s, err := c.Settings.withDefaults()
		if err != nil {
			t.Fatal(err)
		}
		best, stopped := 0, 0
		for epoch := 1; epoch <= len(c.Figures) && stopped == 0; epoch++ {
			var stop bool
			if best, stop = s.judge(withFigures(s.Monitor, c.Figures[:epoch])); stop {
				stopped = epoch
			}
		}
		if best == 0 {
			best = len(c.Figures) // nothing is restored
		}
		if stopped != c.Stopped || best != c.Best {
			t.Errorf("%+v on %v: stops after epoch %d with the weights of %d, Keras after %d with those of %d", c.Settings,
				c.Figures, stopped, best, c.Stopped, c.Best)
		}
	}
}

// testdata/fit_options.json.gz is made by scripts/oracle/goldens/keras_fit.py.
func TestFitWithOptionsEqualsKeras(t *testing.T) {
	var want map[string]struct {
		History result.History
		Weights map[string][]float32
	}
	golden.Read(t, "testdata/fit_options.json.gz", &want)
	for name, c := range map[string]FitConfig{
		"class_weights": {LearningRate: 1e-2, ClassWeights: []float64{0.5, 2, 1.25}},
		"cosine":        {LearningRate: 1e-2, Schedule: CosineDecay{DecaySteps: 24, Alpha: 0.1, WarmupSteps: 6}},
		"plateau": {LearningRate: 1e-2,
			Schedule: ReduceLROnPlateau{Factor: 0.2, Patience: 1, MinDelta: 0.02, Cooldown: 1}},
		"stopping": {LearningRate: 5e-2, EarlyStopping: &EarlyStopping{Patience: 2, RestoreBestWeights: true}},
	} {
		t.Run(name, func(t *testing.T) {
			want := want[name]
			c.Epochs, c.BatchSize = 6, 8
			c, err := c.withDefaults(37, 3)
			if err != nil {
				t.Fatal(err)
			}
			m := headOnly(t)
			h := &result.History{}
			tr := &training{model: m, plan: plan{Phase: c.Phases[0]}, batchSize: c.BatchSize, classWeights: c.ClassWeights,
				history: h, validation: inOrder("validation", 11, nil)}
			if err := tr.start(); err != nil {
				t.Fatal(err)
			}
			for epoch := 0; epoch < c.Epochs && h.Stopped == 0; epoch++ {
				tr.train = inOrder("train", 37, images.Order(37, m.Seed, epoch)) // Keras trained in file order
				if err := tr.epoch(t.Context()); err != nil {
					t.Fatal(err)
				}
				h.Best, h.Stopped = tr.judge()
			}
			maps.Copy(m.Values, tr.best)
			requireClose(t, "loss", h.Loss, want.History.Loss)
			requireClose(t, "accuracy", h.Accuracy, want.History.Accuracy)
			requireClose(t, "val_loss", h.ValLoss, want.History.ValLoss)
			requireClose(t, "val_accuracy", h.ValAccuracy, want.History.ValAccuracy)
			requireClose(t, "learning_rate", h.LearningRate, want.History.LearningRate)
			for _, l := range m.Layers {
				for i, w := range l.W {
					if d := golden.Difference(m.Values[l.Name][i], want.Weights[l.Name+"/"+w.Name]); d > 1e-5 {
						t.Errorf("%s/%s differs from Keras's by %v", l.Name, w.Name, d)
					}
				}
			}
		})
	}
}

func TestFitConfigsThatMakeNoSenseAreRefused(t *testing.T) {
	train, validation := numbers{"train", make([]int, 37), make([]float32, 12*37)}, numbers{"validation", []int{0}, make([]float32, 12)}
	for want, c := range map[string]FitConfig{
		"Epochs -1":               {Epochs: -1},
		"BatchSize -1":            {BatchSize: -1},
		"LearningRate -0.1":       {LearningRate: -0.1},
		"LearningRate NaN":        {LearningRate: math.NaN()},
		"DecaySteps -1":           {Schedule: CosineDecay{DecaySteps: -1}},
		"Alpha 1.5":               {Schedule: CosineDecay{Alpha: 1.5}},
		"-3 steps of warm-up":     {Schedule: CosineDecay{WarmupSteps: -3}},
		"a warm-up from -1":       {Schedule: LinearWarmup{Steps: 1, From: -1}},
		"how many steps":          {Schedule: LinearWarmup{}},
		"Factor 1":                {Schedule: ReduceLROnPlateau{Factor: 1}},
		"MinLR -1":                {Schedule: ReduceLROnPlateau{MinLR: -1}},
		"Cooldown -1":             {Schedule: ReduceLROnPlateau{Cooldown: -1}},
		`Schedule: Monitor "f1"`:  {Schedule: ReduceLROnPlateau{Monitor: "f1"}},
		"accuracy, loss, val_acc": {EarlyStopping: &EarlyStopping{Monitor: "val_f1"}},
		"Patience -1":             {EarlyStopping: &EarlyStopping{Patience: -1}},
		"MinDelta -1":             {EarlyStopping: &EarlyStopping{MinDelta: -1}},
		"StartFromEpoch -1":       {EarlyStopping: &EarlyStopping{StartFromEpoch: -1}},
		"2 weights for 3 classes": {ClassWeights: []float64{1, 2}},
		"weight -2 of class 1":    {ClassWeights: []float64{1, -2, 1}},
		"all are 0":               {ClassWeights: []float64{0, 0, 0}},
		"ShiftHeight 2":           {Augment: Augmentation{ShiftHeight: 2}},
		"ShiftWidth -0.1":         {Augment: Augmentation{ShiftWidth: -0.1}},
		"Contrast NaN":            {Augment: Augmentation{Contrast: math.NaN()}},
		`FillMode "wrap"`:         {Augment: Augmentation{FillMode: "wrap"}},
	} {
		_, err := headOnly(t).Fit(t.Context(), train, validation, c)
		requireInError(t, err, "FitConfig: ", want)
	}
	c := FitConfig{Augment: Augmentation{FlipVertical: true}}
	_, err := headOnly(t).Fit(t.Context(), train, validation, c)
	requireInError(t, err, "Augment", "no images")
}
