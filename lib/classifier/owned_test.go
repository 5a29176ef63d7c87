package classifier

import (
	"slices"
	"testing"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/layer"
)

// Labels are numbers: those of other classes, or of the same in another order, would be compared silently.
func TestImagesOfOtherClassesAreRefused(t *testing.T) {
	t.Setenv("DEFECTS_CACHE", t.TempDir())
	m, data := tiny(t), openImages(t)
	m.Classes = []string{"lines", "flat", "spots"}
	_, err := m.Predict(t.Context(), data.Validation)
	requireInError(t, err, `["lines" "flat" "spots"]`, `["flat" "lines" "spots"]`)
	e, err := m.extractor()
	if err != nil || e.Computed() != 0 {
		t.Errorf("features were computed for nothing: %v", err)
	}
	_, err = m.Fit(t.Context(), data.Train, data.Validation, FitConfig{Epochs: 1})
	requireInError(t, err, `["lines" "flat" "spots"]`, `["flat" "lines" "spots"]`)
}

func TestPredictionsFollowTheFieldsOfTheModel(t *testing.T) {
	m, data := tiny(t), openImages(t)
	if _, err := m.Predict(t.Context(), data.Validation); err != nil {
		t.Fatal(err)
	}
	m.DataNotice = "drawn by hand"
	p, err := m.Predict(t.Context(), data.Validation)
	if err != nil || p.Notice != "drawn by hand" {
		t.Errorf("notice %q, %v", p.Notice, err)
	}
	m.Classes = []string{"a", "b", "c"}
	if p, err = m.Predict(t.Context(), images.Of(data.Validation.Images...)); err != nil || !slices.Equal(p.Classes, m.Classes) {
		t.Errorf("classes %q, %v", p.Classes, err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Predict(t.Context(), images.Of(data.Validation.Images...)); err != nil {
		t.Errorf("after Close: %v", err)
	}
}

// slow gives pixels when it is told to.
type slow struct {
	images.Source
	asked, release chan struct{}
}

func (s slow) Pixels(i, height, width int) ([]float32, error) {
	select {
	case s.asked <- struct{}{}:
	default:
	}
	<-s.release
	return s.Source.Pixels(i, height, width)
}

func TestCloseWaitsForPredictions(t *testing.T) {
	p, err := tiny(t).Predictor()
	if err != nil {
		t.Fatal(err)
	}
	s := slow{openImages(t).Train, make(chan struct{}), make(chan struct{})}
	predicted, closed := make(chan error), make(chan error)
	go func() {
		_, err := p.Predict(t.Context(), s)
		predicted <- err
	}()
	<-s.asked
	go func() { closed <- p.Close() }()
	close(s.release)
	if err := <-predicted; err != nil {
		t.Errorf("a prediction during Close: %v", err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

func TestOnlyWhatCouldBeTrainedIsKeptAsFeatures(t *testing.T) {
	base, err := backbone.EfficientNetB0(backbone.Config{Input: 32})
	if err != nil {
		t.Fatal(err)
	}
	m, err := New(Config{Base: base, Head: Head(base, 3), ImageSize: 32, Classes: classes})
	if err != nil {
		t.Fatal(err)
	}
	if cut := m.cut(); cut != 0 {
		t.Errorf("of a network that is trained as a whole, what lies below %s would be stored", m.Layers[cut].Name)
	}
	m.Base.Layers.Freeze()
	if cut := m.cut(); m.Layers[cut].Name != "global_average_pooling2d" && m.Layers[cut-1].Name != "global_average_pooling2d" {
		t.Errorf("the cut of a frozen base lies below %s", m.Layers[cut].Name)
	}

	// A frozen branch beside one that is trained from the pixels.
	branches, err := New(Config{Classes: classes, Layers: func(b *layer.Builder) {
		pixels := b.Add("pixels", layer.Input{Shape: []int{16, 16, 3}})
		frozen := b.Add("frozen", layer.Conv2D{Filters: 4, Kernel: 3}, pixels)
		trained := b.Add("trained", layer.Conv2D{Filters: 4, Kernel: 3}, pixels)
		b.Add("sum", layer.Add{}, frozen, trained)
		layer.Sequential(layer.GlobalAveragePooling2D{}, layer.Dense{Units: 3, Activation: "softmax"})(b)
	}})
	if err != nil {
		t.Fatal(err)
	}
	branches.Layers[branches.Layers.Index("frozen")].Frozen = true
	if cut := branches.cut(); cut != 0 {
		t.Errorf("the image itself would be stored, below %s", branches.Layers[cut].Name)
	}
	if _, err := branches.Features(t.Context(), openImages(t).Train, nil); err == nil {
		t.Error("a model without frozen layers at its beginning has features")
	}
}

// Images whose content has no name are known by their pixels.
func TestRunOfOtherPixelsIsRefused(t *testing.T) {
	data, run := openImages(t), t.TempDir()
	darker := func(by float32) images.Source {
		return images.Changed(data.Train, images.Change{Apply: func(_ int, pixels []float32, _, _ int) {
			for i := range pixels {
				pixels[i] -= by
			}
		}})
	}
	c := FitConfig{Epochs: 1, BatchSize: wholeSplit, Run: run}
	if _, err := tiny(t).Fit(t.Context(), darker(1), data.Validation, c); err != nil {
		t.Fatal(err)
	}
	c.Epochs = 2
	_, err := tiny(t).Fit(t.Context(), darker(2), data.Validation, c)
	requireInError(t, err, "images: ", "other content")
	if _, err := tiny(t).Fit(t.Context(), darker(1), data.Validation, c); err != nil {
		t.Errorf("the same pixels: %v", err)
	}
}

// Keras saves a Normalization as trainable although training never changes it: what is frozen behind it is still kept.
func TestNormalizationThatIsNotFrozenDoesNotEndWhatIsKept(t *testing.T) {
	m, err := New(Config{Classes: classes, Layers: func(b *layer.Builder) {
		b.Add("image", layer.Input{Shape: []int{16, 16, 3}})
		b.Add("norm", layer.Normalization{})
		b.Add("frozen", layer.Conv2D{Filters: 4, Kernel: 3})
		layer.Sequential(layer.GlobalAveragePooling2D{}, layer.Dense{Units: 3, Activation: "softmax"})(b)
	}})
	if err != nil {
		t.Fatal(err)
	}
	m.Layers[m.Layers.Index("frozen")].Frozen = true
	if cut := m.cut(); cut != 4 {
		t.Errorf("the cut is at %d", cut)
	}
}
