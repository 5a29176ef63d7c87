package metrics

import (
	"math"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/internal/golden"
)

// yardsticks is what scripts/oracle/goldens/sklearn_yardsticks.py wrote with scikit-learn and SciPy.
type yardsticks struct {
	Calibration []struct {
		Name                    string
		Bins                    int
		Probabilities           [][]float32
		Actual                  []int
		Counts                  []int
		Accuracies, Confidences []float64 // of the bins that have images
		ECE, NLL, Brier         float64
		Temperature             float64
		TemperedNLL             float64 `json:"tempered_nll"`
		Tempered                [][]float64
		Thresholds              []float64
		SelectiveAccuracies     []float64 `json:"selective_accuracies"`
		AURC                    float64
	}
	AUROC []struct {
		Known, Unknown []float64
		AUROC          float64
	}
	Folds []struct {
		A, B       []float64
		K          int
		Mean       float64
		MeanLow    float64 `json:"mean_low"`
		MeanHigh   float64 `json:"mean_high"`
		Difference float64
		Low, High  float64
		P          float64
	}
	Bootstrap []struct {
		A, B                          []string // a row of 0 and 1 per seed
		Mean, Low, High, Deviation, P float64
	}
}

func readYardsticks(t *testing.T) yardsticks {
	t.Helper()
	var y yardsticks
	golden.Read(t, "testdata/yardsticks.json.gz", &y)
	if len(y.Calibration) < 6 || len(y.AUROC) < 4 || len(y.Folds) < 3 || len(y.Bootstrap) < 3 {
		t.Fatal("testdata/yardsticks.json.gz lacks a part; run scripts/oracle goldens --only sklearn_yardsticks")
	}
	return y
}

// near wants a number within an absolute difference; NaN is not near anything.
func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s is %v, want %v within %g", what, got, want, within)
	}
}

func TestCalibrationEqualsScikitLearn(t *testing.T) {
	for _, g := range readYardsticks(t).Calibration {
		t.Run(g.Name, func(t *testing.T) {
			c, err := NewCalibration(g.Probabilities, g.Actual, g.Bins)
			if err != nil {
				t.Fatal(err)
			}
			near(t, "ECE", c.ECE, g.ECE, 1e-12)
			near(t, "NLL", c.NLL, g.NLL, 1e-12)
			near(t, "Brier", c.Brier, g.Brier, 1e-12)
			if len(c.Bins) != g.Bins || c.Images() != len(g.Actual) {
				t.Fatalf("%d bins of %d images, want %d of %d", len(c.Bins), c.Images(), g.Bins, len(g.Actual))
			}
			filled := 0
			for k, b := range c.Bins {
				if b.Images != g.Counts[k] || b.Low != float64(k)/float64(g.Bins) || b.High != float64(k+1)/float64(g.Bins) {
					t.Errorf("bin %d is %+v, want %d images", k, b, g.Counts[k])
				}
				if b.Images == 0 {
					if b.Accuracy() != 0 || b.Confidence != 0 || b.Interval() != (Interval{0, 1}) {
						t.Errorf("the empty bin %d is %+v", k, b)
					}
					continue
				}
				near(t, "accuracy", b.Accuracy(), g.Accuracies[filled], 1e-12)
				near(t, "confidence", b.Confidence, g.Confidences[filled], 1e-12)
				if b.Interval() != Wilson(b.Right, b.Images) {
					t.Errorf("bin %d has the interval %v", k, b.Interval())
				}
				filled++
			}
		})
	}
}

func TestTemperatureEqualsSciPysMinimum(t *testing.T) {
	below, above := 0, 0
	for _, g := range readYardsticks(t).Calibration {
		t.Run(g.Name, func(t *testing.T) {
			temperature, err := Temperature(g.Probabilities, g.Actual)
			if err != nil {
				t.Fatal(err)
			}
			near(t, "temperature", temperature/g.Temperature, 1, 1e-6)
			if temperature < 1 {
				below++
			} else {
				above++
			}
			tempered, err := Tempered(g.Probabilities, temperature)
			if err != nil {
				t.Fatal(err)
			}
			for i, row := range g.Tempered {
				for j, p := range row {
					near(t, "probability", float64(tempered[i][j]), p, 1e-6)
				}
			}
			after, err := NewCalibration(tempered, g.Actual, g.Bins)
			if err != nil {
				t.Fatal(err)
			}
			near(t, "NLL", after.NLL, g.TemperedNLL, 1e-6)
			again, err := Temperature(tempered, g.Actual)
			if err != nil {
				t.Fatal(err)
			}
			near(t, "temperature of what is tempered", again, 1, 1e-4)
			same, err := Tempered(g.Probabilities, 1)
			if err != nil {
				t.Fatal(err)
			}
			for i, row := range g.Probabilities {
				if d := golden.Difference(same[i], row); d > 1e-6 {
					t.Errorf("temperature 1 changes image %d by %v", i, d)
				}
			}
		})
	}
	if below == 0 || above == 0 {
		t.Errorf("%d temperatures are below 1 and %d above: the goldens must have both", below, above)
	}
}

func TestCoverageEqualsScikitLearn(t *testing.T) {
	for _, g := range readYardsticks(t).Calibration {
		t.Run(g.Name, func(t *testing.T) {
			confidence, right := make([]float64, len(g.Actual)), make([]bool, len(g.Actual))
			for i, row := range g.Probabilities {
				predicted, p := largest(row)
				confidence[i], right[i] = p, predicted == g.Actual[i]
			}
			c, err := NewCoverage(confidence, right)
			if err != nil {
				t.Fatal(err)
			}
			near(t, "AURC", c.AURC, g.AURC, 1e-12)
			if len(c.Points) != len(g.Thresholds) {
				t.Fatalf("%d thresholds, want %d", len(c.Points), len(g.Thresholds))
			}
			for k, s := range c.Points {
				near(t, "threshold", s.Threshold, g.Thresholds[k], 0)
				near(t, "accuracy", s.Accuracy(), g.SelectiveAccuracies[k], 1e-12)
				accepted := 0
				for _, v := range confidence {
					if v >= s.Threshold {
						accepted++
					}
				}
				if s.Accepted != accepted || s.Images != len(right) || c.At(s.Threshold) != s {
					t.Errorf("%+v, want %d accepted; At gives %+v", s, accepted, c.At(s.Threshold))
				}
			}
		})
	}
}

// Geifman, Uziel and El-Yaniv, 2019, give the AURC of the best order for many images.
func TestAURCOfTheBestAndOfNoOrder(t *testing.T) {
	const n, wrong = 20000, 2000
	confidence, none, right := make([]float64, n), make([]float64, n), make([]bool, n)
	for i := range n {
		confidence[i], right[i] = float64(-i), i < n-wrong
	}
	best, err := NewCoverage(confidence, right)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "AURC of the best order", best.AURC, 0.1+0.9*math.Log(0.9), 1e-4)
	equal, err := NewCoverage(none, right)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "AURC of equal confidences", equal.AURC, 0.1, 1e-12)
	if len(equal.Points) != 1 {
		t.Errorf("%d points of equal confidences", len(equal.Points))
	}
}

func TestThresholdsAreFoundAndApplied(t *testing.T) {
	c, err := NewCoverage([]float64{0.9, 0.5, 0.8, 0.8, 0.3, 0.6}, []bool{true, false, true, true, false, true})
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range []struct {
		accuracy float64
		want     Selection
	}{
		{1, Selection{0.6, 4, 4, 6}}, {0.8, Selection{0.5, 5, 4, 6}}, {0.81, Selection{0.6, 4, 4, 6}}, {0, Selection{0.3, 6, 4, 6}},
	} {
		if s, err := c.ForAccuracy(g.accuracy); err != nil || s != g.want {
			t.Errorf("for %v: %+v, %v; want %+v", g.accuracy, s, err, g.want)
		}
	}
	for _, g := range []struct {
		threshold       float64
		accepted, right int
	}{{0.95, 0, 0}, {0.9, 1, 1}, {0.85, 1, 1}, {0.8, 3, 3}, {0.55, 4, 4}, {0, 6, 4}, {math.NaN(), 0, 0}} {
		if s := c.At(g.threshold); s.Accepted != g.accepted || s.Right != g.right || s.Images != 6 {
			t.Errorf("at %v: %+v", g.threshold, s)
		}
	}
	if got, want := c.At(0.5).String(),
		"confidence ≥ 0.5: 5 of 6 accepted (83.3 %), 4 right = 80.00 %, 95 % interval 37.6–96.4 %"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got, want := c.At(1).String(), "confidence ≥ 1: 0 of 6 accepted (0.0 %)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAUROCEqualsScikitLearn(t *testing.T) {
	for _, g := range readYardsticks(t).AUROC {
		got, err := AUROC(g.Known, g.Unknown)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "AUROC", got, g.AUROC, 1e-12)
		other, err := AUROC(g.Unknown, g.Known)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "AUROC the other way round", other, 1-g.AUROC, 1e-12)
	}
}

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

func TestYardstickErrorsNameTheFault(t *testing.T) {
	nan := math.NaN()
	good := [][]float32{{0.9, 0.1}, {0.2, 0.8}, {0.6, 0.4}}
	calibration := func(p [][]float32, actual []int, bins int) error {
		_, err := NewCalibration(p, actual, bins)
		return err
	}
	temperature := func(p [][]float32, actual ...int) error {
		_, err := Temperature(p, actual)
		return err
	}
	tempered := func(p [][]float32, t float64) error {
		_, err := Tempered(p, t)
		return err
	}
	coverage := func(c []float64, right ...bool) error {
		_, err := NewCoverage(c, right)
		return err
	}
	wished := func(accuracy float64) error {
		c, err := NewCoverage([]float64{0.9, 0.8}, []bool{false, true})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.ForAccuracy(accuracy)
		return err
	}
	auroc := func(known, unknown []float64) error {
		_, err := AUROC(known, unknown)
		return err
	}
	folds := func(k int, runs ...float64) error {
		_, _, err := MeanOfFolds(runs, k)
		return err
	}
	paired := func(k int, a, b []float64) error {
		_, err := PairedFolds(a, b, k)
		return err
	}
	bootstrap := func(a, b [][]bool, resamples int) error {
		_, err := PairedBootstrap(a, b, resamples, 1)
		return err
	}
	run := []float64{0.5, 0.6}
	_, _, meanErr := Mean([]float64{0.5, nan})
	_, pairedErr := Paired(run, []float64{0.5, math.Inf(1)})
	seeds := [][]bool{{true, false}, {true, true}}
	for _, c := range []struct {
		err  error
		want string
	}{
		{calibration(good, []int{0, 1, 0}, 0), "0 bins"},
		{calibration(nil, nil, 15), "no probabilities"},
		{calibration([][]float32{{}}, []int{0}, 15), "no probabilities"},
		{calibration(good, []int{0, 1}, 15), "3 rows of probabilities but 2 actual labels"},
		{calibration(good, []int{0, -1, 0}, 15), "image 1 has no label"},
		{calibration(good, []int{0, 1, 2}, 15), "actual label 2 of image 2"},
		{calibration([][]float32{{1, 0}, {1}}, []int{0, 0}, 15), "image 1 has 1 probabilities, image 0 has 2"},
		{calibration([][]float32{{1, 0}, {float32(nan), 1}}, []int{0, 0}, 15), "probability 0 of image 1 is NaN"},
		{calibration([][]float32{{1.5, -0.5}}, []int{0}, 15), "probability 0 of image 0 is 1.5"},
		{calibration([][]float32{{0.5, 0.5}, {0.7, 0.2}}, []int{0, 0}, 15), "probabilities of image 1 sum to 0.9"},
		{temperature(good, 0, 1, 0), "no image is wrong"},
		{temperature(good, 1, 0, 1), "say nothing of the classes"},
		{temperature(good, 0, 1), "3 rows"},
		{tempered(good, 0), "t = 0"},
		{tempered(good, nan), "t = NaN"},
		{tempered(good, math.Inf(1)), "t = +Inf"},
		{tempered([][]float32{{2, 3}}, 1), "probability 0 of image 0 is 2"},
		{coverage(nil), "no images"},
		{coverage([]float64{1}, true, false), "1 confidences but 2 images"},
		{coverage([]float64{1, nan}, true, false), "confidence of image 1 is NaN"},
		{wished(0.9), "no threshold reaches an accuracy of 90 %; the best is confidence ≥ 0.8: 2 of 2 accepted"},
		{wished(99), "an accuracy of 99: give a share"},
		{auroc(nil, run), "0 scores of known images and 2 of unknown"},
		{auroc(run, []float64{nan}), "score 0 of the unknown images is NaN"},
		{folds(1, 0.5), "k = 1 folds"},
		{folds(5, 0.5, 0.6), "2 runs of k = 5 folds"},
		{folds(5), "0 runs of k = 5 folds"},
		{folds(2, 0.5, nan), "figure 1 of the runs is NaN"},
		{paired(2, run, run[:1]), "2 figures of A but 1 of B"},
		{paired(5, run, run), "2 runs of k = 5 folds"},
		{paired(2, run, []float64{nan, 1}), "figure 0 of B is NaN"},
		{meanErr, "figure 1 of the runs is NaN"},
		{pairedErr, "figure 1 of B is +Inf"},
		{bootstrap(nil, nil, 1000), "nothing to compare"},
		{bootstrap([][]bool{{}}, [][]bool{{}}, 1000), "nothing to compare"},
		{bootstrap(seeds, seeds[:1], 1000), "2 seeds of A but 1 of B"},
		{bootstrap(seeds, [][]bool{{true, false}, {true}}, 1000), "seed 1 has 2 images of A and 1 of B"},
		{bootstrap(seeds, seeds, 999), "999 resamples: give at least 1000"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("got error %v, want one with %q", c.err, c.want)
		}
	}
}
