package classifier

import (
	"errors"
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/transfer-learning-go/defects/lib/device"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/inference"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/result"
)

// Predictors and models are asked by many goroutines at once; run with -race. The answers are those of one.
func TestManyGoroutinesGetTheSamePredictionsAsOne(t *testing.T) {
	data, m := openImages(t), newSmall(t, 1)
	m.DataNotice = "drawn for a test"
	p, err := m.Predictor()
	if err != nil {
		t.Fatal(err)
	}
	all := data.Validation
	want, err := p.Predict(t.Context(), all)
	if err != nil {
		t.Fatal(err)
	}
	if want.Notice != "drawn for a test; random weights, nothing learned before" || want.Names[3] != all.Images[3].Name ||
		!slices.Equal(want.Actual, all.Labels()) {
		t.Errorf("notice %q, names %q, labels %v", want.Notice, want.Names, want.Actual)
	}
	same := func(from int, got *result.Predictions, err error) {
		if err != nil {
			t.Error(err)
			return
		}
		for i, row := range got.Probabilities {
			for c, v := range row {
				d := math.Abs(float64(v - want.Probabilities[from+i][c]))
				if d > 1e-5 || d > 0 && len(got.Names) > 1 { // one image alone has a graph of its own
					t.Errorf("image %d: probability %v instead of %v", from+i, row, want.Probabilities[from+i])
					return
				}
			}
		}
	}
	var group sync.WaitGroup
	for g := range 8 {
		group.Go(func() {
			for k := range 3 {
				from := (g + 4*k) % 9
				to := from + 1 + 3*(g%2)
				some := images.Select(all, sequence(from, to))
				got, err := p.Predict(t.Context(), some)
				same(from, got, err)
				got, err = m.Predict(t.Context(), some)
				same(from, got, err)
			}
		})
	}
	group.Wait()

	// What becomes of the model does not reach the predictor.
	f, err := m.Features(t.Context(), all, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	fit(t, m, data, FitConfig{Epochs: 1})
	m.Base.Layers.Unfreeze()
	m.Classes = []string{"other", "names", "now"}
	for _, s := range []images.Source{all, f, images.Select(f, sequence(0, 12))} {
		got, err := p.Predict(t.Context(), s)
		same(0, got, err)
		if !slices.Equal(got.Classes, classes) {
			t.Errorf("classes %q", got.Classes)
		}
	}
	group.Go(func() {
		for {
			got, err := p.Predict(t.Context(), all)
			if errors.Is(err, inference.ErrClosed) {
				return
			}
			same(0, got, err)
		}
	})
	for range 2 {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
	group.Wait()
}

func TestPredictorsOfUnfinishedModelsAreRefused(t *testing.T) {
	m := newSmall(t, 1)
	m.Classes = nil
	_, err := m.Predictor()
	requireInError(t, err, "names no classes", "3 outputs")
	m.Classes = []string{"a", "b"}
	_, err = m.Predict(t.Context(), images.Of())
	requireInError(t, err, "2 classes")
	m.Classes = classes
	if p, err := m.Predict(t.Context(), images.Of()); err != nil || len(p.Names) != 0 {
		t.Errorf("%v, %v", p, err)
	}
}

// Giving a model another preprocessing reaches neither predictors that were made before nor the layers it was built from.
func TestPredictorsKeepTheirInputs(t *testing.T) {
	m := tinyNet(t)
	some := foreignImages()
	p, err := m.Predictor()
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	want := probabilities(t, m, some)
	if err := m.SetPreprocessing("caffe"); err != nil {
		t.Fatal(err)
	}
	got, err := p.Predict(t.Context(), some)
	if err != nil || !slices.Equal(slices.Concat(got.Probabilities...), want) {
		t.Errorf("the predictor changed with its model: %v", err)
	}
	if slices.Equal(probabilities(t, m, some), want) {
		t.Error("the model did not change")
	}
}

// tinyNet is a network without a base, and without preprocessing.
func tinyNet(t *testing.T) *Model {
	t.Helper()
	m, err := New(Config{Classes: classes, Layers: func(b *layer.Builder) {
		b.Add("image", layer.Input{Shape: []int{12, 12, 3}})
		layer.Sequential(layer.Conv2D{Filters: 4, Kernel: 3}, layer.GlobalAveragePooling2D{},
			layer.Dense{Units: 3, Activation: "softmax"})(b)
	}})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// A predictor that could not be made is not taken for one the next time.
func TestPredictorIsMadeAgainAfterAnError(t *testing.T) {
	d, err := device.Open()
	if err != nil {
		t.Fatal(err)
	}
	data, m := openImages(t), newSmall(t, 1)
	if err := device.Use(d.Devices + 1); err != nil {
		t.Fatal(err)
	}
	_, err = m.Predict(t.Context(), data.Validation)
	if e := device.Use(0); e != nil {
		t.Fatal(e)
	}
	if err == nil {
		t.Fatal("more devices are used than there are")
	}
	if _, err := m.Predict(t.Context(), data.Validation); err != nil {
		t.Error(err)
	}
}
