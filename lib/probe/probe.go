// Package probe fits a linear classifier to features: the floor that a trained head must beat.
package probe

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize"

	"github.com/transfer-learning-go/defects/lib/features"
	"github.com/transfer-learning-go/defects/lib/notice"
	"github.com/transfer-learning-go/defects/lib/result"
)

// Probe is a linear classifier on features: the softmax of Weights·x + Bias.
type Probe struct {
	Classes []string
	Weights *mat.Dense // [classes, dim]
	Bias    []float64  // [classes]
	Notice  string     // what readers must know: weights or data that are not the real ones
	layers  string
}

// Fit fits a multinomial logistic regression, the W and b of the least
//
//	C · Σᵢ −log softmax(W·xᵢ + b)[yᵢ] + ½·‖W‖²
//
// It is scikit-learn's LogisticRegression(C=c), whose default is C = 1; a smaller C draws the weights nearer to 0. The
// loss is convex: there is one answer, whatever the seed, the learning rate and the number of epochs, which a head has and
// a probe has not. It is the loss of a head that is trained with categorical cross-entropy, so that the two differ by
// what the head adds, and answers with probabilities, which ridge regression on one-hot labels does not.
//
// It is solved by L-BFGS (Liu and Nocedal, 1989). As a yardstick of features: G. Alain and Y. Bengio, Understanding
// intermediate layers using linear classifier probes, 2016; S. Kornblith, J. Shlens and Q. V. Le, Do Better ImageNet
// Models Transfer Better?, 2019.
//
// It is an error if c is not above 0, an image has no label, fewer than two classes are named, or the features are not
// one vector per image (see features.Features.Matrix). A class without images gets a probability near 0.
func Fit(train *features.Features, c float64) (*Probe, error) {
	about := train.About()
	if !(c > 0) || math.IsInf(c, 0) {
		return nil, fmt.Errorf("probe: C is %v, it must be a number above 0, such as 1", c)
	}
	if len(about.Classes) < 2 {
		return nil, fmt.Errorf("probe: %s names %d classes: give images of at least two", about.Name, len(about.Classes))
	}
	rows, err := train.Matrix()
	if err != nil {
		return nil, fmt.Errorf("probe: %w", err)
	}
	n, dim := rows.Dims()
	l := &loss{rows: rows, labels: make([]int, n), classes: len(about.Classes), decay: 1 / (c * float64(n)),
		residuals: mat.NewDense(n, len(about.Classes), nil)}
	for i := range l.labels {
		info := train.Info(i)
		if info.Label < 0 || info.Label >= l.classes {
			return nil, fmt.Errorf("probe: %s has no class of the %d of %s: put it into the folder of its class", info.Name,
				l.classes, about.Name)
		}
		l.labels[i] = info.Label
	}
	centre := centred(rows)
	weights, bias, err := l.least(dim)
	if err != nil {
		return nil, fmt.Errorf("probe on %s: %w", about.Name, err)
	}
	for k := range bias {
		bias[k] -= mat.Dot(weights.RowView(k), centre)
	}
	return &Probe{Classes: slices.Clone(about.Classes), Weights: weights, Bias: bias, Notice: train.Notice(),
		layers: train.Layers()}, nil
}

// Predict gives class probabilities for images. It is an error if the features are those of other layers, or if the images
// have other classes.
func (p *Probe) Predict(f *features.Features) (*result.Predictions, error) {
	about := f.About()
	if f.Layers() != p.layers {
		return nil, fmt.Errorf("probe: the features of %s are of other layers than those it was fitted on: take both from one "+
			"model", about.Name)
	}
	if about.Classes != nil && !slices.Equal(about.Classes, p.Classes) {
		return nil, fmt.Errorf("the probe knows the classes %q, but %s has %q: give images of its classes", p.Classes, about.Name,
			about.Classes)
	}
	rows, err := f.Matrix()
	if err != nil {
		return nil, fmt.Errorf("probe: %w", err)
	}
	var logits mat.Dense
	logits.Mul(rows, p.Weights.T())
	out := &result.Predictions{Classes: p.Classes, Notice: notice.Join(p.Notice, f.Notice())}
	for i := range f.Len() {
		row := logits.RawRowView(i)
		floats.Add(row, p.Bias)
		softmax(row)
		probabilities := make([]float32, len(row))
		for k, v := range row {
			probabilities[k] = float32(v)
		}
		info := f.Info(i)
		out.Names, out.Actual = append(out.Names, info.Name), append(out.Actual, info.Label)
		out.Probabilities = append(out.Probabilities, probabilities)
		out.Predicted = append(out.Predicted, floats.MaxIdx(row))
	}
	return out, nil
}

// centred subtracts the mean of each column, and gives the means. The bias takes up what that changes, so the answer stays
// the same; without it, L-BFGS needs many more steps.
func centred(rows *mat.Dense) *mat.VecDense {
	n, dim := rows.Dims()
	centre := mat.NewVecDense(dim, nil)
	for i := range n {
		centre.AddVec(centre, rows.RowView(i))
	}
	centre.ScaleVec(1/float64(n), centre)
	for i := range n {
		floats.Sub(rows.RawRowView(i), centre.RawVector().Data)
	}
	return centre
}

// loss is what Fit minimizes, divided by C·n.
type loss struct {
	rows    *mat.Dense // [n, dim]
	labels  []int
	classes int
	decay   float64 // 1/(C·n)

	x         []float64 // where value and residuals were computed last
	value     float64
	residuals *mat.Dense // softmax − one-hot labels, [n, classes]
}

// split tells weights [classes, dim] and biases [classes] in one vector.
func (l *loss) split(x []float64) (*mat.Dense, []float64) {
	end := len(x) - l.classes
	return mat.NewDense(l.classes, end/l.classes, x[:end]), x[end:]
}

// at computes the loss and the residuals.
func (l *loss) at(x []float64) {
	if slices.Equal(l.x, x) {
		return
	}
	l.x = append(l.x[:0], x...)
	weights, bias := l.split(l.x)
	l.residuals.Mul(l.rows, weights.T())
	sum := 0.0
	for i, label := range l.labels {
		row := l.residuals.RawRowView(i)
		floats.Add(row, bias)
		logit := row[label]
		sum += softmax(row) - logit
		row[label]--
	}
	l.value = sum/float64(len(l.labels)) + l.decay/2*floats.Dot(weights.RawMatrix().Data, weights.RawMatrix().Data)
}

func (l *loss) gradient(into, x []float64) {
	l.at(x)
	weights, bias := l.split(into)
	weights.Mul(l.residuals.T(), l.rows)
	for k := range bias {
		bias[k] = mat.Sum(l.residuals.ColView(k))
	}
	floats.Scale(1/float64(len(l.labels)), into)
	floats.AddScaled(into[:len(into)-l.classes], l.decay, x[:len(into)-l.classes])
}

// least finds the weights and biases of the least loss.
func (l *loss) least(dim int) (*mat.Dense, []float64, error) {
	problem := optimize.Problem{Func: func(x []float64) float64 { l.at(x); return l.value }, Grad: l.gradient}
	// The loss is curved by decay at least: where no value of the gradient is above decay/1e4, the weights are that near to the answer.
	settings := &optimize.Settings{GradientThreshold: l.decay / 1e4, MajorIterations: 5000}
	found, err := optimize.Minimize(problem, make([]float64, l.classes*(dim+1)), settings,
		&optimize.LBFGS{Linesearcher: &optimize.MoreThuente{}})
	if found == nil || floats.Norm(found.Gradient, math.Inf(1)) > l.decay/1e2 { // rounding may stop it a little before 1e4
		return nil, nil, fmt.Errorf("L-BFGS has found no least loss (%v): scale the features, or choose a smaller C", err)
	}
	weights, bias := l.split(found.X)
	return weights, bias, nil
}

// softmax makes probabilities of logits, in place, and gives log Σ exp.
func softmax(row []float64) float64 {
	sum := floats.LogSumExp(row)
	for k, v := range row {
		row[k] = math.Exp(v - sum)
	}
	return sum
}
