package metrics

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Mean is the mean of a share over several runs, such as the accuracies of trainings with different seeds, and its 95 %
// interval by Student's t (Student, 1908), cut to [0, 1]:
//
//	mean ± t(0.975, n−1) · s / √n   with s the standard deviation of the n runs
//
// It says how much of a difference is luck of the seed. It takes the runs for independent. Those of k-fold are not, since
// two folds share most of their training images, and seeds on the same fold share all: of them the interval is too narrow
// (Bengio and Grandvalet, 2004); take MeanOfFolds. A single run says nothing of luck: its interval is [0, 1]. It is an
// error if there is no run, or one that is not finite.
func Mean(runs []float64) (float64, Interval, error) {
	if len(runs) == 0 {
		return 0, Interval{}, fmt.Errorf("the mean of no runs: give at least one")
	}
	if err := checkFinite("the runs", runs); err != nil {
		return 0, Interval{}, fmt.Errorf("mean of runs: %w", err)
	}
	if len(runs) == 1 {
		return runs[0], Interval{0, 1}, nil
	}
	mean, interval := meanAndInterval(runs, 1/float64(len(runs)))
	return mean, interval, nil
}

// MeanOfFolds is the mean of a share over the runs of k-fold cross-validation, once or repeated, each time with other folds,
// and its 95 % interval by Student's t with the variance that Nadeau and Bengio correct for shared training images, cut to
// [0, 1]:
//
//	mean ± t(0.975, n−1) · s · √(1/n + 1/(k−1))   with s the standard deviation of the n = k · repetitions runs
//
// 1/(k−1) is the number of images of a fold divided by that of the images it is trained with: 1/4 for 5 folds. So more
// repetitions tell less and less, as they must: the images remain the same. See PairedFolds for sources, and for several
// seeds on the same folds.
//
// It is an error if k is less than 2, if the number of runs is not a multiple of it, or if a run is not finite.
func MeanOfFolds(runs []float64, k int) (float64, Interval, error) {
	err := checkFolds(len(runs), k)
	if err == nil {
		err = checkFinite("the runs", runs)
	}
	if err != nil {
		return 0, Interval{}, fmt.Errorf("mean of folds: %w", err)
	}
	mean, interval := meanAndInterval(runs, foldVariance(len(runs), k))
	return mean, interval, nil
}

// meanAndInterval takes the variance of the mean for s² · variance.
func meanAndInterval(runs []float64, variance float64) (float64, Interval) {
	mean, deviation := stat.MeanStdDev(runs, nil)
	t := distuv.StudentsT{Sigma: 1, Nu: float64(len(runs)) - 1}
	half := t.Quantile(0.975) * deviation * math.Sqrt(variance)
	return mean, Interval{max(0, mean-half), min(1, mean+half)}
}

func checkFolds(runs, k int) error {
	if k < 2 {
		return fmt.Errorf("k = %d folds: give at least 2", k)
	}
	if runs == 0 || runs%k != 0 {
		return fmt.Errorf("%d runs of k = %d folds: give k for each repetition", runs, k)
	}
	return nil
}

// foldVariance is the factor of s² in the corrected variance of a mean over n runs of k folds.
func foldVariance(n, k int) float64 { return 1/float64(n) + 1/float64(k-1) }
