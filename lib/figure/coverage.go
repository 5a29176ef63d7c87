package figure

import (
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/plot/plotter"

	"github.com/transfer-learning-go/defects/lib/internal/canvas"
	"github.com/transfer-learning-go/defects/lib/metrics"
	"github.com/transfer-learning-go/defects/lib/notice"
)

// CoverageLine is one curve of CoverageCurve.
type CoverageLine struct {
	Name     string // in the legend, with its AURC
	Coverage *metrics.Coverage
}

// CoverageOptions may be left empty.
type CoverageOptions struct {
	Title string
}

// leastAccepted is how many images a curve begins with.
const leastAccepted = 10

// intervalsAt are the coverages at which intervals are drawn. Those of other curves stand to the left, side by side.
var intervalsAt = []float64{0.4, 0.6, 0.8, 1}

const intervalsApart = 0.02

// CoverageCurve draws accuracy against coverage: how accurate a classifier is on the share of images that it is most sure
// of, one curve per model, with markers and 95 % Wilson intervals at a few coverages. The vertical axis reaches over the
// curves and intervals only. A curve begins where 10 images and 2 % of all are accepted: the accuracy of fewer says nothing.
//
// It is an error if there are no curves or more than seven, or if one has no images.
func CoverageCurve(lines []CoverageLine, o CoverageOptions) (*Figure, error) {
	if err := checkCoverage(lines); err != nil {
		return nil, fmt.Errorf("coverage curve: %w", err)
	}
	var notices, alts []string
	var legend []canvas.Entry
	var curves, marks []curve
	var ys [][]float64
	for i, l := range lines {
		style := curveStyle{seriesColors[i], lineShapes[i], lineDashes[i%len(lineDashes)]}
		line, mark := l.curves(style, intervalsApart*float64(i))
		curves, marks = append(curves, line), append(marks, mark)
		ys = append(ys, line.y)
		for k, interval := range mark.intervals {
			if finite(mark.y[k]) {
				ys = append(ys, []float64{interval.Low, interval.High})
			}
		}
		legend = append(legend, style.legend(fmt.Sprintf("%s, AURC %.4f", l.Name, l.Coverage.AURC)))
		notices, alts = append(notices, l.Coverage.Notice), append(alts, l.alt())
	}
	yRange, yTicks := roundedAxis(wideRange(ys), 8)
	xRange := [2]float64{0, 1}
	p, err := newPanel(nil, "coverage: share of images accepted", "accuracy of those accepted", ticks(0, 1, 10, false), yTicks,
		xRange, yRange)
	if err != nil {
		return nil, fmt.Errorf("coverage curve: %w", err)
	}
	for i := range lines {
		points := make(plotter.XYs, len(curves[i].x))
		for k := range points {
			points[k] = plotter.XY{X: curves[i].x[k], Y: curves[i].y[k]}
		}
		line, err := plotter.NewLine(points)
		if err != nil {
			return nil, fmt.Errorf("coverage curve %d (%s): %w", i, lines[i].Name, err)
		}
		line.LineStyle = curves[i].style.line()
		p.Add(line)
	}
	for i := range lines { // over all lines
		if err := marks[i].addTo(p); err != nil {
			return nil, fmt.Errorf("coverage curve %d (%s): %w", i, lines[i].Name, err)
		}
	}
	const width, height = 720.0, 380.0
	page := newPage(width, o.Title, notice.Join(notices...), legend)
	c := page.canvas(height + canvas.Margin)
	p.Draw(c.Part(canvas.Margin, page.Height, width-2*canvas.Margin, height))
	return page.figure(c, o.Title, "Accuracy against coverage: "+strings.Join(alts, "; ")+"."), nil
}

// curves are the line through all points, and the points that have markers and intervals: gaps keep them from being joined.
func (l CoverageLine) curves(style curveStyle, left float64) (line, marks curve) {
	line, marks = curve{style: style}, curve{style: style, intervals: []metrics.Interval{}}
	points := l.Coverage.Points
	last := points[len(points)-1]
	for _, s := range points {
		if s.Accepted >= leastAccepted && s.Coverage() >= 0.02 || s == last {
			line.x, line.y = append(line.x, s.Coverage()), append(line.y, s.Accuracy())
		}
	}
	before := 0
	for _, at := range intervalsAt {
		s := nearest(points, at-left)
		if s.Accepted == before {
			continue
		}
		before = s.Accepted
		marks.x = append(marks.x, s.Coverage(), math.NaN())
		marks.y = append(marks.y, s.Accuracy(), math.NaN())
		marks.intervals = append(marks.intervals, s.Interval(), metrics.Interval{})
	}
	return line, marks
}

// nearest is the selection whose coverage is nearest to a share.
func nearest(points []metrics.Selection, coverage float64) metrics.Selection {
	best := points[0]
	for _, s := range points {
		if math.Abs(s.Coverage()-coverage) < math.Abs(best.Coverage()-coverage) {
			best = s
		}
	}
	return best
}

func (l CoverageLine) alt() string {
	points := l.Coverage.Points
	all := points[len(points)-1]
	text := fmt.Sprintf("%s, AURC %.4f: %.2f %% right of all %d (95 %% interval %v)", l.Name, l.Coverage.AURC,
		100*all.Accuracy(), all.Images, all.Interval())
	for _, at := range []float64{0.9, 0.5} {
		s := nearest(points, at)
		text += fmt.Sprintf(", %.2f %% (%v) at coverage %.3f", 100*s.Accuracy(), s.Interval(), s.Coverage())
	}
	return text
}

func checkCoverage(lines []CoverageLine) error {
	if n := len(lines); n == 0 || n > len(seriesColors) {
		return fmt.Errorf("%d curves: give 1 to %d, more cannot be told apart", n, len(seriesColors))
	}
	for i, l := range lines {
		if l.Coverage == nil || len(l.Coverage.Points) == 0 {
			return fmt.Errorf("curve %d (%s) has no images", i, l.Name)
		}
	}
	return nil
}
