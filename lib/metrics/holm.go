package metrics

import (
	"cmp"
	"fmt"
	"slices"
)

// Holm adjusts the p-values of m tests for there being m of them. Of twenty tests of equal models, one falls below 0.05
// by chance alone; of adjusted values, any does with a probability of at most 0.05. With p₍₁₎ ≤ … ≤ p₍m₎
//
//	adjusted p₍k₎ = max over j ≤ k of min(1, (m − j + 1) · p₍ⱼ₎)
//
// They come in the order of p. Nothing is asked of how tests depend on one another: those of McNemar on the same images
// may be adjusted together.
//
// It is statsmodels' multipletests(p, method="holm"). Source: S. Holm, A Simple Sequentially Rejective Multiple Test
// Procedure, 1979. It is an error if a value is not in [0, 1].
func Holm(p []float64) ([]float64, error) {
	order := make([]int, len(p))
	for i, v := range p {
		if !(v >= 0 && v <= 1) {
			return nil, fmt.Errorf("Holm's correction: p-value %d is %v: give values from 0 to 1", i, v)
		}
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	adjusted, least := make([]float64, len(p)), 0.0
	for k, i := range order {
		least = max(least, min(1, float64(len(p)-k)*p[i]))
		adjusted[i] = least
	}
	return adjusted, nil
}
