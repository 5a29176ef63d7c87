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
// (Bengio and Grandvalet, 2004). A single run says nothing of luck: its interval is [0, 1]. It is an error if there is no
// run.
func Mean(runs []float64) (float64, Interval, error) {
	if len(runs) == 0 {
		return 0, Interval{}, fmt.Errorf("the mean of no runs: give at least one")
	}
	n := float64(len(runs))
	mean, deviation := stat.MeanStdDev(runs, nil)
	if len(runs) == 1 {
		return mean, Interval{0, 1}, nil
	}
	half := distuv.StudentsT{Sigma: 1, Nu: n - 1}.Quantile(0.975) * deviation / math.Sqrt(n)
	return mean, Interval{max(0, mean-half), min(1, mean+half)}, nil
}
