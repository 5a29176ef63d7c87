package figure

import (
	"fmt"
	"math"
	"strconv"
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

// coverageIntervals is how many intervals a curve has, evenly spread. Those of other curves stand to the left, side by side.
const coverageIntervals = 4

// CoverageCurve draws accuracy against coverage: how accurate a classifier is on the share of images that it is most sure
// of, one curve per model, with markers and 95 % Wilson intervals at a few coverages. Both axes begin where the curves do:
// the vertical one at the least accuracy or end of an interval, the horizontal one at the tenth before the first mistake,
// since all curves are at 1 on the left of it. A curve begins where 10 images and 2 % of all are accepted: the accuracy of
// fewer says nothing.
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
	begin := 0.8
	for _, l := range lines {
		begin = min(begin, math.Floor(10*l.faultless())/10)
	}
	for i, l := range lines {
		style := curveStyle{seriesColors[i], lineShapes[i], lineDashes[i%len(lineDashes)]}
		line, mark := l.curves(style, begin, i)
		curves, marks = append(curves, line), append(marks, mark)
		ys = append(ys, line.y)
		for k, interval := range mark.intervals {
			if finite(mark.y[k]) {
				ys = append(ys, []float64{interval.Low, interval.High})
			}
		}
		legend = append(legend, style.legend(l.Name+", AURC "+significant(l.Coverage.AURC)))
		notices, alts = append(notices, l.Coverage.Notice), append(alts, l.alt())
	}
	xRange := [2]float64{begin, 1}
	yRange, yTicks := roundedAxis(wideRange(ys), 8)
	p, err := newPanel(nil, "coverage: share of images accepted", "accuracy of those accepted", ticks(begin, 1, 11, false),
		yTicks, xRange, yRange)
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

// curves are the line through all points from a coverage on, and the points that have markers and intervals: gaps keep
// them from being joined. Marks of curve i are so far to the left that up to seven curves keep theirs apart.
func (l CoverageLine) curves(style curveStyle, begin float64, i int) (line, marks curve) {
	line, marks = curve{style: style}, curve{style: style, intervals: []metrics.Interval{}}
	points := l.Coverage.Points
	last := points[len(points)-1]
	for _, s := range points {
		if s.Coverage() >= begin && s.Accepted >= leastAccepted && s.Coverage() >= 0.02 || s == last {
			line.x, line.y = append(line.x, s.Coverage()), append(line.y, s.Accuracy())
		}
	}
	step, before := (1-begin)/coverageIntervals, -1
	for k := 1; k <= coverageIntervals; k++ {
		s := nearest(points, begin+step*(float64(k)-float64(i)/float64(len(seriesColors))))
		if s.Accepted == before || s.Coverage() < begin {
			continue
		}
		before = s.Accepted
		marks.x = append(marks.x, s.Coverage(), math.NaN())
		marks.y = append(marks.y, s.Accuracy(), math.NaN())
		marks.intervals = append(marks.intervals, s.Interval(), metrics.Interval{})
	}
	return line, marks
}

// faultless is the largest coverage up to which all images are right; 0 if the most confident is not.
func (l CoverageLine) faultless() float64 {
	share := 0.0
	for _, s := range l.Coverage.Points {
		if s.Right < s.Accepted {
			break
		}
		share = s.Coverage()
	}
	return share
}

func (l CoverageLine) label() string {
	text := "AURC " + significant(l.Coverage.AURC)
	if l.Name != "" {
		text = l.Name + ", " + text
	}
	return text
}

// significant is a share with three significant digits.
func significant(share float64) string {
	if !(share > 0) {
		return "0"
	}
	return strconv.FormatFloat(share, 'f', 2-int(math.Floor(math.Log10(share))), 64)
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
	text := fmt.Sprintf("%s, no mistake up to coverage %.3f, %.2f %% right of all %d (95 %% interval %v)", l.label(),
		l.faultless(), 100*all.Accuracy(), all.Images, all.Interval())
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
