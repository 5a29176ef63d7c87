package metrics

import (
	"math"
	"testing"
)

// Means, intervals and p are those of scipy.stats.ttest_rel(b, a) and its confidence_interval(0.95).
func TestPairedEqualsSciPy(t *testing.T) {
	for _, c := range []struct {
		a, b []float64
		want Difference
		text string
	}{
		{[]float64{0.31, 0.42, 0.39}, []float64{0.45, 0.44, 0.52},
			Difference{0.09666666666666668, -0.06873537309655608, 0.26206870642988944, 0.12838601982148207}, "+9.7 (−6.9 to +26.2)"},
		{[]float64{0.5, 0.7}, []float64{0.6, 0.55},
			Difference{-0.024999999999999967, -1.613275592021836, 1.5632755920218362, 0.8743340836219978}, "−2.5 (−161.3 to +156.3)"},
		{[]float64{0.989, 0.992, 0.994, 0.986, 0.9917}, []float64{0.992, 0.994, 0.9917, 0.989, 0.994},
			Difference{0.0016000000000000014, -0.0011611324308212257, 0.004361132430821229, 0.1829274397030978}, "+0.2 (−0.1 to +0.4)"},
		{[]float64{0.25, 0.5}, []float64{0.5, 0.75}, Difference{0.25, 0.25, 0.25, 0}, "+25.0 (+25.0 to +25.0)"},
		{[]float64{0.25, 0.5}, []float64{0.25, 0.5}, Difference{0, 0, 0, 1}, "0.0 (0.0 to 0.0)"},
	} {
		got, err := Paired(c.a, c.b)
		far := 0.0
		for _, d := range []float64{got.Mean - c.want.Mean, got.Low - c.want.Low, got.High - c.want.High, got.P - c.want.P} {
			far = math.Max(far, math.Abs(d))
		}
		if err != nil || !(far < 1e-9) || got.String() != c.text {
			t.Errorf("Paired(%v, %v) = %+v (%s), %v; want %+v (%s)", c.a, c.b, got, got, err, c.want, c.text)
		}
	}
	for _, c := range [][2][]float64{{{0.5}, {0.6}}, {{0.5, 0.6}, {0.5}}, {nil, nil}} {
		if _, err := Paired(c[0], c[1]); err == nil {
			t.Errorf("Paired(%v, %v) is no error", c[0], c[1])
		}
	}
}
