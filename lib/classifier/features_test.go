package classifier

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/features"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/result"
)

// Several heads, folds and predictions on one extraction: each image passes the base once.
func TestFeaturesAreASourceForAllHeads(t *testing.T) {
	t.Setenv("DEFECTS_CACHE", t.TempDir())
	data, m := openImages(t), newSmall(t, 1)
	e, err := m.extractor()
	if err != nil {
		t.Fatal(err)
	}
	train, err := m.Features(t.Context(), data.Train, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer train.Close()
	validation, err := m.Features(t.Context(), data.Validation, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer validation.Close()
	if n := e.Computed(); n != 33+12 || !slices.Equal(train.Shape(), []int{1280}) {
		t.Errorf("%d images were computed, features have shape %v", n, train.Shape())
	}
	computed := false
	c := FitConfig{Epochs: 2, BatchSize: batchSize, Watch: func(p result.Progress) {
		computed = computed || strings.HasPrefix(p.Phase, "features")
	}}
	onImages, onFeatures := newSmall(t, 1), newSmall(t, 1)
	want := fit(t, onImages, data, c)
	got, err := onFeatures.Fit(t.Context(), train, validation, c)
	if err != nil {
		t.Fatal(err)
	}
	requireSame(t, got, want, onFeatures, onImages)
	folds, err := images.KFold(train, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folds {
		if _, ok := f.Train.(*features.Features); !ok {
			t.Errorf("a fold is a %T", f.Train)
		}
		if _, err := newSmall(t, 2).Fit(t.Context(), f.Train, f.Validation, c); err != nil {
			t.Fatal(err)
		}
	}
	if computed {
		t.Error("the base was run again")
	}
	a, err := onFeatures.Predict(t.Context(), validation)
	if err != nil {
		t.Fatal(err)
	}
	b, err := onFeatures.Predict(t.Context(), data.Validation)
	if err != nil || !reflect.DeepEqual(a, b) {
		t.Errorf("predictions on features and images differ: %v", err)
	}

	// Other layers, or other pixels, are computed.
	deeper := newSmall(t, 1)
	_, err = deeper.Fit(t.Context(), train, validation, FitConfig{BatchSize: batchSize, Watch: c.Watch,
		Phases: []Phase{{Epochs: 1, Unfreeze: func(base layer.List) layer.List { return base.Last(3) }}}})
	if err != nil || !computed {
		t.Errorf("features of another cut were taken: %v", err)
	}
	dark, err := onFeatures.Predict(t.Context(), images.Changed(validation, images.Brightness(-150)))
	if err != nil || reflect.DeepEqual(dark.Probabilities, a.Probabilities) {
		t.Errorf("features of other pixels were taken: %v", err)
	}
	nothing := newSmall(t, 1)
	nothing.Layers.Unfreeze()
	_, err = nothing.Features(t.Context(), data.Train, nil)
	requireInError(t, err, "no layer with weights is frozen")
}
