package metrics

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// minResamples is the least that the ends of a 95 % interval can be read from.
const minResamples = 1000

// PairedBootstrap compares two ways of training that were measured on the same images with the same seeds: a[s][i] and
// b[s][i] report whether they are right on image i with seed s (or in repetition s of k-fold, where each image is
// validated once). Seeds and images are both drawn again, with replacement and crossed, resamples times:
//
//	d* = 1/(S·N) · Σₛ Σᵢ wₛ vᵢ (bₛᵢ − aₛᵢ)   with wₛ and vᵢ how often seed s and image i are drawn
//
// Mean is the difference of the accuracies; Low and High are the 2.5 % and 97.5 % quantiles of d*; P is
// 2 · min(1 + #{d* ≤ 0}, 1 + #{d* ≥ 0}) / (1 + resamples), at most 1, so that P is below 0.05 where the interval leaves
// 0 out. It speaks of other seeds and other images, so its interval is mostly wider than that of Paired; drawing pairs
// lets what is easy for both drop out, as there. With one seed the images alone are drawn: it is
// scipy.stats.bootstrap(…, method="percentile") of the differences. With few seeds (say, fewer than five) the interval
// holds too little of their luck, since a bootstrap of S values underestimates a variance by the factor (S−1)/S.
//
// Sources: A. B. Owen, The Pigeonhole Bootstrap, 2007; for interval and P B. Efron and R. J. Tibshirani, An Introduction
// to the Bootstrap, 1993, and A. C. Davison and D. V. Hinkley, Bootstrap Methods and their Application, 1997.
//
// The same arguments give the same result. It is an error if there is nothing to compare, if the numbers of seeds or
// images differ, or if there are fewer than 1,000 resamples; 10,000 are usual.
func PairedBootstrap(a, b [][]bool, resamples int, seed int64) (Difference, error) {
	if err := checkPairs(a, b); err != nil {
		return Difference{}, fmt.Errorf("paired bootstrap: %w", err)
	}
	if resamples < minResamples {
		return Difference{}, fmt.Errorf("paired bootstrap: %d resamples: give at least %d", resamples, minResamples)
	}
	seeds, images := len(a), len(a[0])
	// Most pairs agree, and add nothing to any sum.
	type pair struct{ seed, image, difference int }
	var differ []pair
	total := 0
	for s := range a {
		for i := range a[s] {
			if a[s][i] != b[s][i] {
				p := pair{s, i, 1}
				if a[s][i] {
					p.difference = -1
				}
				differ = append(differ, p)
				total += p.difference
			}
		}
	}
	random := rand.New(rand.NewPCG(uint64(seed), 0))
	n := float64(seeds * images)
	drawn := make([]float64, resamples)
	below, above := 1, 1
	ofSeed, ofImage := make([]int, seeds), make([]int, images)
	for r := range drawn {
		draw(ofSeed, random)
		draw(ofImage, random)
		sum := 0
		for _, p := range differ {
			sum += ofSeed[p.seed] * ofImage[p.image] * p.difference
		}
		if sum <= 0 {
			below++
		}
		if sum >= 0 {
			above++
		}
		drawn[r] = float64(sum) / n
	}
	slices.Sort(drawn)
	return Difference{
		Mean: float64(total) / n,
		Low:  stat.Quantile(0.025, stat.Empirical, drawn, nil),
		High: stat.Quantile(0.975, stat.Empirical, drawn, nil),
		P:    min(1, 2*float64(min(below, above))/float64(resamples+1)),
	}, nil
}

// draw counts how often each of some things comes up when as many are drawn with replacement.
func draw(counts []int, random *rand.Rand) {
	clear(counts)
	for range counts {
		counts[random.IntN(len(counts))]++
	}
}

func checkPairs(a, b [][]bool) error {
	if len(a) == 0 || len(b) == 0 || len(a[0]) == 0 {
		return errors.New("nothing to compare: give at least one seed and one image")
	}
	if len(a) != len(b) {
		return fmt.Errorf("%d seeds of A but %d of B: give pairs", len(a), len(b))
	}
	for s := range a {
		if len(a[s]) != len(a[0]) || len(b[s]) != len(a[0]) {
			return fmt.Errorf("seed %d has %d images of A and %d of B, but seed 0 has %d of A: give the same images for each",
				s, len(a[s]), len(b[s]), len(a[0]))
		}
	}
	return nil
}
