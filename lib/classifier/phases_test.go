package classifier

import (
	"errors"
	"math"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/result"
)

// The whole is longer than its parts: what is compared here is trained once.
func TestPhases(t *testing.T) {
	folder := writeImages(t)
	data := openAt(t, folder)
	unbroken := newSmall(t, 1)
	var phases []result.Phase
	c := threePhases()
	c.Watch = func(p result.Progress) {
		if p.Epochs != 9 {
			t.Errorf("%d epochs are announced", p.Epochs)
		}
		phases = p.History.Phases
	}
	want := fit(t, unbroken, data, c)

	t.Run("one after the other", func(t *testing.T) {
		// In the second phase no epoch is better than its first, the third of all, so it ends after three; the last has its
		// two.
		expected := []result.Phase{{Name: "head", Epoch: 1}, {Name: "end", Epoch: 3, Best: 3, Stopped: 5}, {Name: "phase 3", Epoch: 6}}
		if !slices.Equal(want.Phases, expected) || !slices.Equal(phases, expected) || want.Epochs() != 7 {
			t.Errorf("%d epochs in phases %+v, seen as %+v", want.Epochs(), want.Phases, phases)
		}
		if want.Best != 0 || want.Stopped != 0 || want.Note != augmentationNote {
			t.Errorf("best %d, stopped %d, note %q", want.Best, want.Stopped, want.Note)
		}
		r := want.LearningRate
		if r[0] != 1e-3 || r[1] != 1e-3 || !(r[2] < 1e-4 && r[3] < r[2] && r[4] < r[3] && r[4] > 1e-5) || r[5] != 1e-5 {
			t.Errorf("learning rates %v", r)
		}
		if want.FeatureSeconds <= 0 || want.TotalSeconds() <= want.FeatureSeconds {
			t.Errorf("%v of %v seconds are the frozen layers'", want.FeatureSeconds, want.TotalSeconds())
		}
		if l := unbroken.Base.Layers; l.TrainableParams() != l.Last(3).TrainableParams() {
			t.Error("the layers are not frozen as in the last phase")
		}
	})
	for _, epoch := range []string{"4", "6"} { // in a phase, and at the start of one
		t.Run("killed in epoch "+epoch, func(t *testing.T) {
			run := t.TempDir()
			err := startChild(t, "kill phases in epoch "+epoch, folder, run).Run()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != -1 {
				t.Fatalf("the child was not killed: %v", err)
			}
			before, h, err := Load(run)
			if err != nil || h.Epochs() != int(epoch[0]-'1') {
				t.Fatalf("after the kill the run has %v, %v", h, err)
			}
			c := threePhases()
			c.Run = run
			m := newSmall(t, 1)
			got := fit(t, m, data, c)
			requireSame(t, got, want, m, unbroken)
			if epoch == "6" && got.FeatureSeconds < h.FeatureSeconds {
				t.Errorf("the frozen layers took %v seconds, before the kill %v", got.FeatureSeconds, h.FeatureSeconds)
			}
			if reflect.DeepEqual(before.Values, m.Values) {
				t.Error("nothing was trained after the kill")
			}
			again := newSmall(t, 1)
			c.Watch = func(p result.Progress) {
				if p.Phase != "preparing" && !p.Finished {
					t.Errorf("a finished run is trained on: %+v", p)
				}
			}
			requireSame(t, fit(t, again, data, c), want, again, unbroken)
			loaded, h, err := Load(run)
			if err != nil {
				t.Fatal(err)
			}
			requireSame(t, h, want, loaded, unbroken)
			if !slices.Equal(loaded.frozenLayers(), unbroken.frozenLayers()) || !slices.Equal(again.frozenLayers(), unbroken.frozenLayers()) {
				t.Error("the layers are not frozen as after training")
			}
			if states, err := filepath.Glob(filepath.Join(run, "epoch-*")); err != nil || len(states) != 1 {
				t.Errorf("the run holds %v", states)
			}
		})
	}
}

// One phase is what FitConfig is without Phases.
func TestOnePhaseIsTheFieldsOfFitConfig(t *testing.T) {
	data := openImages(t)
	a, b := newSmall(t, 1), newSmall(t, 1)
	c := allOptions()
	want := fit(t, a, data, c)
	got := fit(t, b, data, FitConfig{BatchSize: c.BatchSize, ClassWeights: c.ClassWeights, Phases: []Phase{{Epochs: c.Epochs,
		Schedule: c.Schedule, EarlyStopping: c.EarlyStopping, Augment: c.Augment}}})
	requireSame(t, got, want, a, b)
	if got.Phases != nil {
		t.Errorf("phases %v", got.Phases)
	}
}

func TestPhasesOfARunMayGrowButNotChange(t *testing.T) {
	data, run := openImages(t), t.TempDir()
	last := func(n int) func(layer.List) layer.List {
		return func(base layer.List) layer.List { return base.Last(n) }
	}
	try := func(phases ...Phase) (*result.History, error) {
		return newSmall(t, 1).Fit(t.Context(), data.Train, data.Validation,
			FitConfig{BatchSize: wholeSplit, Run: run, Phases: phases})
	}
	head := Phase{Name: "head", Epochs: 1}
	tuned := Phase{Name: "tuned", Epochs: 1, LearningRate: 1e-4, Unfreeze: last(3)}
	for _, c := range []struct {
		phases []Phase
		epochs int
	}{
		{[]Phase{head}, 1},
		{[]Phase{{Name: "head", Epochs: 2}}, 2},        // more of the last
		{[]Phase{{Name: "head", Epochs: 2}, tuned}, 3}, // another one
		{[]Phase{{Name: "other name", Epochs: 2}, {Name: "tuned", Epochs: 2, LearningRate: 1e-4, Unfreeze: last(3)}}, 4},
	} {
		if h, err := try(c.phases...); err != nil || h.Epochs() != c.epochs {
			t.Fatalf("%v, %v; want %d epochs", h, err, c.epochs)
		}
	}
	head.Epochs, tuned.Epochs = 2, 2
	for _, c := range []struct {
		phases []Phase
		says   []string
	}{
		{[]Phase{head}, []string{"phases: was 2, is 1"}},
		{[]Phase{{Name: "head", Epochs: 3}, tuned}, []string{`phase "head": epochs: was 2, is 3`}},
		{[]Phase{{Name: "head", Epochs: 2, LearningRate: 1e-2}, tuned}, []string{`phase "head": learning rate: was 0.001, is 0.01`}},
		{[]Phase{head, {Name: "tuned", Epochs: 2, LearningRate: 1e-4, Unfreeze: last(9)}},
			[]string{`phase "tuned": frozen layers: `, " were frozen and are not"}},
		{[]Phase{head, {Name: "tuned", Epochs: 2, LearningRate: 1e-4, Unfreeze: last(3), Rates: []Rate{{last(1), 1e-5}}}},
			[]string{`phase "tuned": learning rates of layers: was none, is [{"learning_rate":0.00001,"layers":["dense_1"]}]`}},
		{[]Phase{head, {Name: "tuned", Epochs: 2, LearningRate: 1e-4, Unfreeze: last(3), Augment: Augmentation{FlipVertical: true}}},
			[]string{`phase "tuned": augmentation: was none, is {"flip_vertical":true}`}},
	} {
		_, err := try(c.phases...)
		requireInError(t, err, append(c.says, "Retrain")...)
	}
}

func TestPhasesThatMakeNoSenseAreRefused(t *testing.T) {
	data := openImages(t)
	all := func(ls layer.List) layer.List { return ls }
	none := func(layer.List) layer.List { return nil }
	other := newSmall(t, 1)
	foreign := func(layer.List) layer.List { return other.Layers[:3] }
	for want, c := range map[string]FitConfig{
		"leave those of FitConfig out":                     {Epochs: 2, Phases: []Phase{{}}},
		"Phases is empty":                                  {Phases: []Phase{}},
		`phase "b": Epochs -1`:                             {Phases: []Phase{{}, {Name: "b", Epochs: -1}}},
		`phase "phase 2": LearningRate -1`:                 {Phases: []Phase{{}, {LearningRate: -1}}},
		"Unfreeze gives layer image, which is not of":      {Phases: []Phase{{Unfreeze: foreign}}},
		"Rates: layer image is not of this model":          {Phases: []Phase{{Rates: []Rate{{foreign, 1}}}}},
		"Rates: LearningRate 0":                            {Phases: []Phase{{Rates: []Rate{{Layers: all}}}}},
		"Rates: a rate without Layers":                     {Phases: []Phase{{Rates: []Rate{{LearningRate: 1}}}}},
		"has two rates":                                    {Phases: []Phase{{Rates: []Rate{{all, 1}, {all, 2}}}}},
		"no layer of the group with rate 1 is trained":     {Phases: []Phase{{Rates: []Rate{{none, 1}}}}},
		`phase "phase 2": Schedule: WarmupSteps 9`:         {Phases: []Phase{{}, {Epochs: 1, Schedule: CosineDecay{WarmupSteps: 9}}}},
		`phase "phase 2": Augment: Contrast 2: give a fra`: {Phases: []Phase{{}, {Augment: Augmentation{Contrast: 2}}}},
	} {
		m := newSmall(t, 1)
		before := m.frozenLayers()
		_, err := m.Fit(t.Context(), data.Train, data.Validation, c)
		requireInError(t, err, want)
		if !slices.Equal(m.frozenLayers(), before) {
			t.Errorf("%s: layers are frozen or not otherwise than before", want)
		}
	}
}

// The size of Adam's first step is the learning rate of each weight, whatever its gradient.
func TestGroupsOfLayersHaveTheirRates(t *testing.T) {
	data := openImages(t)
	m, fresh := newSmall(t, 1), newSmall(t, 1)
	named := func(name string) func(layer.List) layer.List {
		return func(all layer.List) layer.List { return all[all.Index(name):][:1] }
	}
	fit(t, m, data, FitConfig{BatchSize: wholeSplit, Phases: []Phase{{Epochs: 1, LearningRate: 1e-3,
		Unfreeze: func(base layer.List) layer.List { return base.WithPrefix("Conv_1") },
		Rates:    []Rate{{named("Conv_1"), 1e-5}, {named("dense"), 1e-4}}}}})
	for name, rate := range map[string]float64{"Conv_1": 1e-5, "Conv_1_bn": 1e-3, "dense": 1e-4, "dense_1": 1e-3} {
		largest := 0.0
		for i, v := range m.Values[name][0] {
			largest = max(largest, math.Abs(float64(v-fresh.Values[name][0][i])))
		}
		if math.Abs(largest-rate) > 0.02*rate {
			t.Errorf("%s moved by %v, its rate is %v", name, largest, rate)
		}
	}
	a, b := newSmall(t, 1), newSmall(t, 1)
	want := fit(t, a, data, FitConfig{Epochs: 3, BatchSize: wholeSplit, LearningRate: 1e-4})
	got := fit(t, b, data, FitConfig{BatchSize: wholeSplit, Phases: []Phase{{Epochs: 3, LearningRate: 1e-3,
		Rates: []Rate{{func(all layer.List) layer.List { return all }, 1e-4}}}}})
	for i := range want.Loss {
		if math.Abs(got.Loss[i]-want.Loss[i]) > 1e-6 {
			t.Errorf("losses %v with the rate of a group, %v with that of all", got.Loss, want.Loss)
		}
	}
}
