package metrics

import (
	"math"
	"testing"
)

func TestFoldsEqualScikitLearnsCorrectedTest(t *testing.T) {
	for _, g := range readYardsticks(t).Folds {
		mean, interval, err := MeanOfFolds(g.A, g.K)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "mean", mean, g.Mean, 1e-12)
		near(t, "low end", interval.Low, g.MeanLow, 1e-9)
		near(t, "high end", interval.High, g.MeanHigh, 1e-9)
		d, err := PairedFolds(g.A, g.B, g.K)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "difference", d.Mean, g.Difference, 1e-12)
		near(t, "low end of the difference", d.Low, g.Low, 1e-9)
		near(t, "high end of the difference", d.High, g.High, 1e-9)
		near(t, "P", d.P, g.P, 1e-9)
		_, plain, err := Mean(g.A)
		if err != nil || plain.High-plain.Low > interval.High-interval.Low {
			t.Errorf("the corrected interval %v is narrower than the plain one, %v (%v)", interval, plain, err)
		}
	}
	if d, err := PairedFolds([]float64{0.5, 0.5}, []float64{0.5, 0.5}, 2); err != nil || d != (Difference{P: 1}) {
		t.Errorf("equal folds differ by %+v, %v", d, err)
	}
}

func rightOf(rows []string) [][]bool {
	right := make([][]bool, len(rows))
	for s, row := range rows {
		for _, c := range row {
			right[s] = append(right[s], c == '1')
		}
	}
	return right
}

// The oracle is SciPy's bootstrap of one seed, and for several another computation of the pigeonhole bootstrap. Both have
// 100,000 resamples; the ends of 20,000 are off by about 2 % of a standard deviation.
func TestPairedBootstrapEqualsSciPyWithinItsError(t *testing.T) {
	for _, g := range readYardsticks(t).Bootstrap {
		a, b := rightOf(g.A), rightOf(g.B)
		d, err := PairedBootstrap(a, b, 20_000, 1)
		if err != nil {
			t.Fatal(err)
		}
		step := 1 / float64(len(a)*len(a[0])) // differences are multiples of it
		near(t, "mean", d.Mean, g.Mean, 1e-12)
		near(t, "low end", d.Low, g.Low, 0.08*g.Deviation+step)
		near(t, "high end", d.High, g.High, 0.08*g.Deviation+step)
		near(t, "P", d.P, g.P, 0.02)
		again, err := PairedBootstrap(a, b, 20_000, 1)
		if err != nil || again != d {
			t.Errorf("the same seed gives %+v and %+v, %v", d, again, err)
		}
		if other, err := PairedBootstrap(a, b, 20_000, 2); err != nil || len(a) > 1 && other == d {
			t.Errorf("another seed gives %+v, too, %v", other, err)
		}
		back, err := PairedBootstrap(b, a, 20_000, 1)
		if err != nil || back.Mean != -d.Mean || math.Abs(back.P-d.P) > 1e-12 {
			t.Errorf("B against A is %+v, A against B %+v, %v", back, d, err)
		}
	}
	one := [][]bool{{true, true, false}}
	if d, err := PairedBootstrap(one, one, minResamples, 1); err != nil || d != (Difference{P: 1}) {
		t.Errorf("nothing differs by %+v, %v", d, err)
	}
}
