package figure

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"gonum.org/v1/plot"

	"github.com/transfer-learning-go/defects/lib/internal/canvas"
	"github.com/transfer-learning-go/defects/lib/metrics"
)

// Point is one named point of a scatter plot, such as a model with its cost and accuracy.
type Point struct {
	Name     string
	X, Y     float64
	Interval metrics.Interval // of Y, in its unit; the zero one draws none
}

// maxPoints is how many names a scatter plot has room for.
const maxPoints = 20

// ScatterOptions may be left empty.
type ScatterOptions struct {
	Title  string
	X, Y   string // axis titles
	LogX   bool   // logarithmic x axis, for costs from seconds to hours
	Notice string // of what the numbers come from
}

// Scatter draws points with their names beside them and their intervals as error bars, such as the accuracy of some
// models against the time that they take. Names do not overlap: where points are close, a name stands aside with a line
// to its point.
//
// It is an error if there is no point or more than 20, if a number is not finite, if an interval is not around its Y, if
// LogX meets an X that is not positive, or if the names are too long to find room.
func Scatter(points []Point, o ScatterOptions) (*Figure, error) {
	if err := checkPoints(points, o.LogX); err != nil {
		return nil, fmt.Errorf("scatter plot: %w", err)
	}
	curves := make([]curve, len(points))
	var xs, ys []float64
	for i, p := range points {
		curves[i] = curve{x: []float64{p.X}, y: []float64{p.Y}, style: curveStyle{color: seriesColors[i%len(seriesColors)],
			shape: lineShapes[i%len(lineShapes)]}}
		xs, ys = append(xs, p.X), append(ys, p.Y)
		if p.Interval != (metrics.Interval{}) {
			curves[i].intervals = []metrics.Interval{p.Interval}
			ys = append(ys, p.Interval.Low, p.Interval.High)
		}
	}
	x, xTicks := roundedAxis(wideRange([][]float64{xs}), 8)
	if o.LogX {
		x, xTicks = roundedLogAxis(slices.Min(xs), slices.Max(xs))
	}
	y, yTicks := roundedAxis(wideRange([][]float64{ys}), 8)
	p, err := newPanel(curves, o.X, o.Y, xTicks, yTicks, x, y)
	if err != nil {
		return nil, fmt.Errorf("scatter plot: %w", err)
	}
	if o.LogX {
		p.X.Scale = plot.LogScale{}
	}
	const width, height = 720.0, 420.0
	page := newPage(width, o.Title, o.Notice, nil)
	c := page.canvas(aboveNames + height + canvas.Margin)
	part := c.Part(canvas.Margin, page.Height+aboveNames, width-2*canvas.Margin, height)
	p.Draw(part)
	if err := drawNames(c, p, p.DataCanvas(part), points); err != nil {
		return nil, fmt.Errorf("scatter plot: %w", err)
	}
	return page.figure(c, o.Title, scatterAlt(points)), nil
}

func checkPoints(points []Point, logX bool) error {
	if len(points) == 0 {
		return errors.New("no points given")
	}
	if len(points) > maxPoints {
		return fmt.Errorf("%d names cannot be read in one figure; draw at most %d", len(points), maxPoints)
	}
	for _, p := range points {
		switch {
		case !finite(p.X) || !finite(p.Y):
			return fmt.Errorf("%s lies at x %v, y %v; both must be finite", p.Name, p.X, p.Y)
		case logX && p.X <= 0:
			return fmt.Errorf("%s lies at x %v; it must be positive on a logarithmic axis", p.Name, p.X)
		}
		if p.Interval != (metrics.Interval{}) {
			if err := checkIntervals([]float64{p.Y}, []metrics.Interval{p.Interval}); err != nil {
				return fmt.Errorf("%s: %w", p.Name, err)
			}
		}
	}
	return nil
}

func scatterAlt(points []Point) string {
	parts := make([]string, len(points))
	for i, p := range points {
		parts[i] = fmt.Sprintf("%s %.4g", p.Name, p.Y)
		if p.Interval != (metrics.Interval{}) {
			parts[i] += fmt.Sprintf(" (interval %.4g to %.4g)", p.Interval.Low, p.Interval.High)
		}
		parts[i] += fmt.Sprintf(" at %.4g", p.X)
	}
	return "Scatter plot: " + strings.Join(parts, "; ") + "."
}
