package metrics

import (
	"errors"
	"fmt"
	"math"
)

// Temperature is the T with which Tempered makes probabilities [images][classes] fit the images' own classes best: the one
// that minimizes the negative log-likelihood (Guo et al., On Calibration of Modern Neural Networks, 2017). T > 1 says that
// the classifier is too sure of itself, T < 1 that it is not sure enough. Find it on validation images and report the
// calibration of others: on its own images it looks better than it is.
//
// With β = 1/T and z = log p, which are logits but for a constant per image, the slope of NLL in β,
//
//	1/n Σᵢ (Σⱼ qᵢⱼ zᵢⱼ − zᵢ(actual class))   with q = softmax(β·z)
//
// rises with β: its zero is found by bisection, to all digits. scipy.optimize.minimize_scalar finds the same T.
//
// There is none, which is an error, if no image is wrong, since NLL then falls without end as T falls to 0; and if the
// probabilities say nothing of the classes, since it then falls as T grows. Other errors are those of NewCalibration.
func Temperature(probabilities [][]float32, actual []int) (float64, error) {
	if err := checkLabelled(probabilities, actual); err != nil {
		return 0, fmt.Errorf("temperature: %w", err)
	}
	logs := make([][]float64, len(probabilities))
	for i, row := range probabilities {
		logs[i] = make([]float64, len(row))
		for j, p := range row {
			logs[i][j] = logarithm(p)
		}
	}
	q := make([]float64, len(logs[0]))
	slope := func(exponent float64) float64 {
		sum := 0.0
		for i, z := range logs {
			softmax(q, z, math.Exp2(exponent))
			for j := range z {
				sum += q[j] * z[j]
			}
			sum -= z[actual[i]]
		}
		return sum
	}
	low, high := -20.0, 20.0 // of log₂ β
	if slope(high) <= 0 {
		return 0, errors.New("temperature: no image is wrong, or next to none, so that no temperature is the best: " +
			"give more images, or keep the probabilities as they are")
	}
	if slope(low) >= 0 {
		return 0, errors.New("temperature: the probabilities say nothing of the classes, so that no temperature is the best: " +
			"check that probabilities and labels are of the same images, in the same order")
	}
	for range 60 { // 40/2⁶⁰ is less than the last digit
		if middle := (low + high) / 2; slope(middle) < 0 {
			low = middle
		} else {
			high = middle
		}
	}
	return math.Exp2(-(low + high) / 2), nil
}

// Tempered divides the logits of probabilities [images][classes] by a temperature: it returns softmax(log p / t), row by
// row. The order of classes, and so every prediction, remains; confidences fall if t > 1 and rise if t < 1. It is an error
// if t is not positive and finite, or if a row is not of probabilities that sum to 1.
func Tempered(probabilities [][]float32, t float64) ([][]float32, error) {
	if !(t > 0) || math.IsInf(t, 0) {
		return nil, fmt.Errorf("temperature scaling: t = %v: give a positive number, such as Temperature's", t)
	}
	if err := checkProbabilities(probabilities); err != nil {
		return nil, fmt.Errorf("temperature scaling: %w", err)
	}
	tempered := make([][]float32, len(probabilities))
	z, q := make([]float64, len(probabilities[0])), make([]float64, len(probabilities[0]))
	for i, row := range probabilities {
		for j, p := range row {
			z[j] = logarithm(p)
		}
		softmax(q, z, 1/t)
		tempered[i] = make([]float32, len(row))
		for j, v := range q {
			tempered[i][j] = float32(v)
		}
	}
	return tempered, nil
}

// softmax sets q to softmax(β·z).
func softmax(q, z []float64, beta float64) {
	top := math.Inf(-1)
	for _, v := range z {
		top = max(top, v)
	}
	sum := 0.0
	for j, v := range z {
		q[j] = math.Exp(beta * (v - top))
		sum += q[j]
	}
	for j := range q {
		q[j] /= sum
	}
}
