package classifier

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph"
)

// Adam's constants as Keras's defaults (Kingma and Ba, 2015).
const (
	adamBeta1   = 0.9
	adamBeta2   = 0.999
	adamEpsilon = 1e-7
)

// adamRate is the step size of step t, counted from 1, with both bias corrections in it, as Keras computes it:
// learningRate·sqrt(1 − beta2^t) / (1 − beta1^t).
func adamRate(learningRate float64, t int) float64 {
	return learningRate * math.Sqrt(1-math.Pow(adamBeta2, float64(t))) / (1 - math.Pow(adamBeta1, float64(t)))
}

// adamStep gives the new value of a weight and of its two moments. Epsilon is added to the root of the uncorrected
// second moment, as in Keras (the paper's "epsilon hat"); GoMLX's Adam adds it to the corrected one.
func adamStep(value, gradient, m, v, rate *Node) (newValue, newM, newV *Node) {
	newM = Add(m, MulScalar(Sub(gradient, m), 1-adamBeta1))
	newV = Add(v, MulScalar(Sub(Square(gradient), v), 1-adamBeta2))
	step := Div(Mul(rate, newM), AddScalar(Sqrt(newV), adamEpsilon))
	return Sub(value, step), newM, newV
}
