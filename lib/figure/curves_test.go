package figure

import (
	"bytes"
	"image"
	"image/color"
	"math"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/internal/canvas"
	"github.com/transfer-learning-go/defects/lib/result"
)

var nan = math.NaN()

// lossPanel is the left panel of a picture of curves: x and y in CSS pixels of its vertical grid lines, from left
// to right, and of its horizontal ones, from top to bottom, as found in the picture.
func lossPanel(t *testing.T, f *Figure) (xs, ys []float64) {
	t.Helper()
	b := f.Image.Bounds()
	// Somewhere between two grid lines of one direction, all of the other direction are crossed.
	for shift := 0; shift < 40; shift++ {
		if got := centres(f, b.Dy()-100-3*shift, true, b.Dx()/2-10); len(got) > len(xs) && len(got) < 20 {
			xs = got
		}
		if got := centres(f, b.Dx()/4+3*shift, false, b.Dy()); len(got) > len(ys) && len(got) < 20 {
			ys = got
		}
	}
	if len(xs) == 0 || len(ys) == 0 {
		t.Fatal("no grid lines found")
	}
	return xs, ys
}

// centres finds runs of grid-line colour along a row (or column) of pixels below end.
func centres(f *Figure, at int, alongRow bool, end int) []float64 {
	var out []float64
	start := -1
	for i := range end {
		c := f.Image.RGBAAt(i, at)
		if !alongRow {
			c = f.Image.RGBAAt(at, i)
		}
		line := c == canvas.LightGrey
		switch {
		case line && start < 0:
			start = i
		case !line && start >= 0:
			out = append(out, float64(start+i)/2/canvas.Scale)
			start = -1
		}
	}
	return out
}

// blob is the bounding box, in CSS pixels, of the pixels of a colour in the left panel below the legend.
func blob(f *Figure, c color.RGBA, top float64) (x, y, width, height float64) {
	box := image.Rectangle{}
	for py := int(top * canvas.Scale); py < f.Image.Rect.Max.Y; py++ {
		for px := range f.Image.Rect.Max.X/2 - 10 {
			if f.Image.RGBAAt(px, py) == c {
				box = box.Union(image.Rect(px, py, px+1, py+1))
			}
		}
	}
	return float64(box.Min.X+box.Max.X) / 2 / canvas.Scale, float64(box.Min.Y+box.Max.Y) / 2 / canvas.Scale,
		float64(box.Dx()) / canvas.Scale, float64(box.Dy()) / canvas.Scale
}

func TestCurvesDrawPointsWhereTheAxesSay(t *testing.T) {
	black := []float64{2, nan, nan, nan, nan} // makes the loss axis end at 2.0
	// One finite value: a lone marker at epoch 3.
	one := []float64{1, 1, 1, 1, 1}
	f, err := Curves(historyOf(series{black, []float64{nan, nan, 0.6, nan, math.Inf(1)}}, series{one, one}), CurvesOptions{})
	if err != nil {
		t.Fatal(err)
	}
	xs, ys := lossPanel(t, f)
	if len(xs) != 5 {
		t.Fatalf("%d vertical grid lines at %v, want one per epoch", len(xs), xs)
	}
	x, y, width, height := blob(f, validationColor, ys[0]-5)
	wantY := ys[len(ys)-1] + (ys[0]-ys[len(ys)-1])*0.6/2
	if math.Abs(x-xs[2]) > 1 || math.Abs(y-wantY) > 2.5 || width > 12 || height > 12 {
		t.Errorf("the only validation point is a blob of %v×%v at (%v, %v), want a marker at (%v, %v)", width, height, x, y, xs[2], wantY)
	}
}

func TestCurvesConnectFiniteNeighboursOnly(t *testing.T) {
	one := []float64{1, 1, 1, 1, 1, 1}
	f, err := Curves(historyOf(series{[]float64{2, nan, nan, nan, nan, nan}, []float64{1, 1, 1, nan, 1, 1}}, series{one, one}), CurvesOptions{})
	if err != nil {
		t.Fatal(err)
	}
	xs, ys := lossPanel(t, f)
	middle := int((ys[0] + ys[len(ys)-1]) / 2 * canvas.Scale)
	for k := range 5 {
		at := f.Image.RGBAAt(int((xs[k]+xs[k+1])/2*canvas.Scale), middle)
		if drawn, want := at == validationColor, k != 2 && k != 3; drawn != want {
			t.Errorf("between epochs %d and %d: line drawn: %v, want %v", k+1, k+2, drawn, want)
		}
	}
}

func TestCurvesKeepSizeAndEpochAxisWhileTrainingGoesOn(t *testing.T) {
	loss, accuracy := []float64{1.7, 0.9, 0.8, 0.7, 0.6}, []float64{0.4, 0.6, 0.7, 0.8, 0.9}
	var first *Figure
	var firstXs []float64
	for n := range 6 {
		h := historyOf(series{loss[:n], loss[:n]}, series{accuracy[:n], accuracy[:n]})
		h.Notice = synthetic
		f, err := Curves(h, CurvesOptions{Epochs: 5})
		if err != nil {
			t.Fatalf("after %d epochs: %v", n, err)
		}
		xs, _ := lossPanel(t, f)
		if n == 0 {
			first, firstXs = f, xs
		}
		if f.Image.Rect != first.Image.Rect {
			t.Errorf("after %d epochs the picture is %v, before %v", n, f.Image.Rect, first.Image.Rect)
		}
		if len(xs) != 5 {
			t.Fatalf("after %d epochs there are %d vertical grid lines, want 5", n, len(xs))
		}
		for i := range xs {
			if math.Abs(xs[i]-firstXs[i]) > 0.5 {
				t.Errorf("after %d epochs the line of epoch %d is at %v, before at %v", n, i+1, xs[i], firstXs[i])
			}
		}
	}
}

func TestCurvesDrawAnyNumberOfEpochs(t *testing.T) {
	for _, n := range []int{1, 2, 3, 11, 12, 100, 1000} {
		values := make([]float64, n)
		for i := range values {
			values[i] = 1 / float64(i+1)
		}
		if _, err := Curves(historyOf(series{values, values}, series{values, nil}), CurvesOptions{}); err == nil {
			t.Errorf("%d epochs: validation accuracy is missing, but there is no error", n)
		}
		if _, err := Curves(historyOf(series{values, values}, series{values, values}), CurvesOptions{}); err != nil {
			t.Errorf("%d epochs: %v", n, err)
		}
	}
	for name, v := range map[string]float64{"NaN": nan, "infinite": math.Inf(1)} {
		lost := []float64{v, v}
		if _, err := Curves(historyOf(series{lost, lost}, series{lost, lost}), CurvesOptions{}); err != nil {
			t.Errorf("only %s values: %v", name, err)
		}
	}
}

func TestPhasesAreMarkedBetweenEpochs(t *testing.T) {
	one := []float64{1, 1, 1, 1, 1}
	h := historyOf(series{one, nil}, series{one, nil})
	h.Phases = []result.Phase{{Name: "head", Epoch: 1}, {Name: "fine-tuning", Epoch: 4}, {Name: "b", Epoch: 6}}
	f, err := Curves(h, CurvesOptions{Epochs: 7})
	if err != nil {
		t.Fatal(err)
	}
	xs, ys := lossPanel(t, f)
	marked := map[int]bool{}
	for y := int(ys[0] * canvas.Scale); y < int(ys[len(ys)-1]*canvas.Scale); y++ {
		for i := range len(xs) - 1 {
			if f.Image.RGBAAt(int((xs[i]+xs[i+1])/2*canvas.Scale), y) == canvas.Grey {
				marked[i+1] = true
			}
		}
	}
	if len(marked) != 2 || !marked[3] || !marked[5] {
		t.Errorf("lines behind epochs %v, want 3 and 5", marked)
	}
	if !strings.Contains(f.Alt, "head from epoch 1 on; fine-tuning from epoch 4 on; b from epoch 6 on") {
		t.Errorf("the description is %q", f.Alt)
	}
}

// A training that was interrupted between two phases has no epoch of the second.
func TestAPhaseWithoutEpochsIsNotDrawn(t *testing.T) {
	pictures := map[int]*Figure{}
	for _, phases := range [][]result.Phase{{{Name: "a", Epoch: 1}}, {{Name: "a", Epoch: 1}, {Name: "b", Epoch: 6}}} {
		one := []float64{1, 1, 1, 1, 1}
		h := historyOf(series{one, nil}, series{one, nil})
		h.Phases = phases
		f, err := Curves(h, CurvesOptions{})
		if err != nil {
			t.Fatal(err)
		}
		pictures[len(phases)] = f
	}
	if !bytes.Equal(pictures[1].Image.Pix, pictures[2].Image.Pix) {
		t.Error("a phase that has not begun changes the picture")
	}
	if alt := pictures[2].Alt; !strings.Contains(alt, "b from epoch 6 on") {
		t.Errorf("the description is %q", alt)
	}
}

func TestTicksAreRoundNumbers(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		most      int
		whole     bool
		want      string
	}{
		{0, 60, 7, true, "0 10 20 30 40 50 60"},
		{0, 3, 7, true, "0 1 2 3"},
		{0, 1, 8, true, "0 1"},
		{0.7, 1, 7, false, "0.70 0.75 0.80 0.85 0.90 0.95 1.00"},
		{0, 1, 8, false, "0.0 0.2 0.4 0.6 0.8 1.0"},
		{0, 0.0034, 5, false, "0.000 0.001 0.002 0.003"},
		{0, 12345, 7, true, "0 2000 4000 6000 8000 10000 12000"},
		{-3, 7, 6, false, "-2 0 2 4 6"},
		{5, 5, 6, false, "5"},
	} {
		var labels []string
		for _, tick := range ticks(c.low, c.high, c.most, c.whole) {
			labels = append(labels, tick.Label)
		}
		if got := strings.Join(labels, " "); got != c.want {
			t.Errorf("ticks(%v, %v, %d, %v) are %q, want %q", c.low, c.high, c.most, c.whole, got, c.want)
		}
	}
}

func TestEpochTicksAreWholeAndStartAtOne(t *testing.T) {
	for last := 1; last <= 300; last++ {
		all := epochTicks(last, 11)
		if all[0].Value != 1 || len(all) > 12 {
			t.Errorf("%d epochs: %d ticks from %v", last, len(all), all[0].Value)
		}
		for _, tick := range all {
			if tick.Value != math.Trunc(tick.Value) || tick.Value > float64(last) {
				t.Errorf("%d epochs: tick at %v", last, tick.Value)
			}
		}
	}
}
