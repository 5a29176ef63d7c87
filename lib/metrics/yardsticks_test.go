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
