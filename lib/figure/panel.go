package figure

import (
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/transfer-learning-go/defects/lib/internal/canvas"
	"github.com/transfer-learning-go/defects/lib/metrics"
)

// curve is one series of points in a panel. Points that are not finite are left out and interrupt the line.
type curve struct {
	name      string
	x, y      []float64
	intervals []metrics.Interval // nil, or one per point
	style     curveStyle
}

type curveStyle struct {
	color  color.Color
	shape  draw.GlyphDrawer
	dashes []vg.Length
}

func (s curveStyle) line() draw.LineStyle {
	return draw.LineStyle{Color: s.color, Width: 2, Dashes: s.dashes}
}

func (s curveStyle) marker() draw.GlyphStyle {
	return draw.GlyphStyle{Color: s.color, Radius: 4, Shape: s.shape}
}

// hollow is a marker that is white inside. gonum's own hollow ones are as thin as hairs, and lines show through.
type hollow struct{ draw.GlyphDrawer }

func (h hollow) DrawGlyph(c *draw.Canvas, s draw.GlyphStyle, at vg.Point) {
	h.GlyphDrawer.DrawGlyph(c, s, at)
	c.SetColor(canvas.White)
	s.Radius -= 1.8
	h.GlyphDrawer.DrawGlyph(c, s, at)
}

func (s curveStyle) legend(name string) canvas.Entry {
	return canvas.Entry{Name: name, Mark: func(c *canvas.Canvas, x, y float64) {
		c.Line(s.line(), x, y, x+canvas.LegendMark, y)
		c.DrawGlyph(s.marker(), c.Point(x+canvas.LegendMark/2, y))
	}}
}

// maxMarkers keeps the markers of a long run apart; the line goes through every point all the same.
const maxMarkers = 30

// newPanel is a plot of curves with a grid, without title or legend, whose axes reach at least over the ranges.
func newPanel(curves []curve, xTitle, yTitle string, xTicks, yTicks []plot.Tick, xRange, yRange [2]float64) (*plot.Plot, error) {
	p := plot.New()
	p.BackgroundColor = canvas.White
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = canvas.LightGrey, canvas.LightGrey
	grid.Horizontal.Width, grid.Vertical.Width = 1, 1
	p.Add(grid, markerRoom{})
	for _, c := range curves {
		if err := c.addTo(p); err != nil {
			return nil, err
		}
	}
	for _, a := range []struct {
		axis  *plot.Axis
		title string
		ticks []plot.Tick
		ends  [2]float64
	}{{&p.X, xTitle, xTicks, xRange}, {&p.Y, yTitle, yTicks, yRange}} {
		a.axis.Label.Text = a.title
		a.axis.Label.TextStyle.Font = canvas.Label.Font
		a.axis.Label.Padding = 4
		a.axis.Tick.Label.Font = canvas.Body.Font
		a.axis.Tick.Marker = plot.ConstantTicks(a.ticks)
		a.axis.Tick.Length = 5
		a.axis.LineStyle.Width, a.axis.Tick.LineStyle.Width = 1, 1
		a.axis.Min, a.axis.Max = a.ends[0], a.ends[1]
	}
	return p, nil
}

// markerRoom keeps room for markers at all edges of a plot, so that panels side by side have equal axes,
// whatever points they hold.
type markerRoom struct{}

func (markerRoom) Plot(draw.Canvas, *plot.Plot) {}

func (markerRoom) GlyphBoxes(*plot.Plot) []plot.GlyphBox {
	size := curveStyle{}.marker().Rectangle()
	return []plot.GlyphBox{{X: 0, Y: 0, Rectangle: size}, {X: 1, Y: 1, Rectangle: size}}
}

func (c curve) addTo(p *plot.Plot) error {
	var points plotter.XYs
	var errors plotter.YErrors
	var run plotter.XYs
	endRun := func() error {
		if len(run) > 1 {
			line, err := plotter.NewLine(run)
			if err != nil {
				return err
			}
			line.LineStyle = c.style.line()
			p.Add(line)
		}
		run = nil
		return nil
	}
	for i, y := range c.y {
		if !finite(y) || !finite(c.x[i]) {
			if err := endRun(); err != nil {
				return err
			}
			continue
		}
		run = append(run, plotter.XY{X: c.x[i], Y: y})
		points = append(points, plotter.XY{X: c.x[i], Y: y})
		if c.intervals != nil {
			errors = append(errors, struct{ Low, High float64 }{y - c.intervals[i].Low, c.intervals[i].High - y})
		}
	}
	if err := endRun(); err != nil {
		return err
	}
	if len(points) == 0 {
		return nil
	}
	if errors != nil {
		bars, err := plotter.NewYErrorBars(struct {
			plotter.XYs
			plotter.YErrors
		}{points, errors})
		if err != nil {
			return err
		}
		bars.LineStyle = draw.LineStyle{Color: c.style.color, Width: 1.5}
		bars.CapWidth = 8
		p.Add(bars)
	}
	markers, err := plotter.NewScatter(thin(points))
	if err != nil {
		return err
	}
	markers.GlyphStyle = c.style.marker()
	p.Add(markers)
	return nil
}

// thin keeps at most maxMarkers points, evenly spread, the first and the last among them.
func thin(points plotter.XYs) plotter.XYs {
	n := len(points)
	if n <= maxMarkers {
		return points
	}
	kept := make(plotter.XYs, maxMarkers)
	for i := range kept {
		kept[i] = points[i*(n-1)/(maxMarkers-1)]
	}
	return kept
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// span is the smallest and largest finite value, or ok = false if there is none.
func span(series ...[]float64) (low, high float64, ok bool) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, values := range series {
		for _, v := range values {
			if finite(v) {
				low, high, ok = min(low, v), max(high, v), true
			}
		}
	}
	return low, high, ok
}
