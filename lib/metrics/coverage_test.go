package metrics

import (
	"math"
	"testing"
)

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
