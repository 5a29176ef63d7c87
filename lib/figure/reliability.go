package figure

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/transfer-learning-go/defects/lib/internal/canvas"
	"github.com/transfer-learning-go/defects/lib/metrics"
	"github.com/transfer-learning-go/defects/lib/notice"
)

// ReliabilityPanel is one diagram of Reliability.
type ReliabilityPanel struct {
	Name        string // such as "as trained" and "temperature 1.8"
	Calibration *metrics.Calibration
}

// ReliabilityOptions may be left empty.
type ReliabilityOptions struct {
	Title string
}

const (
	maxReliability = 3
	reliableSide   = 218.0 // of the square, so that three fit beside each other
	reliableAxis   = 36.0  // room for the numbers of the vertical axis
	reliableTitle  = 22.0  // and for its title
	reliableLine   = 19.0  // of the name and the scores above the square
	histogramTop   = 16.0  // between the square and the histogram
	histogramSide  = 64.0
)

// Reliability draws reliability diagrams beside each other, such as those before and after temperature scaling: the
// accuracy of each bin against its mean confidence, with the 95 % Wilson interval, and the diagonal on which a classifier
// is right as often as it says. Below the diagonal it is too sure of itself. A histogram, with a logarithmic axis, says how
// many images the bins have; above stand the scores of metrics.Calibration.
//
// It is an error if there are no panels or more than three, or if one has no images.
func Reliability(panels []ReliabilityPanel, o ReliabilityOptions) (*Figure, error) {
	if err := checkReliability(panels); err != nil {
		return nil, fmt.Errorf("reliability diagram: %w", err)
	}
	var notices, alts []string
	most := 1
	for _, p := range panels {
		notices = append(notices, p.Calibration.Notice)
		alts = append(alts, p.alt())
		for _, b := range p.Calibration.Bins {
			most = max(most, b.Images)
		}
	}
	const step = reliableAxis + reliableSide + 2*canvas.Gap
	width := max(420, 2*canvas.Margin+reliableTitle+step*float64(len(panels)))
	diagonal := draw.LineStyle{Color: canvas.Grey, Width: 1.5, Dashes: []vg.Length{5, 4}}
	page := newPage(width, o.Title, notice.Join(notices...), []canvas.Entry{
		{Name: "images of a bin, 95 % interval", Mark: func(c *canvas.Canvas, x, y float64) {
			reliableMark(c, x+canvas.LegendMark/2, y, y-10, y+10)
		}},
		{Name: "right as often as sure", Mark: func(c *canvas.Canvas, x, y float64) {
			c.Line(diagonal, x, y, x+canvas.LegendMark, y)
		}},
	})
	const height = 3*reliableLine + reliableSide + histogramTop + histogramSide + 24 + 22
	c := page.canvas(height + canvas.Margin)
	top := page.Height + 3*reliableLine + 4
	base := top + reliableSide + histogramTop + histogramSide
	title := canvas.Label.Centred()
	for k, p := range panels {
		left := canvas.Margin + reliableTitle + reliableAxis + step*float64(k)
		p.drawScores(c, left, page.Height)
		c.Line(diagonal, left, top+reliableSide, left+reliableSide, top)
		p.drawBins(c, left, top)
		p.drawHistogram(c, left, base, most)
		c.Text(left+reliableSide/2, base+36, title, "confidence")
	}
	up := title.Turned(math.Pi / 2)
	c.Text(canvas.Margin+reliableTitle/2, top+reliableSide/2, up, "accuracy")
	c.Text(canvas.Margin+reliableTitle/2, base-histogramSide/2, up, "images")
	return page.figure(c, o.Title, "Reliability. "+strings.Join(alts, "; ")+"."), nil
}

func (p ReliabilityPanel) drawScores(c *canvas.Canvas, left, top float64) {
	name := canvas.Label.Bold()
	c.Text(left, top+reliableLine/2, name, name.Shorten(p.Name, reliableSide))
	for i, text := range []string{
		fmt.Sprintf("ECE %.2f %%, %s", 100*p.Calibration.ECE, canvas.Plural(p.Calibration.Images(), "image")),
		fmt.Sprintf("NLL %.4f, Brier %.4f", p.Calibration.NLL, p.Calibration.Brier),
	} {
		c.Text(left, top+(float64(i)+1.5)*reliableLine, canvas.Body, canvas.Body.Shorten(text, reliableSide))
	}
}

// drawBins draws the grid of a square whose corners are (0, 0) and (1, 1), and the accuracy of each bin.
func (p ReliabilityPanel) drawBins(c *canvas.Canvas, left, top float64) {
	x := func(v float64) float64 { return left + reliableSide*min(v, 1) }
	y := func(v float64) float64 { return top + reliableSide*(1-v) }
	for _, t := range ticks(0, 1, 6, false) {
		light := draw.LineStyle{Color: canvas.LightGrey, Width: 1}
		c.Line(light, x(t.Value), top, x(t.Value), y(0))
		c.Line(light, left, y(t.Value), x(1), y(t.Value))
		c.Text(left-6, y(t.Value), canvas.Body.Ending(), t.Label)
	}
	c.Frame(left, top, reliableSide, reliableSide, draw.LineStyle{Color: canvas.Grey, Width: 1})
	for _, b := range p.Calibration.Bins {
		if b.Images > 0 {
			i := b.Interval()
			reliableMark(c, x(b.Confidence), y(b.Accuracy()), y(i.Low), y(i.High))
		}
	}
}

func reliableMark(c *canvas.Canvas, x, y, low, high float64) {
	style := draw.LineStyle{Color: seriesColors[0], Width: 1.5}
	c.Line(style, x, low, x, high)
	c.Line(style, x-3, low, x+3, low)
	c.Line(style, x-3, high, x+3, high)
	c.Disc(x, y, 4, seriesColors[0])
}

// drawHistogram draws how many images the bins have, upwards from base. Where nearly all images are in the last bin, only
// a logarithm shows the others.
func (p ReliabilityPanel) drawHistogram(c *canvas.Canvas, left, base float64, most int) {
	const one = 0.1 // height of a bar of one image, as a share of a factor of ten
	tens := max(1, math.Log10(float64(most)))
	height := func(n float64) float64 { return histogramSide * (math.Log10(n) + one) / (tens + one) }
	axis := draw.LineStyle{Color: canvas.Grey, Width: 1}
	for k := range int(tens) + 1 {
		n := math.Pow10(k)
		c.Line(draw.LineStyle{Color: canvas.LightGrey, Width: 1}, left, base-height(n), left+reliableSide, base-height(n))
		if tens < 4 || k%2 == 0 {
			c.Text(left-6, base-height(n), canvas.Tiny.Ending(), strconv.Itoa(int(n)))
		}
	}
	for _, b := range p.Calibration.Bins {
		if b.Images > 0 {
			h := height(float64(b.Images))
			c.Box(left+reliableSide*b.Low+0.5, base-h, reliableSide*(b.High-b.Low)-1, h, seriesColors[0])
		}
	}
	c.Line(axis, left, base, left+reliableSide, base)
	for _, t := range ticks(0, 1, 6, false) {
		x := left + reliableSide*t.Value
		c.Line(axis, x, base, x, base+5)
		c.Text(x, base+15, canvas.Body.Centred(), t.Label)
	}
}

func (p ReliabilityPanel) alt() string {
	scores := *p.Calibration
	scores.Notice = "" // the figure says it
	var bins []string
	for _, b := range p.Calibration.Bins {
		if b.Images > 0 {
			bins = append(bins, fmt.Sprintf("%d of %d right at %.3f", b.Right, b.Images, b.Confidence))
		}
	}
	text := scores.String() + "; by mean confidence " + strings.Join(bins, ", ")
	if p.Name != "" {
		text = p.Name + ", " + text
	}
	return text
}

func checkReliability(panels []ReliabilityPanel) error {
	if n := len(panels); n == 0 || n > maxReliability {
		return fmt.Errorf("%d panels: give 1 to %d", n, maxReliability)
	}
	for k, p := range panels {
		if p.Calibration == nil {
			return fmt.Errorf("panel %d (%s) has no calibration", k, p.Name)
		}
		if p.Calibration.Images() == 0 {
			return fmt.Errorf("panel %d (%s) has no images", k, p.Name)
		}
	}
	return nil
}
