package classifier

import (
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/result"
)

// requireSame compares histories and weights bit by bit, but not the seconds.
func requireSame(t *testing.T, a, b *result.History, x, y *Model) {
	t.Helper()
	for _, pair := range [][2][]float64{{a.Loss, b.Loss}, {a.Accuracy, b.Accuracy}, {a.ValLoss, b.ValLoss},
		{a.ValAccuracy, b.ValAccuracy}, {a.LearningRate, b.LearningRate}} {
		if !slices.Equal(pair[0], pair[1]) {
			t.Errorf("the histories differ: %v, %v", pair[0], pair[1])
		}
	}
	if !slices.Equal(a.Phases, b.Phases) || a.Note != b.Note || a.Notice != b.Notice {
		t.Errorf("phases %v and %v, notes %q and %q, notices %q and %q", a.Phases, b.Phases, a.Note, b.Note, a.Notice, b.Notice)
	}
	if a.Best != b.Best || a.Stopped != b.Stopped {
		t.Errorf("epochs %d and %d are the best, %d and %d the last", a.Best, b.Best, a.Stopped, b.Stopped)
	}
	if !reflect.DeepEqual(x.Values, y.Values) {
		t.Error("the weights differ")
	}
}

func requireInError(t *testing.T, err error, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v does not say %q", err, part)
		}
	}
}

func TestSameSeedGivesSameHistory(t *testing.T) {
	data := openImages(t)
	a, b := newSmall(t, 7), newSmall(t, 7)
	ha := fit(t, a, data, FitConfig{Epochs: 3})
	t.Setenv("DEFECTS_CACHE", t.TempDir()) // computed features give the same as stored ones
	hb := fit(t, b, data, FitConfig{Epochs: 3})
	requireSame(t, ha, hb, a, b)
	if ha.Loss[2] >= ha.Loss[0] {
		t.Errorf("nothing is learned: %v", ha.Loss)
	}
	if other := fit(t, newSmall(t, 8), data, FitConfig{Epochs: 1}); other.Loss[0] == ha.Loss[0] {
		t.Error("another seed gives the same loss")
	}
}

func TestStoredFeaturesTrainAsTheWholeModel(t *testing.T) {
	data := openImages(t)
	a := newSmall(t, 1)
	want := fit(t, a, data, FitConfig{Epochs: 3, BatchSize: wholeSplit})

	b := newSmall(t, 1)
	whole := startTraining(t, b, 0, data.Train)
	whole.batchSize, whole.plan.LearningRate = wholeSplit, 1e-3
	var err error
	if whole.validation, err = b.examples(t.Context(), data.Validation, 0, nil); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := whole.epoch(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, pair := range [][2][]float64{{whole.history.Loss, want.Loss}, {whole.history.ValLoss, want.ValLoss}} {
		for i := range pair[1] {
			if math.Abs(pair[0][i]-pair[1][i]) > 1e-4*pair[1][i] {
				t.Errorf("losses %v of the whole model, %v from stored features", pair[0], pair[1])
				break
			}
		}
	}
	fresh := newSmall(t, 1)
	for _, l := range a.Layers[:a.cut()] {
		if !reflect.DeepEqual(a.Values[l.Name], fresh.Values[l.Name]) || !reflect.DeepEqual(b.Values[l.Name], fresh.Values[l.Name]) {
			t.Errorf("the frozen layer %s has changed", l.Name)
		}
	}
}

func TestNaNLossEndsTheTraining(t *testing.T) {
	data := openImages(t)
	for _, size := range []int{16, 64} { // with 64, the one step of the first epoch still has a finite loss
		run := t.TempDir()
		_, err := newSmall(t, 1).Fit(t.Context(), data.Train, data.Validation,
			FitConfig{Epochs: 2, BatchSize: size, LearningRate: 1e30, Run: run})
		requireInError(t, err, "loss is", "smaller learning rate than 1e+30")
		if !errors.Is(err, ErrDiverged) {
			t.Errorf("%v is not ErrDiverged", err)
		}
		if _, _, err := Load(run); err == nil {
			t.Error("the run was saved")
		}
	}
}

func TestFreezingMovesTheCut(t *testing.T) {
	data := openImages(t)
	m := newSmall(t, 1)
	some := data.Validation.Select([]int{0, 5})
	probabilities := func() []float32 {
		p, err := m.Predict(t.Context(), some)
		if err != nil {
			t.Fatal(err)
		}
		return slices.Concat(p.Probabilities...)
	}
	frozen := probabilities()
	for _, n := range []int{140, 0} {
		m.Base.Layers.Unfreeze()
		m.Base.Layers[:n].Freeze()
		for i, p := range probabilities() {
			if math.Abs(float64(p-frozen[i])) > 1e-5 {
				t.Errorf("with %d layers frozen, an untrained model predicts %v instead of %v", n, p, frozen[i])
			}
		}
	}
	m.Base.Layers[:140].Freeze()
	// Above layer 140 something is learned; below nothing.
	before := newSmall(t, 1)
	fit(t, m, data, FitConfig{Epochs: 1, BatchSize: wholeSplit})
	cut := m.cut()
	if cut < 120 || cut > 140+m.baseStart {
		t.Errorf("the cut is at %d of %d layers", cut, len(m.Layers))
	}
	for i, l := range m.Layers {
		same := reflect.DeepEqual(m.Values[l.Name], before.Values[l.Name])
		if len(l.W) > 0 && same != (i < 140+m.baseStart) {
			t.Errorf("layer %d (%s) is unchanged: %v", i, l.Name, same)
		}
		if _, ok := l.Op.(layer.BatchNormalization); ok && !reflect.DeepEqual(m.Values[l.Name][2:], before.Values[l.Name][2:]) {
			t.Errorf("the statistics of %s moved, although the base is in inference mode", l.Name)
		}
	}
}

// scratch is a model of which nothing is frozen, on the first layers of the backbone.
func scratch(t *testing.T, layers int) *Model {
	t.Helper()
	base, err := backbone.MobileNetV2(backbone.Config{Alpha: 0.35, Input: 32})
	if err != nil {
		t.Fatal(err)
	}
	base.Layers = base.Layers[:layers]
	m, err := New(Config{Base: base, ImageSize: 40, BaseTraining: true, Head: layer.Sequential(
		layer.GlobalAveragePooling2D{}, layer.Dense{Units: 3, Activation: "softmax"})})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestBaseTrainingMovesStatistics(t *testing.T) {
	data, m := openImages(t), scratch(t, 9)
	fit(t, m, data, FitConfig{Epochs: 1, BatchSize: wholeSplit})
	for _, name := range []string{"bn_Conv1", "expanded_conv_project_BN"} {
		if mean := m.Values[name][2]; slices.Max(mean) == 0 && slices.Min(mean) == 0 {
			t.Errorf("the moving mean of %s did not move", name)
		}
	}
}

func TestRunWithNothingFrozenIsLoaded(t *testing.T) {
	data, m, run := openImages(t), scratch(t, 154), t.TempDir()
	c, err := FitConfig{Run: run}.withDefaults(33, 3)
	if err != nil {
		t.Fatal(err)
	}
	m.Classes = classes
	f := &fitting{model: m, config: c, train: data.Train, validation: data.Validation}
	if f.plans, err = m.plans(c.Phases); err != nil {
		t.Fatal(err)
	}
	unlock, err := f.open()
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	if err := f.resume(); err != nil {
		t.Fatal(err)
	}
	f.next()
	tr, err := f.training(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer tr.finish()
	if err := f.begin(); err != nil {
		t.Fatal(err)
	}
	if err := f.save(tr); err != nil {
		t.Fatal(err)
	}
	loaded, _, err := Load(run)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(loaded.Values, m.Values) {
		t.Error("other weights come back")
	}
}

func TestModelsThatCannotTrainAreRefused(t *testing.T) {
	data := openImages(t)
	base, err := backbone.MobileNetV2(backbone.Config{Alpha: 0.35, Input: 32})
	if err != nil {
		t.Fatal(err)
	}
	base.Layers.Freeze()
	head := func(ops ...layer.Op) Config { return Config{Base: base, Head: layer.Sequential(ops...)} }
	c := head(layer.GlobalAveragePooling2D{}, layer.Dense{Units: 6})
	c.Classes = classes
	_, err = New(c)
	requireInError(t, err, "3 classes", "layer.Dense{Units: 3")
	_, err = New(head(layer.Dense{Units: 6}))
	requireInError(t, err, "of layer dense", "put a pooling or Flatten before")
	_, err = New(Config{})
	requireInError(t, err, "Base")
	six, err := New(head(layer.GlobalAveragePooling2D{}, layer.Dense{Units: 6, Activation: "softmax"}))
	if err != nil {
		t.Fatal(err)
	}
	_, err = six.Fit(t.Context(), data.Train, data.Validation, FitConfig{})
	requireInError(t, err, "6 outputs", "3 classes")
	m := newSmall(t, 1)
	m.Layers.Freeze()
	_, err = m.Fit(t.Context(), data.Train, data.Validation, FitConfig{})
	requireInError(t, err, "no layer is left to train")
	_, err = newSmall(t, 1).Fit(t.Context(), data.Train, images.Of(), FitConfig{})
	requireInError(t, err, "no images for images")
	unlabelled := *data.Validation
	unlabelled.Images = slices.Clone(unlabelled.Images)
	unlabelled.Images[3].Label = -1
	_, err = newSmall(t, 1).Fit(t.Context(), data.Train, &unlabelled, FitConfig{})
	requireInError(t, err, unlabelled.Images[3].Name, "has no class")
	other := *data.Validation
	other.Classes = []string{"flat", "lines", "stars"}
	_, err = newSmall(t, 1).Fit(t.Context(), data.Train, &other, FitConfig{})
	requireInError(t, err, "lines", "stars", "of the same classes")
}

// Outputs without a softmax are no probabilities, and no loss can be computed from them as if they were.
func TestHeadsWithoutSoftmaxAreRefused(t *testing.T) {
	base, err := backbone.MobileNetV2(backbone.Config{Alpha: 0.35, Input: 32})
	if err != nil {
		t.Fatal(err)
	}
	for want, ops := range map[string][]layer.Op{
		"ends in layer dense (Dense) without a softmax":                   {layer.GlobalAveragePooling2D{}, layer.Dense{Units: 3}},
		"ends in layer dense (Dense) of one unit":                         {layer.GlobalAveragePooling2D{}, layer.Dense{Units: 1}},
		"global_average_pooling2d (GlobalAveragePooling2D) without a sof": {layer.GlobalAveragePooling2D{}},
		"layer dropout (Dropout) without a softmax":                       {layer.GlobalAveragePooling2D{}, layer.Dense{Units: 3, Activation: "softmax"}, layer.Dropout{Rate: 0.5}},
	} {
		_, err = New(Config{Base: base, Head: layer.Sequential(ops...)})
		requireInError(t, err, want, `end it with layer.Dense{Units: `, `Activation: "softmax"}`)
	}
	for _, ops := range [][]layer.Op{{layer.Dense{Units: 3, Activation: "softmax"}},
		{layer.Dense{Units: 3}, layer.Activation{Activation: "softmax"}}} {
		if _, err := New(Config{Base: base, Head: layer.Sequential(append([]layer.Op{layer.GlobalAveragePooling2D{}}, ops...)...)}); err != nil {
			t.Error(err)
		}
	}
}

// Freezing and inference mode belong to a model: others on the same base, and the base itself, stay as they are.
func TestModelsOnOneBaseShareNothing(t *testing.T) {
	base, err := backbone.MobileNetV2(backbone.Config{Alpha: 0.35, Input: 32})
	if err != nil {
		t.Fatal(err)
	}
	base.Layers.Freeze()
	config := Config{Base: base, ImageSize: 40, Classes: classes, Head: layer.Sequential(layer.GlobalAveragePooling2D{},
		layer.Dense{Units: 3, Activation: "softmax"})}
	a, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	config.BaseTraining = true
	b, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	b.Base.Layers[100:].Unfreeze()
	b.Values["Conv1"][0] = make([]float32, len(b.Values["Conv1"][0]))
	norm := func(ls layer.List) *layer.Layer { return ls[ls.Index("Conv_1_bn")] }
	switch {
	case !norm(a.Layers).Frozen || !norm(base.Layers).Frozen || norm(b.Layers).Frozen:
		t.Error("freezing one model freezes another, or its base")
	case !norm(a.Layers).Inference || norm(base.Layers).Inference || norm(b.Layers).Inference:
		t.Error("one model changes the mode of another, or of its base")
	case a.cut() < len(base.Layers) || b.cut() >= len(base.Layers):
		t.Errorf("the cuts are at %d and %d", a.cut(), b.cut())
	case slices.Equal(a.Values["Conv1"][0], b.Values["Conv1"][0]):
		t.Error("the models share their weights")
	case a.Base.Layers[5] != a.Layers[a.baseStart+5] || a.Base.Name != base.Name || a.Base.Source != base.Source:
		t.Error("the model's base is not a part of the model")
	}
}
