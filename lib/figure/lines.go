package figure

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/transfer-learning-go/defects/lib/internal/canvas"
	"github.com/transfer-learning-go/defects/lib/metrics"
	"github.com/transfer-learning-go/defects/lib/result"
)

// Line is one named series of points of a line chart.
type Line struct {
	Name      string
	X, Y      []float64          // of the same length; a Y that is not finite leaves a gap
	Intervals []metrics.Interval // nil, or one per point, in the unit of Y
}

// lineShapes and lineDashes differ from series to series, as the colours do.
var (
	lineShapes = []draw.GlyphDrawer{draw.CircleGlyph{}, draw.PyramidGlyph{}, draw.BoxGlyph{}, hollow{draw.CircleGlyph{}},
		hollow{draw.PyramidGlyph{}}, hollow{draw.BoxGlyph{}}, draw.CrossGlyph{}}
	lineDashes = [][]vg.Length{nil, {8, 3}, {3, 2}, {10, 3, 2, 3}}
)

// LinesOptions may be left empty.
type LinesOptions struct {
	Title  string
	X, Y   string // axis titles
	LogX   bool   // logarithmic x axis with a tick at each x, for 1, 2, 5, …, 240 labels
	Notice string // of what the numbers come from
	// Phases of a training, where X are epochs: each has its name at its first, and a dashed line before it, as in Curves.
	Phases []result.Phase
}

// Lines draws a line chart of several named series, such as accuracy over the number of labels for three backbones.
// Series differ in colour, marker and dashes. Where several have intervals they stand a little apart, so that no error bar
// hides another: their points belong to the x in the middle.
//
// It is an error if there is no series or more than seven, if X, Y and Intervals differ in length, if LogX meets an X that
// is not positive, or if Phases are not as Curves wants them.
func Lines(lines []Line, o LinesOptions) (*Figure, error) {
	if err := checkLines(lines, o.LogX); err != nil {
		return nil, fmt.Errorf("line chart: %w", err)
	}
	curves := make([]curve, len(lines))
	legend := make([]canvas.Entry, len(lines))
	var xs, ys [][]float64
	for i, l := range lines {
		style := curveStyle{seriesColors[i], lineShapes[i], lineDashes[i%len(lineDashes)]}
		curves[i] = curve{l.Name, l.X, l.Y, l.Intervals, style}
		legend[i] = style.legend(l.Name)
		xs, ys = append(xs, l.X), append(ys, l.Y)
		for _, interval := range l.Intervals {
			ys = append(ys, []float64{interval.Low, interval.High})
		}
	}
	x, y := wideRange(xs), wideRange(ys)
	if err := checkPhases(o.Phases, int(x[1])); err != nil {
		return nil, fmt.Errorf("line chart: %w", err)
	}
	xTicks := ticks(x[0], x[1], 10, whole(xs))
	if o.LogX {
		xTicks = ticksAt(xs)
	}
	y, yTicks := roundedAxis(y, 8)
	x = standApart(curves, x, o.LogX)
	p, err := newPanel(curves, o.X, o.Y, xTicks, yTicks, x, y)
	if err != nil {
		return nil, fmt.Errorf("line chart: %w", err)
	}
	if o.LogX {
		p.X.Scale = plot.LogScale{}
	}
	const width, height = 720.0, 380.0
	page := newPage(width, o.Title, o.Notice, legend)
	names := 0.0
	if len(o.Phases) > 0 {
		names = phaseLine
	}
	c := page.canvas(names + height + canvas.Margin)
	part := c.Part(canvas.Margin, page.Height+names, width-2*canvas.Margin, height)
	p.Draw(part)
	drawPhases(c, o.Phases, p, part, width-canvas.Margin)
	return page.figure(c, o.Title, linesAlt(lines, o.Phases)), nil
}

func checkLines(lines []Line, logX bool) error {
	if n := len(lines); n == 0 || n > len(seriesColors) {
		return fmt.Errorf("%d series; give 1 to %d, more cannot be told apart", n, len(seriesColors))
	}
	for i, l := range lines {
		switch {
		case len(l.X) == 0:
			return fmt.Errorf("series %d (%s) is empty", i, l.Name)
		case len(l.X) != len(l.Y):
			return fmt.Errorf("series %d (%s) has %d x but %d y", i, l.Name, len(l.X), len(l.Y))
		case l.Intervals != nil && len(l.Intervals) != len(l.Y):
			return fmt.Errorf("series %d (%s) has %d points but %d intervals", i, l.Name, len(l.Y), len(l.Intervals))
		}
		if err := checkIntervals(l.Y, l.Intervals); err != nil {
			return fmt.Errorf("series %d (%s): %w", i, l.Name, err)
		}
		for k, x := range l.X {
			if !finite(x) || logX && x <= 0 {
				return fmt.Errorf("series %d (%s): x[%d] is %v; it must be finite, and positive on a logarithmic axis",
					i, l.Name, k, x)
			}
		}
	}
	if _, _, ok := span(valuesOf(lines)...); !ok {
		return errors.New("no y is a finite number")
	}
	return nil
}

// checkIntervals wants each finite value inside its interval, if there are intervals.
func checkIntervals(values []float64, intervals []metrics.Interval) error {
	for i, interval := range intervals {
		if v := values[i]; finite(v) && !(interval.Low <= v && v <= interval.High && finite(interval.Low) && finite(interval.High)) {
			return fmt.Errorf("value %d is %v, outside of its interval from %v to %v", i, v, interval.Low, interval.High)
		}
	}
	return nil
}

// standApart moves curves with intervals along the x axis, by a few pixels and at most a third of the distance of two x
// for all together. It gives the axis that holds them.
func standApart(curves []curve, x [2]float64, logX bool) [2]float64 {
	share := func(x float64) float64 { return x }
	back := share
	if logX {
		share, back = math.Log, math.Exp
	}
	var all []float64
	var moved []*curve
	for i := range curves {
		if c := &curves[i]; c.intervals != nil {
			moved = append(moved, c)
		}
		for _, v := range curves[i].x {
			all = append(all, share(v))
		}
	}
	slices.Sort(all)
	step := 0.008 * (share(x[1]) - share(x[0])) // 5 pixels
	for i := range len(all) - 1 {
		if gap := all[i+1] - all[i]; gap > 0 {
			step = min(step, gap/3/float64(len(curves)))
		}
	}
	for i, c := range moved {
		offset := step * (float64(i) - float64(len(moved)-1)/2)
		c.x = slices.Clone(c.x)
		for k, v := range c.x {
			c.x[k] = back(share(v) + offset)
			x[0], x[1] = min(x[0], c.x[k]), max(x[1], c.x[k])
		}
	}
	return x
}

func valuesOf(lines []Line) [][]float64 {
	ys := make([][]float64, len(lines))
	for i, l := range lines {
		ys[i] = l.Y
	}
	return ys
}

// wideRange is the span of values, opened up where it is a single point.
func wideRange(series [][]float64) [2]float64 {
	low, high, _ := span(series...)
	if low == high {
		return [2]float64{low - 0.5, high + 0.5}
	}
	return [2]float64{low, high}
}

func whole(series [][]float64) bool {
	for _, values := range series {
		if slices.ContainsFunc(values, func(v float64) bool { return v != float64(int64(v)) }) {
			return false
		}
	}
	return true
}

func ticksAt(series [][]float64) []plot.Tick {
	values := slices.Compact(slices.Sorted(slices.Values(slices.Concat(series...))))
	all := make([]plot.Tick, len(values))
	for i, v := range values {
		all[i] = plot.Tick{Value: v, Label: strconv.FormatFloat(v, 'g', 4, 64)}
	}
	return all
}

func linesAlt(lines []Line, phases []result.Phase) string {
	parts := make([]string, len(lines))
	for i, l := range lines {
		last := len(l.X) - 1
		parts[i] = fmt.Sprintf("%s from %.4g at %.4g to %.4g at %.4g", l.Name, l.Y[0], l.X[0], l.Y[last], l.X[last])
	}
	return "Line chart: " + strings.Join(append(parts, phasesAlt(phases)...), "; ") + "."
}
