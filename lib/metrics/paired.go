package metrics

import (
	"errors"
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
// seeds for independent: of the runs of k-fold, which are not, take PairedFolds. Images that both are measured on are not
// accounted for, so it speaks of these images only: PairedBootstrap draws them, too. If all differences are equal, s is 0:
// the interval is the mean, and P is 0 (1 if the mean is 0, too).
//
// It is scipy.stats.ttest_rel(b, a) (Student, The Probable Error of a Mean, 1908). It is an error if there are fewer than
// two pairs, a without its b, or a figure that is not finite.
func Paired(a, b []float64) (Difference, error) {
	differences, err := differencesOf(a, b)
	if err != nil {
		return Difference{}, fmt.Errorf("paired comparison: %w", err)
	}
	return student(differences, 1/float64(len(a))), nil
}

// PairedFolds compares two ways of training by k-fold cross-validation, once or repeated, each time with other folds: a[i]
// and b[i] are the accuracies on the same fold of the same repetition. It is the corrected resampled t-test, Paired with
// another variance of the mean:
//
//	mean d ± t(0.975, n−1) · s · √(1/n + 1/(k−1)),  P = P(|T| ≥ |mean d| / (s · √(1/n + 1/(k−1))))
//
// with n = k · repetitions, s the standard deviation of the n differences, and 1/(k−1) the images of a fold divided by
// those it is trained with. Any two runs share most of their training images, so the plain test, whose variance shrinks
// as s²/n, finds differences where there are none, the more so the more often the folds are repeated. Seeds on one and the
// same fold are closer still: give the mean of its seeds as one run.
//
// Sources: C. Nadeau and Y. Bengio, Inference for the Generalization Error, 2003; for repeated k-fold R. R. Bouckaert and
// E. Frank, Evaluating the Replicability of Significance Tests for Comparing Learning Algorithms, 2004. It is
// compute_corrected_ttest of scikit-learn's example on comparing models, two-sided. Errors are those of Paired and
// MeanOfFolds.
func PairedFolds(a, b []float64, k int) (Difference, error) {
	differences, err := differencesOf(a, b)
	if err == nil {
		err = checkFolds(len(a), k)
	}
	if err != nil {
		return Difference{}, fmt.Errorf("paired comparison of folds: %w", err)
	}
	return student(differences, foldVariance(len(a), k)), nil
}

// student is the test of a mean with a variance of s² · variance.
func student(differences []float64, variance float64) Difference {
	mean, deviation := stat.MeanStdDev(differences, nil)
	d := Difference{Mean: mean, Low: mean, High: mean}
	if deviation == 0 {
		if mean == 0 {
			d.P = 1
		}
		return d
	}
	t := distuv.StudentsT{Sigma: 1, Nu: float64(len(differences)) - 1}
	scale := deviation * math.Sqrt(variance)
	half := t.Quantile(0.975) * scale
	d.Low, d.High = mean-half, mean+half
	d.P = 2 * t.CDF(-math.Abs(mean)/scale)
	return d
}

func differencesOf(a, b []float64) ([]float64, error) {
	if len(a) != len(b) {
		return nil, fmt.Errorf("%d figures of A but %d of B: give pairs", len(a), len(b))
	}
	if len(a) < 2 {
		return nil, fmt.Errorf("%d pairs: give at least two seeds or folds", len(a))
	}
	if err := errors.Join(checkFinite("A", a), checkFinite("B", b)); err != nil {
		return nil, err
	}
	differences := make([]float64, len(a))
	for i := range a {
		differences[i] = b[i] - a[i]
	}
	return differences, nil
}

// checkFinite names the first of some figures that is not a number to compute with.
func checkFinite(of string, figures []float64) error {
	for i, v := range figures {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("figure %d of %s is %v", i, of, v)
		}
	}
	return nil
}
