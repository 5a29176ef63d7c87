package metrics

import (
	"fmt"
	"math"
)

// Interval is a confidence interval of a share, 0 ≤ Low ≤ High ≤ 1.
type Interval struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// String shows the interval in percent with one decimal: "98.4–99.9 %".
func (i Interval) String() string { return fmt.Sprintf("%.1f–%.1f %%", 100*i.Low, 100*i.High) }

// z95 is the 97.5 % quantile of the normal distribution.
const z95 = 1.959963984540054

// Wilson is the 95 % score interval of a share, correct out of total:
//
//	(p + z²/2n ± z·√(p(1−p)/n + z²/4n²)) / (1 + z²/n)   with p = correct/total, n = total, z = 1.96
//
// Unlike p ± z·√(p(1−p)/n) it stays inside [0, 1] and does not shrink to nothing at 100 %.
// Without images nothing is known: the interval is [0, 1].
//
// Source: E. B. Wilson, Probable Inference, the Law of Succession, and Statistical Inference, 1927.
func Wilson(correct, total int) Interval {
	if total <= 0 {
		return Interval{0, 1}
	}
	correct = min(max(correct, 0), total)
	n := float64(total)
	p := float64(correct) / n
	centre := p + z95*z95/(2*n)
	half := z95 * math.Sqrt(p*(1-p)/n+z95*z95/(4*n*n))
	scale := 1 + z95*z95/n
	i := Interval{max(0, (centre-half)/scale), min(1, (centre+half)/scale)}
	// At the ends the bound is exact; rounding would leave it a hair inside.
	if correct == 0 {
		i.Low = 0
	}
	if correct == total {
		i.High = 1
	}
	return i
}

// Comparison tells two models apart by the images on which just one of them is right.
type Comparison struct {
	OnlyA int     `json:"only_a"` // images that only model A got right
	OnlyB int     `json:"only_b"` // images that only model B got right
	P     float64 `json:"p"`      // chance of a split at least this uneven between equally good models
}

// McNemar runs McNemar's exact test: is one of two models better, or is their difference noise?
// The arguments hold labels of the same images in the same order.
//
// Images on which both models are right, or both wrong, say nothing. If the models are equally good, each of
// the others is a fair coin, so P is the two-sided binomial probability min(1, 2·P(X ≤ min(OnlyA, OnlyB))),
// X ~ B(OnlyA+OnlyB, ½), as in statsmodels' mcnemar(exact=True). A P above 0.05 is by custom called noise.
//
// Sources: Q. McNemar, Note on the sampling error of the difference between correlated proportions or
// percentages, 1947; for classifiers T. G. Dietterich, Approximate Statistical Tests for Comparing Supervised
// Classification Learning Algorithms, 1998.
func McNemar(actual, predictedA, predictedB []int) (Comparison, error) {
	if len(actual) == 0 || len(actual) != len(predictedA) || len(actual) != len(predictedB) {
		return Comparison{}, fmt.Errorf(
			"McNemar's test: %d actual labels, %d predicted by A and %d by B; give one of each per image, at least one image",
			len(actual), len(predictedA), len(predictedB))
	}
	var c Comparison
	for k, label := range actual {
		switch rightA, rightB := predictedA[k] == label, predictedB[k] == label; {
		case rightA && !rightB:
			c.OnlyA++
		case rightB && !rightA:
			c.OnlyB++
		}
	}
	c.P = twoSidedCoin(c.OnlyA, c.OnlyB)
	return c, nil
}

// twoSidedCoin is the chance that a+b throws of a fair coin split at least as unevenly as a to b.
// Logarithms keep the binomial coefficients of many throws in range.
func twoSidedCoin(a, b int) float64 {
	n := a + b
	if a == b {
		return 1
	}
	logFactorial := func(k int) float64 {
		v, _ := math.Lgamma(float64(k) + 1)
		return v
	}
	tail := 0.0
	for k := range min(a, b) + 1 {
		tail += math.Exp(logFactorial(n) - logFactorial(k) - logFactorial(n-k) - float64(n)*math.Ln2)
	}
	return min(1, 2*tail)
}
