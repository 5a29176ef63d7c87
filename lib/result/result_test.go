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
}
