package metrics

import (
	"math"
	"testing"
)

// The intervals are those of scipy.stats.t.interval(0.95, n−1, mean, s/√n), cut to [0, 1].
func TestMeanEqualsSciPy(t *testing.T) {
	for _, c := range []struct {
		runs []float64
		mean float64
		want Interval
	}{
		{[]float64{0.31, 0.42, 0.39}, 0.37333333333333335, Interval{0.23207928364729238, 0.5145873830193743}},
		{[]float64{0.5, 0.7}, 0.6, Interval{0, 1}},
		{[]float64{0.1, 0.2, 0.25, 0.3, 0.15}, 0.2, Interval{0.10183784192612216, 0.29816215807387786}},
		{[]float64{0.7}, 0.7, Interval{0, 1}},
	} {
		mean, got, err := Mean(c.runs)
		far := math.Max(math.Abs(mean-c.mean), math.Max(math.Abs(got.Low-c.want.Low), math.Abs(got.High-c.want.High)))
		if err != nil || !(far < 1e-9) {
			t.Errorf("Mean(%v) = %v, %v, %v; want %v, %v", c.runs, mean, got, err, c.mean, c.want)
		}
	}
	if _, _, err := Mean(nil); err == nil {
		t.Error("the mean of nothing is no error")
	}
}
