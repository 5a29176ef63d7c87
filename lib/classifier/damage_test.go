package classifier

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/result"
)

// tiny is a model whose training takes no time.
func tiny(t *testing.T) *Model {
	t.Helper()
	m, err := New(Config{Name: "tiny", Classes: classes, Seed: 1, Layers: func(b *layer.Builder) {
		b.Add("image", layer.Input{Shape: []int{40, 40, 3}})
		b.Add("scale", layer.Rescaling{Scale: 1 / 127.5, Offset: -1})
		b.Add("conv", layer.Conv2D{Filters: 6, Kernel: 5, Strides: 3, Activation: "relu"})
		b.Add("pool", layer.GlobalAveragePooling2D{})
		b.Add("drop", layer.Dropout{Rate: 0.1})
		b.Add("probabilities", layer.Dense{Units: 3, Activation: "softmax"})
	}})
	if err != nil {
		t.Fatal(err)
	}
	m.Base.Layers.Freeze()
	return m
}

// tinyConfig is that of the run in testdata, which the version before phases has made.
func tinyConfig(epochs int) FitConfig {
	return FitConfig{Epochs: epochs, BatchSize: 16, LearningRate: 1e-2, Schedule: CosineDecay{DecaySteps: 30, Alpha: 0.1},
		EarlyStopping: &EarlyStopping{Patience: 5, MinDelta: 10, RestoreBestWeights: true}}
}

// One bit is flipped in each file of a run, at many places: the run must be refused, or go on as if nothing had happened.
func TestFlippedBitsInARunAreNoticed(t *testing.T) {
	data, run := openImages(t), t.TempDir()
	c := tinyConfig(2)
	c.Run = run
	fit(t, tiny(t), data, c)
	want, history, err := Load(run)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{runName, initialFile, "epoch-0001.h5", "epoch-0002.h5"} {
		path := filepath.Join(run, name)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		noticed, trials := 0, 0
		for bit := 0; bit < 8*len(whole); bit += 1 + 8*len(whole)/150 {
			trials++
			damaged := bytes.Clone(whole)
			damaged[bit/8] ^= 1 << (bit % 8)
			if err := os.WriteFile(path, damaged, 0o644); err != nil {
				t.Fatal(err)
			}
			got, h, err := Load(run)
			if err != nil {
				requireInError(t, err, run, "Retrain")
				noticed++
			} else if !reflect.DeepEqual(got.Values, want.Values) || !reflect.DeepEqual(h, history) ||
				got.Layers.Hash(got.Values) != want.Layers.Hash(want.Values) || !slices.Equal(got.Classes, want.Classes) {
				t.Errorf("%s: bit %d is flipped, and another model is loaded", name, bit)
			}
			if trials%10 != 0 {
				continue
			}
			m := tiny(t)
			if h, err = m.Fit(t.Context(), data.Train, data.Validation, c); err != nil {
				requireInError(t, err, run, "Retrain")
			} else if !reflect.DeepEqual(m.Values, want.Values) || !reflect.DeepEqual(h, history) {
				t.Errorf("%s: bit %d is flipped, and the training ends otherwise", name, bit)
			}
		}
		if err := os.WriteFile(path, whole, 0o644); err != nil {
			t.Fatal(err)
		}
		least := trials / 5 // weights as few as these leave most bytes of a file unused
		switch name {
		case runName:
			least = trials - 3
		case "epoch-0002.h5": // the last epoch is not loaded, but the best
			least = 0
		}
		if noticed < least {
			t.Errorf("%s: %d of %d flips are noticed", name, noticed, trials)
		}
	}
}

func TestFlippedBitsInASavedModelAreNoticed(t *testing.T) {
	m := tiny(t)
	for _, ending := range []string{".h5", ".keras"} {
		path := filepath.Join(t.TempDir(), "m"+ending)
		if err := m.Save(path); err != nil {
			t.Fatal(err)
		}
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for bit := 0; bit < 8*len(whole); bit += 1 + 8*len(whole)/300 {
			damaged := bytes.Clone(whole)
			damaged[bit/8] ^= 1 << (bit % 8)
			if err := os.WriteFile(path, damaged, 0o644); err != nil {
				t.Fatal(err)
			}
			got, _, err := Load(path)
			if err == nil && (got.Layers.Hash(got.Values) != m.Layers.Hash(m.Values) || !reflect.DeepEqual(got.facts(), m.facts())) {
				t.Errorf("%s: bit %d is flipped, and another model is loaded: notice %q", ending, bit, got.Notice())
			}
		}
	}
}

// testdata/run-before-phases was made by the version before phases and checksums, on the same images.
func TestRunsOfEarlierVersionsAreGoneOnWith(t *testing.T) {
	data, run := openImages(t), t.TempDir()
	if err := os.CopyFS(run, os.DirFS("testdata/run-before-phases")); err != nil {
		t.Fatal(err)
	}
	loaded, h, err := Load(run)
	if err != nil || h.Epochs() != 2 || h.Best != 1 || h.Phases != nil || loaded.Notice() != "" {
		t.Fatalf("%+v, %v", h, err)
	}
	if notes := strings.Join(loaded.Notes, "\n"); !strings.Contains(notes, "without checksums") {
		t.Errorf("notes %q", notes)
	}
	trained := map[int]bool{}
	c := tinyConfig(3)
	c.Run, c.Watch = run, func(p result.Progress) {
		if p.Epoch > 0 && !p.Finished {
			trained[p.Epoch] = true
		}
	}
	m, unbroken := tiny(t), tiny(t)
	got := fit(t, m, data, c)
	if !reflect.DeepEqual(trained, map[int]bool{3: true}) {
		t.Errorf("epochs %v were trained", trained)
	}
	want := fit(t, unbroken, data, tinyConfig(3))
	for i := range want.Loss { // another machine made it
		if math.Abs(got.Loss[i]-want.Loss[i]) > 1e-4*want.Loss[i] || math.Abs(got.ValLoss[i]-want.ValLoss[i]) > 1e-4*want.ValLoss[i] {
			t.Errorf("epoch %d: losses %v and %v, in one go %v and %v", i+1, got.Loss[i], got.ValLoss[i], want.Loss[i], want.ValLoss[i])
		}
	}
	if again, _, err := Load(run); err != nil || len(again.Notes) != 0 {
		t.Errorf("after an epoch of this version: %v, notes %q", err, again.Notes)
	}
	c.LearningRate = 1
	_, err = tiny(t).Fit(t.Context(), data.Train, data.Validation, c)
	requireInError(t, err, "learning rate: was 0.01, is 1")
}

func TestLeftoversOfKilledProcessesAreRemoved(t *testing.T) {
	data, run := openImages(t), t.TempDir()
	left := []string{".epoch-0007.h5.123.tmp", ".run.json.456.tmp", ".initial.h5.789.tmp"}
	for _, name := range append(left, ".other.tmp", "notes.txt") {
		if err := os.WriteFile(filepath.Join(run, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c := tinyConfig(1)
	c.Run = run
	fit(t, tiny(t), data, c)
	names := map[string]bool{}
	entries, err := os.ReadDir(run)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names[e.Name()] = true
	}
	for _, name := range left {
		if names[name] {
			t.Errorf("%s is left", name)
		}
	}
	if !names[".other.tmp"] || !names["notes.txt"] || !names[runName] {
		t.Errorf("the run holds %v", names)
	}
}

func TestARunIsLoadedWhileItIsTrained(t *testing.T) {
	data, run := openImages(t), t.TempDir()
	c := tinyConfig(1)
	c.Run = run
	fit(t, tiny(t), data, c)
	done := make(chan error)
	go func() {
		c.Epochs, c.EarlyStopping = 120, nil
		c.Retrain = true
		_, err := tiny(t).Fit(t.Context(), data.Train, data.Validation, c)
		done <- err
	}()
	for loads := 0; ; {
		select {
		case err := <-done:
			if err != nil || loads < 10 {
				t.Errorf("loaded %d times; %v", loads, err)
			}
			return
		default:
		}
		m, h, err := Load(run)
		switch {
		case err == nil:
			loads++
			if h.Epochs() == 0 || m.Values == nil {
				t.Error("half a run is loaded")
			}
		case !strings.Contains(err.Error(), "no run at"): // before the first epoch is finished anew
			t.Error(err)
		}
	}
}

func TestClassesOfAnyBytesAreGoneOnWith(t *testing.T) {
	data, run := openImages(t), t.TempDir()
	odd := []string{"flat", "lines\xff\xfe", "spots"}
	for _, s := range []*images.Set{data.Train, data.Validation} {
		s.Classes = odd
	}
	c := tinyConfig(1)
	c.Run = run
	named := func() *Model {
		m := tiny(t)
		m.Classes = odd
		return m
	}
	fit(t, named(), data, c)
	c.Epochs = 2
	if h := fit(t, named(), data, c); h.Epochs() != 2 {
		t.Errorf("%d epochs", h.Epochs())
	}
}

// An image that is not finite must not be taken for a training that has diverged.
func TestPixelsThatAreNotFiniteAreNamed(t *testing.T) {
	some := numbers{"broken", []int{0, 1, 2}, make([]float32, 3*40*40*3)}
	some.values[40*40*3] = float32(math.Inf(1))
	m := tiny(t)
	m.Layers.Unfreeze()
	for _, frozen := range []bool{false, true} {
		if frozen {
			m.Base.Layers.Freeze()
		}
		_, err := m.Fit(t.Context(), some, some, FitConfig{Epochs: 1})
		requireInError(t, err, "broken 1 are not finite")
		if err != nil && strings.Contains(fmt.Sprint(err), "learning rate") {
			t.Error(err)
		}
	}
}

// A training that ends in numbers without meaning must not look like one that has succeeded.
func TestLossesBeyondAllSenseAreSaid(t *testing.T) {
	data := openImages(t)
	_, err := newSmall(t, 1).Fit(t.Context(), data.Train, data.Validation, FitConfig{Epochs: 2, BatchSize: batchSize, LearningRate: 1e9})
	if !errors.Is(err, ErrDiverged) {
		t.Errorf("with a learning rate of 1e9: %v", err)
	}
	f := fitting{model: &Model{Classes: classes}, plans: []plan{{Phase: Phase{LearningRate: 30}}}}
	for _, c := range []struct {
		loss []float64
		best int
		says string
	}{{[]float64{2, 5000}, 0, "5e+03 after epoch 2, and that of guessing 1.10"}, {[]float64{2, 5000}, 1, ""}, {[]float64{5000, 2}, 0, ""}} {
		f.history.Loss, f.history.Best = c.loss, c.best
		if got := f.worthless(); (got == "") != (c.says == "") || !strings.Contains(got, c.says) {
			t.Errorf("losses %v, best epoch %d: %q", c.loss, c.best, got)
		}
	}
}
