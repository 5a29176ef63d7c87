package figure

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot/vg/draw"

	"github.com/transfer-learning-go/defects/lib/internal/canvas"
	"github.com/transfer-learning-go/defects/lib/metrics"
)

// BarGroup is one set of bars, one bar per label, such as the images per class of one split.
type BarGroup struct {
	Name      string             // in the legend, which is drawn for two and more groups
	Values    []float64          // not negative; NaN is shown as "n/a"
	Intervals []metrics.Interval // nil, or one per value, drawn as an error bar
}

// maxBars keeps a chart at the length of a page or two.
const maxBars = 200

// Counts is a set of bars that shows whole numbers, such as images per class.
func Counts(name string, counts []int) BarGroup {
	g := BarGroup{Name: name}
	for _, n := range counts {
		g.Values = append(g.Values, float64(n))
	}
	return g
}

// BarsOptions may be left empty.
type BarsOptions struct {
	Title  string
	X      string // axis title: what the bars measure
	Notice string // of what the numbers come from
}

// Bars draws horizontal bars from 0 with their values, labels downwards and the groups of a label next to each
// other. Whole numbers are shown as they are, shares with three decimals.
//
// It is an error if there is nothing to draw, if a group's lengths differ from the number of labels, if a value
// is negative or infinite, or if there are more than seven groups or 200 bars.
func Bars(labels []string, groups []BarGroup, o BarsOptions) (*Figure, error) {
	if err := checkBars(labels, groups); err != nil {
		return nil, fmt.Errorf("bar chart: %w", err)
	}
	const (
		width  = 720.0
		bar    = 20.0
		rowGap = 12.0
	)
	var legend []canvas.Entry
	if len(groups) > 1 {
		for g, group := range groups {
			legend = append(legend, canvas.Entry{Name: group.Name, Mark: canvas.BarMark(seriesColors[g])})
		}
	}
	page := newPage(width, o.Title, o.Notice, legend)
	style := canvas.Body
	format, high := barFormat(groups)
	names := style.ShortenNames(labels)
	left := canvas.Margin + style.Widest(names) + nameGap
	right := width - canvas.Margin - style.Width(format(high)) - nameGap
	row := float64(len(groups))*bar + rowGap
	plotHeight := row * float64(len(labels))
	axisHeight := 24.0
	if o.X != "" {
		axisHeight += 22
	}
	c := page.canvas(plotHeight + axisHeight + canvas.Margin)

	x := func(v float64) float64 { return left + (right-left)*v/high }
	bottom := page.Height + plotHeight
	thin := draw.LineStyle{Color: canvas.Grey, Width: 1}
	for _, t := range ticks(0, high, 8, format(1) == "1") {
		c.Line(draw.LineStyle{Color: canvas.LightGrey, Width: 1}, x(t.Value), page.Height, x(t.Value), bottom)
		c.Line(thin, x(t.Value), bottom, x(t.Value), bottom+5)
		c.Text(x(t.Value), bottom+15, style.Centred(), t.Label)
	}
	c.Text((left+right)/2, bottom+36, canvas.Label.Centred(), o.X)
	for i, name := range names {
		top := page.Height + float64(i)*row + rowGap/2
		c.Text(left-nameGap, top+float64(len(groups))*bar/2, style.Ending(), name)
		for g, group := range groups {
			y, v, end := top+float64(g)*bar, group.Values[i], left
			if finite(v) {
				c.Box(left, y+1, x(v)-left, bar-2, seriesColors[g])
				end = x(v)
				if group.Intervals != nil {
					end = max(end, errorBar(c, x(group.Intervals[i].Low), x(group.Intervals[i].High), y+bar/2))
				}
			}
			c.Text(end+6, y+bar/2, style, format(v))
		}
	}
	c.Line(thin, left, page.Height, left, bottom)
	return page.figure(c, o.Title, barsAlt(labels, groups, format)), nil
}

// errorBar draws an interval from x0 to x1, white below black so that it shows on any bar, and returns its end.
func errorBar(c *canvas.Canvas, x0, x1, y float64) float64 {
	const cap = 4
	for _, style := range []draw.LineStyle{{Color: canvas.White, Width: 3.5}, {Color: canvas.Black, Width: 1.5}} {
		c.Line(style, x0, y, x1, y)
		c.Line(style, x0, y-cap, x0, y+cap)
		c.Line(style, x1, y-cap, x1, y+cap)
	}
	return x1
}

// barFormat is how values are written, and the end of the axis.
func barFormat(groups []BarGroup) (format func(float64) string, high float64) {
	counts := true
	for _, g := range groups {
		for i, v := range g.Values {
			if finite(v) {
				high = max(high, v)
				counts = counts && v == math.Trunc(v)
			}
			if g.Intervals != nil {
				high, counts = max(high, g.Intervals[i].High), false
			}
		}
	}
	digits := 3
	if counts {
		digits = 0
	}
	if high == 0 {
		high = 1
	}
	return func(v float64) string {
		if math.IsNaN(v) {
			return "n/a"
		}
		return strconv.FormatFloat(v, 'f', digits, 64)
	}, high
}

func checkBars(labels []string, groups []BarGroup) error {
	n := len(labels)
	switch {
	case n == 0:
		return errors.New("no labels given")
	case len(groups) == 0 || len(groups) > len(seriesColors):
		return fmt.Errorf("%d groups; give 1 to %d, more cannot be told apart", len(groups), len(seriesColors))
	case n*len(groups) > maxBars:
		return fmt.Errorf("%d bars cannot be read in one figure; draw at most %d", n*len(groups), maxBars)
	}
	for g, group := range groups {
		if len(group.Values) != n {
			return fmt.Errorf("group %d (%s) has %d values for %d labels", g, group.Name, len(group.Values), n)
		}
		if group.Intervals != nil && len(group.Intervals) != n {
			return fmt.Errorf("group %d (%s) has %d intervals for %d labels", g, group.Name, len(group.Intervals), n)
		}
		if err := checkIntervals(group.Values, group.Intervals); err != nil {
			return fmt.Errorf("group %d (%s): %w", g, group.Name, err)
		}
		for i, v := range group.Values {
			if v < 0 || math.IsInf(v, 0) {
				return fmt.Errorf("group %d (%s): the value of %s is %v; a bar must be finite and not negative",
					g, group.Name, labels[i], v)
			}
		}
	}
	return nil
}

func barsAlt(labels []string, groups []BarGroup, format func(float64) string) string {
	parts := make([]string, len(groups))
	for g, group := range groups {
		values := make([]string, len(labels))
		for i, label := range labels {
			values[i] = label + " " + format(group.Values[i])
			if group.Intervals != nil {
				values[i] += " (95 % interval " + group.Intervals[i].String() + ")"
			}
		}
		parts[g] = strings.Join(values, ", ")
		if group.Name != "" {
			parts[g] = group.Name + ": " + parts[g]
		}
	}
	return "Bar chart. " + strings.Join(parts, "; ") + "."
}
