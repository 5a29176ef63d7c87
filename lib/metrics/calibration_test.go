package metrics

import (
	"testing"

	"github.com/transfer-learning-go/defects/lib/internal/golden"
)

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
