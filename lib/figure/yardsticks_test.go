package figure

import (
	"image"
	"math"
	"slices"
	"testing"

	"github.com/transfer-learning-go/defects/lib/internal/canvas"
	"github.com/transfer-learning-go/defects/lib/metrics"
)

// Three of four images are right, with a confidence of 0.5: a disc above the diagonal, and a bar of four images.
func TestReliabilityMarksStandAtConfidenceAndAccuracy(t *testing.T) {
	row := []float32{0.5, 0.25, 0.25}
	c, err := metrics.NewCalibration([][]float32{row, row, row, row}, []int{0, 0, 0, 1}, 5)
	if err != nil {
		t.Fatal(err)
	}
	f, err := Reliability([]ReliabilityPanel{{Calibration: c}}, ReliabilityOptions{})
	if err != nil {
		t.Fatal(err)
	}
	header := canvas.NewHeader(420, "", "", []canvas.Entry{{Name: wide}, {Name: wide}}).Height // the legend has two rows
	left, top := canvas.Margin+reliableTitle+reliableAxis, header+3*reliableLine+4
	at := func(x, y float64) bool { // in CSS pixels
		return f.Image.RGBAAt(int(canvas.Scale*x), int(canvas.Scale*y)) == seriesColors[0]
	}
	x, y := left+0.5*reliableSide, func(share float64) float64 { return top + reliableSide*(1-share) }
	i := metrics.Wilson(3, 4)
	for _, c := range []struct {
		name string
		x, y float64
		want bool
	}{
		{"left in the disc", x - 3, y(0.75), true}, {"right in the disc", x + 3, y(0.75), true},
		{"beside the disc", x + 6, y(0.75), false},
		{"interval", x, y(i.Low) - 5, true}, {"interval", x, y(i.High) + 5, true},
		{"below the interval", x, y(i.Low) + 3, false}, {"above the interval", x, y(i.High) - 3, false},
	} {
		if at(c.x, c.y) != c.want {
			t.Errorf("%s: blue is %v", c.name, !c.want)
		}
	}
	// The bar of the bin (0.4, 0.6] reaches from the axis to the tick of 4 on an axis that ends at 10.
	base := top + reliableSide + histogramTop + histogramSide
	bar := bounds(f, seriesColors[0])
	bar.Min.Y = int(canvas.Scale * (base - histogramSide))
	height := histogramSide * (math.Log10(4) + 0.1) / 1.1
	for what, d := range map[string]float64{
		"top":   float64(topOf(f, bar))/canvas.Scale - (base - height),
		"left":  float64(leftOf(f, bar))/canvas.Scale - (left + 0.4*reliableSide + 0.5),
		"right": float64(rightOf(f, bar))/canvas.Scale - (left + 0.6*reliableSide - 0.5),
	} {
		if math.Abs(d) > 1.5 {
			t.Errorf("the %s of the bar is off by %v", what, d)
		}
	}
}

func topOf(f *Figure, r image.Rectangle) int {
	for count(f, image.Rect(r.Min.X, r.Min.Y, r.Max.X, r.Min.Y+1), seriesColors[0]) == 0 {
		r.Min.Y++
	}
	return r.Min.Y
}

func leftOf(f *Figure, r image.Rectangle) int {
	for count(f, image.Rect(r.Min.X, r.Min.Y, r.Min.X+1, r.Max.Y), seriesColors[0]) == 0 {
		r.Min.X++
	}
	return r.Min.X
}

func rightOf(f *Figure, r image.Rectangle) int {
	for count(f, image.Rect(r.Max.X-1, r.Min.Y, r.Max.X, r.Max.Y), seriesColors[0]) == 0 {
		r.Max.X--
	}
	return r.Max.X
}

// coverageOf is of images in the order of their confidence, the surest first.
func coverageOf(t *testing.T, right func(i int) bool) *metrics.Coverage {
	t.Helper()
	confidence, all := make([]float64, 100), make([]bool, 100)
	for i := range confidence {
		confidence[i], all[i] = 1-float64(i)/1000, right(i)
	}
	c, err := metrics.NewCoverage(confidence, all)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCoverageCurvesBeginWhereTheySaySomething(t *testing.T) {
	l := CoverageLine{"a", coverageOf(t, func(i int) bool { return i < 90 })}
	if got := l.faultless(); got != 0.9 {
		t.Errorf("no mistake up to %v, want 0.9", got)
	}
	line, marks := l.curves(curveStyle{}, 0.8, 0)
	if line.x[0] != 0.8 || line.x[len(line.x)-1] != 1 || line.y[0] != 1 || line.y[len(line.y)-1] != 0.9 || len(line.x) != 21 {
		t.Errorf("the line has points %v at %v", line.y, line.x)
	}
	if want := []float64{0.85, 0.9, 0.95, 1}; !slices.Equal(slices.DeleteFunc(marks.x, math.IsNaN), want) {
		t.Errorf("marks at %v, want %v", marks.x, want)
	}
	if marks.intervals[6] != metrics.Wilson(90, 100) || marks.y[6] != 0.9 {
		t.Errorf("the last mark is at %v with the interval %v", marks.y[6], marks.intervals[6])
	}

	// The surest image is wrong: without it the curve would begin at 0.
	l = CoverageLine{"b", coverageOf(t, func(i int) bool { return i > 0 })}
	if line, _ := l.curves(curveStyle{}, 0, 0); l.faultless() != 0 || line.x[0] != 0.1 || line.y[0] != 0.9 {
		t.Errorf("faultless up to %v, the line begins with %v at %v", l.faultless(), line.y[0], line.x[0])
	}

	// All confidences are equal: one point remains.
	c, err := metrics.NewCoverage(make([]float64, 5), []bool{true, true, true, false, true})
	if err != nil {
		t.Fatal(err)
	}
	line, marks = CoverageLine{"c", c}.curves(curveStyle{}, 0, 3)
	if !slices.Equal(line.y, []float64{0.8}) || len(marks.intervals) != 2 {
		t.Errorf("a single point gives the line %v and marks %v", line.y, marks.y)
	}
	if _, err := CoverageCurve([]CoverageLine{{"c", c}}, CoverageOptions{}); err != nil {
		t.Error(err)
	}
}

func TestSharesHaveThreeSignificantDigits(t *testing.T) {
	for share, want := range map[float64]string{0: "0", 0.01034: "0.0103", 0.000052349: "0.0000523", 0.25: "0.250", 1: "1.00"} {
		if got := significant(share); got != want {
			t.Errorf("%v is %s, want %s", share, got, want)
		}
	}
}
