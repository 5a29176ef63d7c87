package figure

import (
	"image"
	"image/color"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/internal/canvas"
	"github.com/transfer-learning-go/defects/lib/metrics"
)

// Wherever points lie, a name covers nothing: neither a name nor a marker nor an error bar.
func TestNamesOfPointsCoverNothing(t *testing.T) {
	inside := box{0, 0, 600, 400}
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 0))
		n := namer{inside: inside}
		for range maxPoints / 2 {
			x, y := 300+60*rng.NormFloat64(), 100+10*rng.NormFloat64()
			n.widths = append(n.widths, 20+80*rng.Float64())
			n.markers = append(n.markers, box{x - 6, y - 6, x + 6, y + 6})
			n.bars = append(n.bars, box{x - 5, y - 20, x + 5, y + 80})
		}
		places, without := n.placeAll()
		if without >= 0 {
			t.Errorf("seed %d: no room for name %d", seed, without)
		}
		var names []box
		for i, p := range places {
			if p.name.hits(names, n.markers, n.bars) || !p.name.within(inside) {
				t.Errorf("seed %d: name %d at %v covers something or lies outside", seed, i, p.name)
			}
			names = append(names, p.name)
		}
	}
}

func TestScatterShowsPointsWhereTheyLie(t *testing.T) {
	f, err := Scatter([]Point{{Name: "a", X: 1, Y: 0}, {Name: "b", X: 10, Y: 5}, {Name: "c", X: 100, Y: 10}}, ScatterOptions{LogX: true})
	if err != nil {
		t.Fatal(err)
	}
	centre := func(k int) image.Point {
		b := bounds(f, seriesColors[k])
		return b.Min.Add(b.Max).Div(2)
	}
	a, b, c := centre(0), centre(1), centre(2)
	if d := b.Sub(a).Sub(c.Sub(b)); a.X >= b.X || a.Y <= b.Y || max(d.X, -d.X) > 3 || max(d.Y, -d.Y) > 6 {
		t.Errorf("markers at %v, %v, %v are not evenly spread", a, b, c)
	}
}

func TestANameWithoutRoomIsRefused(t *testing.T) {
	n := namer{inside: box{0, 0, 100, 60}, markers: []box{{44, 24, 56, 36}}, bars: []box{{44, 0, 56, 60}}, widths: []float64{60}}
	if places, without := n.placeAll(); without != 0 {
		t.Errorf("a name found room that is not there: %v", places)
	}
	n.widths[0] = 40
	if places, without := n.placeAll(); without != -1 || places[0].name != (box{59, 21, 99, 39}) {
		t.Errorf("%v, without room: %d", places, without)
	}
}

func TestLogarithmicAxesEndOnRoundNumbers(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		want      string
	}{
		{0.31, 12, "0.2 0.5 1 2 5 10 20"},
		{1, 1, "0.5 1 2"},
		{3, 4, "2 5"},
		{0.02, 0.2, "0.01 0.02 0.05 0.1 0.2 0.5"},
		{1e-3, 1e6, "0.0001 0.001 0.01 0.1 1 10 100 1000 10000 100000 1e+06 1e+07"},
	} {
		ends, ticks := roundedLogAxis(c.low, c.high)
		var labels []string
		for _, tick := range ticks {
			labels = append(labels, tick.Label)
		}
		if got := strings.Join(labels, " "); got != c.want {
			t.Errorf("from %v to %v: %s, want %s", c.low, c.high, got, c.want)
		}
		if ends[0] > c.low || ends[1] < c.high {
			t.Errorf("from %v to %v: axis %v", c.low, c.high, ends)
		}
	}
}

// Error bars of series at the same x are all seen.
func TestErrorBarsDoNotHideEachOther(t *testing.T) {
	curves := []curve{{x: []float64{1, 2}, intervals: make([]metrics.Interval, 2)}, {x: []float64{1, 2}}, {x: []float64{1, 2},
		intervals: make([]metrics.Interval, 2)}}
	given := curves[0].x
	x := standApart(curves, [2]float64{1, 2}, false)
	if given[0] != 1 || curves[1].x[0] != 1 || !(curves[0].x[0] < 1) || curves[2].x[1]-2 != 1-curves[0].x[0] ||
		x != [2]float64{curves[0].x[0], curves[2].x[1]} || curves[2].x[0]-curves[0].x[0] > 1.0/3 {
		t.Errorf("%v, %v and %v on %v", curves[0].x, curves[1].x, curves[2].x, x)
	}
}

func TestBesideFillsRows(t *testing.T) {
	small := func(c color.RGBA, width int) *Figure {
		m := image.NewRGBA(image.Rect(0, 0, width, 100))
		for i := range m.Pix {
			m.Pix[i] = [4]uint8{c.R, c.G, c.B, 255}[i%4]
		}
		return &Figure{Image: m, Scale: 2, Alt: "A picture."}
	}
	f, err := Beside([]*Figure{small(seriesColors[0], 800), small(seriesColors[1], 900), small(seriesColors[2], 200)}, BesideOptions{})
	if err != nil {
		t.Fatal(err)
	}
	first, second, third := bounds(f, seriesColors[0]), bounds(f, seriesColors[1]), bounds(f, seriesColors[2])
	if first.Dx() != 800 || second.Dx() != 900 || first.Dy() != 100 || first.Min.Y != second.Min.Y || second.Min.X != first.Max.X {
		t.Errorf("the first row is %v and %v", first, second)
	}
	if third.Min.X != 0 || third.Min.Y != first.Max.Y || f.Image.Rect.Dx() != 1700 {
		t.Errorf("the second row is %v in %v", third, f.Image.Rect)
	}
	if f.Alt != "3 figures side by side. A picture. A picture. A picture." {
		t.Error(f.Alt)
	}
}

func TestBesideSaysEachNoticeOnce(t *testing.T) {
	draw := func(notice string) *Figure {
		f, err := ConfusionMatrix(&metrics.Confusion{Classes: []string{"a"}, Counts: [][]int{{1}}, Notice: notice}, ConfusionOptions{Small: true})
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	defer func(real func() []string) { told = real }(told)
	rows := func(f *Figure) int { // of pixels with a notice
		n := 0
		for y := range f.Image.Rect.Dy() {
			if count(f, image.Rect(0, y, f.Image.Rect.Dx(), y+1), canvas.NoticeFill) > 0 {
				n++
			}
		}
		return n
	}
	one := rows(draw("A"))
	for _, c := range []struct {
		name           string
		told           []string
		first, second  string
		timesA, timesB int
	}{
		{"the same", nil, "A", "A", 1, 0},
		{"the same, and what the program was told", []string{"A", "B"}, "A", "A", 1, 1},
		{"none, but the program was told", []string{"B"}, "", "", 0, 1},
		{"two", nil, "A", "B", 1, 1},
		{"one", nil, "A", "", 1, 0},
		{"two, and what the program was told", []string{"A", "B"}, "A", "B", 1, 1},
		{"in another order", nil, "A; B", "B; A", 1, 1},
		{"that of the other, which the program was told", []string{"A"}, "A", "", 1, 0},
	} {
		told = func() []string { return c.told }
		f, err := Beside([]*Figure{draw(c.first), draw(c.second)}, BesideOptions{Title: "T"})
		if err != nil {
			t.Fatal(err)
		}
		if a, b := strings.Count(f.Alt, "A"), strings.Count(f.Alt, "B"); a != c.timesA || b != c.timesB {
			t.Errorf("%s: %q", c.name, f.Alt)
		}
		if got := rows(f); got != one {
			t.Errorf("%s: %d rows of notices, want %d", c.name, got, one)
		}
	}
}
