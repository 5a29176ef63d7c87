package classifier

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/keras"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/notice"
)

// foreignFiles unpacks the files of scripts/oracle/goldens/keras_outputs.py.
func foreignFiles(t *testing.T) (folder string) {
	t.Helper()
	folder = t.TempDir()
	for _, f := range golden.Unzip(t, "testdata/foreign.zip") {
		if err := os.WriteFile(filepath.Join(folder, f.Name), f.Content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// foreignImages are those that the probabilities in testdata/foreign.json are of.
func foreignImages() unnamed {
	return unnamed{numbers{"foreign", make([]int, 5), golden.Uniform("foreign", 5*12*12*3, 0, 255)}}
}

// unnamed are numbers whose labels have no names.
type unnamed struct{ numbers }

func (s unnamed) About() images.About { return images.About{Name: s.name} }

func loadForeign(t *testing.T, path string) *Model {
	t.Helper()
	m, h, err := Load(path)
	if err != nil || h != nil {
		t.Fatal(h, err)
	}
	m.Classes = []string{"a", "b", "c", "d"}
	return m
}

func probabilities(t *testing.T, m *Model, s images.Source) []float32 {
	t.Helper()
	p, err := m.Predict(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if want := notice.Join(m.Notice(), s.About().Notice); p.Notice != want {
		t.Errorf("the predictions say %q, the model %q", p.Notice, want)
	}
	return slices.Concat(p.Probabilities...)
}

// Keras's preprocess_input stands outside of these models, in every mode that it has.
func TestPreprocessingOutsideTheModelIsSaidAndTaken(t *testing.T) {
	var want map[string][]float32
	raw, err := os.ReadFile("testdata/foreign.json")
	if err == nil {
		err = json.Unmarshal(raw, &want)
	}
	if err != nil {
		t.Fatal(err)
	}
	folder, some := foreignFiles(t), foreignImages()
	for _, ending := range []string{".h5", ".keras"} {
		path := filepath.Join(folder, "outside"+ending)
		m := loadForeign(t, path)
		if !strings.Contains(m.Notice(), "images enter it as 0…255") || !strings.Contains(m.Notice(), "--preprocess") {
			t.Errorf("%s: notice %q", ending, m.Notice())
		}
		if d := golden.Difference(probabilities(t, m, some), want["none"]); d > 1e-5 {
			t.Errorf("%s as it stands: differs from Keras by %v", ending, d)
		}
		for name, p := range want {
			m := loadForeign(t, path)
			if err := m.SetPreprocessing(name); err != nil {
				t.Fatal(err)
			}
			if m.Notice() != "" {
				t.Errorf("%s %s: notice %q", ending, name, m.Notice())
			}
			got := probabilities(t, m, some)
			if d := golden.Difference(got, p); d > 1e-5 {
				t.Errorf("%s %s: differs from Keras by %v", ending, name, d)
			}
			for _, to := range []string{".h5", ".keras"} {
				saved := filepath.Join(t.TempDir(), "m"+to)
				if err := m.Save(saved); err != nil {
					t.Fatal(err)
				}
				again, _, err := Load(saved)
				if err != nil {
					t.Fatal(err)
				}
				if again.Notice() != "" || !slices.Equal(probabilities(t, again, some), got) {
					t.Errorf("%s %s, saved as %s: notice %q, or other probabilities", ending, name, to, again.Notice())
				}
				if name == "caffe" { // what was added is not to be trained with the base
					again.Base.Layers.Unfreeze()
					if l := again.Layers[1]; l.Name != preprocessingName || !l.Frozen || len(again.Base.Layers) != 2 {
						t.Errorf("%s %s: the base has %d layers; %s is frozen: %v", ending, name, len(again.Base.Layers), l.Name, l.Frozen)
					}
				}
				if name != "none" {
					requireInError(t, again.SetPreprocessing("0..1"), "has its own, in layer "+preprocessingName)
				}
			}
		}
	}
	inside := loadForeign(t, filepath.Join(folder, "inside.keras"))
	if inside.Notice() != "" {
		t.Errorf("with Rescaling inside: notice %q", inside.Notice())
	}
	if d := golden.Difference(probabilities(t, inside, some), want["-1..1"]); d > 1e-5 {
		t.Errorf("with Rescaling inside: differs by %v", d)
	}
	requireInError(t, inside.SetPreprocessing("caffe"), "has its own, in layer rescaling")
	requireInError(t, inside.SetPreprocessing("torch"), `"torch"`, "-1..1, 0..1, caffe, imagenet, none")
	for _, m := range []*Model{inside, newSmall(t, 1)} { // it is true of any model
		if err := m.SetPreprocessing("none"); err != nil {
			t.Error(err)
		}
	}
}

func TestLogitsGetASoftmax(t *testing.T) {
	folder, some := foreignFiles(t), foreignImages()
	want := probabilities(t, loadForeign(t, filepath.Join(folder, "inside.h5")), some)
	for name, notice := range map[string]string{
		"logits.h5": "", "logits.keras": "", "logits-list.h5": "", "logits-list.keras": "", "logits-keras2.h5": "",
		"uncompiled.h5":      "does not say whether the outputs of its last layer dense are logits",
		"uncompiled.keras":   "does not say whether the outputs of its last layer dense are logits",
		"another-loss.h5":    "loss categorical_crossentropy is not said to take logits",
		"another-loss.keras": "loss categorical_crossentropy is not said to take logits",
	} {
		m := loadForeign(t, filepath.Join(folder, name))
		if d := golden.Difference(probabilities(t, m, some), want); d > 1e-6 {
			t.Errorf("%s: probabilities differ by %v", name, d)
		}
		noted := strings.Contains(strings.Join(m.Notes, "\n"), "a softmax is added")
		if notice == "" && (m.Notice() != "" || !noted) || !strings.Contains(m.Notice(), notice) {
			t.Errorf("%s: notice %q, notes %q", name, m.Notice(), m.Notes)
		}
	}
}

func TestOutputsThatAreNoProbabilitiesAreRefused(t *testing.T) {
	folder, some := foreignFiles(t), foreignImages()
	for name, want := range map[string]string{
		"binary":    "layer dense (Dense) of one unit",
		"one-logit": "layer dense (Dense) of one unit",
		"features":  "layer pool (GlobalAveragePooling2D) without a softmax",
	} {
		for _, ending := range []string{".h5", ".keras"} {
			m, _, err := Load(filepath.Join(folder, name+ending)) // its layers can be looked at
			if err != nil {
				t.Fatal(err)
			}
			_, err = m.Predict(t.Context(), some)
			requireInError(t, err, want)
			_, err = m.Fit(t.Context(), some, some, FitConfig{})
			requireInError(t, err, want)
		}
	}
}

// A file is known by its content, whatever it is called.
func TestFilesOfAnyNameAreOpened(t *testing.T) {
	folder := foreignFiles(t)
	for from, to := range map[string]string{"inside.h5": "model.hdf5", "inside.keras": "MODEL.KERAS", "logits.h5": "model"} {
		path := filepath.Join(folder, to)
		if err := os.Rename(filepath.Join(folder, from), path); err != nil {
			t.Fatal(err)
		}
		if _, _, err := Load(path); err != nil {
			t.Error(err)
		}
	}
	text := filepath.Join(folder, "notes.txt")
	if err := os.WriteFile(text, []byte("no model"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, _, err := Load(text)
	requireInError(t, err, text)
	_, _, err = Load(filepath.Join(folder, "gone.keras"))
	requireInError(t, err, "gone.keras", "no such file")
	_, _, err = Load(folder)
	requireInError(t, err, "no run at")
}

// Files of ours say what was known when they were saved, as those of Keras cannot.
func TestOurFilesNeedNoPreprocessing(t *testing.T) {
	m, err := New(Config{Layers: tokens([]int{35, 35, 3}, 2), Classes: []string{"a", "b"}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "m.keras")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	if again, _, err := Load(path); err != nil || again.Notice() != "" {
		t.Errorf("%v, %v", again.Notice(), err)
	}
	k := &keras.Model{Name: "m", Layers: m.Layers, Values: m.Values}
	if err := keras.Save(path, k); err != nil { // as Keras saves it again
		t.Fatal(err)
	}
	if again, _, err := Load(path); err != nil || again.Notice() == "" {
		t.Errorf("%v, %v", again, err)
	}
}

// What the layer has learned tells whether it saw grey levels, or pixels that were scaled before.
func TestNormalizationOfGreyLevelsCountsAsPreprocessing(t *testing.T) {
	norm := func(mean float32) [][]float32 { return [][]float32{{1, 1, 1}, {0, 0, 0}, {mean, mean, 0}, {1, 1, 1}} }
	for _, c := range []struct {
		op     layer.Op
		values [][]float32
		scales bool
	}{
		{layer.Normalization{Mean: []float64{124, 116, 104}, Variance: []float64{1, 1, 1}}, nil, true},
		{layer.Normalization{Mean: []float64{0.49, 0.46, 0.41}, Variance: []float64{1, 1, 1}}, nil, false},
		{layer.BatchNormalization{}, norm(120), true},
		{layer.BatchNormalization{}, norm(0.5), false},
		{layer.Rescaling{Scale: 1.0 / 255}, nil, true},
		{layer.Rescaling{Scale: 1}, nil, false},
		{layer.ChannelRescaling{Scale: []float64{1, 1, 1}, Offset: []float64{0, 0, 0}}, nil, true},
	} {
		b := &layer.Builder{}
		b.Add("image", layer.Input{Shape: []int{12, 12, 3}})
		b.Add("padding", layer.ZeroPadding2D{Pad: [4]int{1, 1, 1, 1}})
		b.Add("first", c.op)
		b.Add("conv", layer.Conv2D{Filters: 2, Kernel: 1})
		if got := scalingLayer(b.List, layer.Values{"first": c.values}); (got == "first") != c.scales {
			t.Errorf("%+v of %v: %q scales", c.op, c.values, got)
		}
	}
}

func TestOutputsOfSeveralLabelsGetNoSoftmax(t *testing.T) {
	for loss, several := range map[string]bool{"binary_crossentropy": true, "BinaryCrossentropy": true,
		"BinaryFocalCrossentropy": true, "categorical_crossentropy": false, "SparseCategoricalCrossentropy": false, "": false} {
		if severalLabels(loss) != several {
			t.Errorf("%q: several labels %v", loss, !several)
		}
	}
}

// A base that was trained with a head is a base like any other: what is new starts from the seed.
func TestHeadOnTheBaseOfAnotherModelStartsFromItsSeed(t *testing.T) {
	data := openImages(t)
	trained := newSmall(t, 1)
	fit(t, trained, data, FitConfig{Epochs: 1, BatchSize: wholeSplit})
	again, err := New(Config{Base: trained.Base, Head: Head(trained.Base, 3), ImageSize: 40, Classes: classes, Seed: 2})
	if err != nil {
		t.Fatal(err)
	}
	if slices.Equal(again.Values["dense"][0], trained.Values["dense"][0]) {
		t.Error("the new head has the weights of the old one")
	}
	path := filepath.Join(t.TempDir(), "m.keras")
	if err := trained.Save(path); err != nil {
		t.Fatal(err)
	}
	loaded, _, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = New(Config{Base: loaded.Base, Head: Head(loaded.Base, 3), ImageSize: 40})
	requireInError(t, err, "comes from a loaded model", "backbone.New")
}

// Turning the channels round, as preprocess_input does for VGG and ResNet, is a part of the preprocessing.
func TestOrderOfChannelsIsPreprocessing(t *testing.T) {
	turned := []float32{0, 0, 1, 0, 1, 0, 1, 0, 0}
	for _, c := range []struct {
		kernel   []float32
		reorders bool
	}{{turned, true}, {[]float32{1, 0, 0, 0, 1, 0, 0, 0, 1}, true}, {[]float32{1, 0, 0, 1, 0, 0, 1, 0, 0}, false},
		{[]float32{0, 0, 1, 0, 1, 0, 2, 0, 0}, false}} {
		b := &layer.Builder{}
		b.Add("image", layer.Input{Shape: []int{12, 12, 3}})
		b.Add("turned", layer.Conv2D{Filters: 3, Kernel: 1, NoBias: true})
		b.Add("less", layer.ChannelRescaling{Scale: []float64{1, 1, 1}, Offset: []float64{-104, -117, -124}})
		v := layer.Values{"turned": {c.kernel}}
		if got := scalingLayer(b.List, v); reorders(b.List[1], v) != c.reorders || (got == "less") != c.reorders {
			t.Errorf("%v: %q scales", c.kernel, got)
		}
	}
}
