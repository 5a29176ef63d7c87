package metrics

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Difference is how much better B is than A where both were measured in pairs, in shares: 0.02 is two percent points.
type Difference struct {
	Mean float64 `json:"mean"`
	Low  float64 `json:"low"` // 95 % interval of the mean
	High float64 `json:"high"`
	P    float64 `json:"p"` // chance of a mean at least this far from 0 between equally good ones
}

// String shows the difference in percent points with one decimal: "+9.7 (−6.9 to +26.2)".
func (d Difference) String() string {
	return fmt.Sprintf("%s (%s to %s)", points(d.Mean), points(d.Low), points(d.High))
}

// points is a signed number of percent points.
func points(share float64) string {
	text := fmt.Sprintf("%.1f", math.Abs(100*share))
	switch {
	case text == "0.0":
		return text
	case share < 0:
		return "−" + text
	}
	return "+" + text
}

// Paired compares two ways of training, of which a[i] and b[i] are the accuracies with the same seed (or on the same
// fold), by the differences dᵢ = bᵢ − aᵢ:
//
//	mean d ± t(0.975, n−1) · s / √n,  P = P(|T| ≥ |mean d|·√n / s)   with s the standard deviation of the n differences
//
// A seed that is lucky for both drops out, so pairs tell two ways apart that their own intervals, seen side by side, do
// not: two intervals may overlap although the difference is clear. It takes differences for normally distributed and
// seeds for independent; images that both are measured on are not accounted for, so it speaks of these images only. If
// all differences are equal, s is 0: the interval is the mean, and P is 0 (1 if the mean is 0, too).
//
// It is scipy.stats.ttest_rel(b, a) (Student, The Probable Error of a Mean, 1908). It is an error if there are fewer than
// two pairs or a without its b.
func Paired(a, b []float64) (Difference, error) {
	if len(a) != len(b) {
		return Difference{}, fmt.Errorf("%d figures of A but %d of B: give pairs", len(a), len(b))
	}
	if len(a) < 2 {
		return Difference{}, fmt.Errorf("%d pairs: give at least two seeds or folds", len(a))
	}
	differences := make([]float64, len(a))
	for i := range a {
		differences[i] = b[i] - a[i]
	}
	n := float64(len(a))
	mean, deviation := stat.MeanStdDev(differences, nil)
	d := Difference{Mean: mean, Low: mean, High: mean}
	if deviation == 0 {
		if mean == 0 {
			d.P = 1
		}
		return d, nil
	}
	student := distuv.StudentsT{Sigma: 1, Nu: n - 1}
	half := student.Quantile(0.975) * deviation / math.Sqrt(n)
	d.Low, d.High = mean-half, mean+half
	d.P = 2 * student.CDF(-math.Abs(mean)*math.Sqrt(n)/deviation)
	return d, nil
}
