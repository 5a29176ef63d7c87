package result

import (
	"slices"
	"strings"
	"testing"
)

func TestHistorySaysHowGoodTheModelIs(t *testing.T) {
	h := History{Loss: []float64{1, 0.5}, Accuracy: []float64{0.4, 0.6}, Seconds: []float64{2, 1}}
	for _, c := range []struct {
		change func(*History)
		want   string
	}{
		{func(*History) {}, "after 2 epochs in 3.0 s: training loss 0.5000, training accuracy 0.6000"},
		{func(h *History) { h.ValLoss, h.ValAccuracy = []float64{0.2, 0.3}, []float64{0.9, 0.8} },
			"after 2 epochs in 3.0 s: validation loss 0.3000, validation accuracy 0.8000"},
		{func(h *History) { h.FeatureSeconds = 40 }, "after 2 epochs in 43.0 s, 40.0 s of them for the frozen layers: " +
			"validation loss 0.3000, validation accuracy 0.8000"},
		{func(h *History) { h.FeatureSeconds, h.Best = 0, 1 }, "after 2 epochs in 3.0 s, with the weights of epoch 1: " +
			"validation loss 0.2000, validation accuracy 0.9000"},
		{func(h *History) { h.Notice = "random weights" }, "after 2 epochs in 3.0 s, with the weights of epoch 1: " +
			"validation loss 0.2000, validation accuracy 0.9000 (notice: random weights)"},
		{func(h *History) { *h = History{} }, "no epoch yet"},
	} {
		if c.change(&h); h.String() != c.want {
			t.Errorf("got  %s\nwant %s", h.String(), c.want)
		}
	}
}

func TestUnlabelledImagesHaveNoConfusion(t *testing.T) {
	p := Predictions{Classes: []string{"a", "b"}, Predicted: []int{1, 0}, Actual: []int{1, -1}}
	if _, err := p.Confusion(); err == nil || !strings.Contains(err.Error(), "image 1 has no label") {
		t.Errorf("got %v", err)
	}
}

func TestMistakesAreSortedByConfidence(t *testing.T) {
	p := Predictions{
		Probabilities: [][]float32{{0.6, 0.4}, {0.9, 0.1}, {0.2, 0.8}, {0.1, 0.9}, {0.3, 0.7}},
		Predicted:     []int{0, 0, 1, 1, 1}, Actual: []int{1, 1, 1, -1, 0},
	}
	if got := p.Mistakes(); !slices.Equal(got, []int{1, 4, 0}) {
		t.Errorf("mistakes %v", got)
	}
	if got := p.Doubtful(); !slices.Equal(got, []int{2}) {
		t.Errorf("doubtful %v", got)
	}
	p.Actual[4] = 1
	if got := p.Doubtful(); !slices.Equal(got, []int{4, 2}) {
		t.Errorf("doubtful %v", got)
	}
}

func TestYardsticksOfPredictions(t *testing.T) {
	p := &Predictions{
		Probabilities: [][]float32{{0.75, 0.25}, {0.125, 0.875}, {0.25, 0.75}, {0.625, 0.375}},
		Predicted:     []int{0, 1, 1, 0}, Actual: []int{0, 1, 0, 0}, Notice: "random weights",
	}
	if got := p.Confidences(); !slices.Equal(got, []float64{0.75, 0.875, 0.75, 0.625}) {
		t.Errorf("confidences %v", got)
	}
	if got := p.Rights(); !slices.Equal(got, []bool{true, true, false, true}) {
		t.Errorf("right %v", got)
	}
	coverage, err := p.Coverage()
	if err != nil || coverage.Notice != p.Notice || len(coverage.Points) != 3 || coverage.At(0.75).String() !=
		"confidence ≥ 0.75: 3 of 4 accepted (75.0 %), 2 right = 66.67 %, 95 % interval 20.8–93.9 %" {
		t.Errorf("coverage %+v, %v", coverage, err)
	}
	before, err := p.Calibration(15)
	if err != nil || before.Notice != p.Notice || before.Images() != 4 {
		t.Errorf("calibration %+v, %v", before, err)
	}
	tempered, err := p.Tempered(2)
	if err != nil || tempered.Notice != p.Notice || !slices.Equal(tempered.Predicted, p.Predicted) ||
		tempered.Confidence(0) >= p.Confidence(0) || p.Probabilities[0][0] != 0.75 {
		t.Errorf("tempered %+v, %v", tempered, err)
	}
	if _, err := p.Tempered(0); err == nil {
		t.Error("temperature 0 is no error")
	}
	p.Actual[2] = -1
	if _, err := p.Coverage(); err == nil || !strings.Contains(err.Error(), "image 2 has no label") {
		t.Errorf("coverage of an image of unknown class: %v", err)
	}
	if _, err := p.Calibration(15); err == nil || !strings.Contains(err.Error(), "image 2 has no label") {
		t.Errorf("calibration of an image of unknown class: %v", err)
	}
}
