package figure

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg/draw"

	"github.com/transfer-learning-go/defects/lib/internal/canvas"
	"github.com/transfer-learning-go/defects/lib/result"
)

var (
	trainStyle      = curveStyle{color: trainColor, shape: draw.CircleGlyph{}}
	validationStyle = curveStyle{color: validationColor, shape: draw.PyramidGlyph{}}
)

// CurvesOptions may be left empty.
type CurvesOptions struct {
	Title  string // if empty, it says how many epochs there are
	Epochs int    // length of the epoch axis while training goes on; 0 ends it at the last epoch
	Small  bool   // half a page wide, for Beside
}

// series holds one value per finished epoch for each of the two splits. A value that is not finite leaves a gap.
type series struct{ train, validation []float64 }

// Curves draws loss and accuracy over epochs side by side, training in black with circles and validation, if there is
// any, in red with triangles. Where the history has phases, each has its name at its first epoch, and a dashed line
// before it. The picture has the same size for any number of epochs, and with CurvesOptions.Epochs the same epoch axis,
// so that it can be redrawn while training goes on; then it may also be empty.
//
// It is an error if the history's lists differ in length, if there is no epoch and Epochs is 0, or if a phase does not
// begin after the phase before it and on the epoch axis. It may begin with the epoch that comes next.
func Curves(h *result.History, o CurvesOptions) (*Figure, error) {
	if h == nil {
		return nil, errors.New("training curves: no history given")
	}
	loss, accuracy := series{h.Loss, h.ValLoss}, series{h.Accuracy, h.ValAccuracy}
	epochs := h.Epochs()
	last := max(epochs, o.Epochs)
	if err := checkCurves(loss, accuracy, o.Epochs); err != nil {
		return nil, fmt.Errorf("training curves: %w", err)
	}
	if err := checkPhases(h.Phases, last); err != nil {
		return nil, fmt.Errorf("training curves: %w", err)
	}
	title := o.Title
	if title == "" {
		title = "Loss and accuracy over " + canvas.Plural(epochs, "epoch")
		if o.Epochs > epochs {
			title = fmt.Sprintf("Loss and accuracy, epoch %d of %d", epochs, o.Epochs)
		}
	}
	legend := []canvas.Entry{trainStyle.legend("training")}
	if len(loss.validation) > 0 || epochs == 0 {
		legend = append(legend, validationStyle.legend("validation"))
	}
	width, height, gap, most := canvas.PageWidth, 320.0, 2*canvas.Gap, 11
	if o.Small {
		width, height, gap, most = canvas.PageWidth/2, 200, canvas.Gap, 5
	}
	page := newPage(width, title, h.Notice, legend)
	top, names := page.Height, 0.0
	if len(h.Phases) > 0 {
		names = phaseLine
	}
	c := page.canvas(names + height + canvas.Margin)
	panelWidth := (width - 2*canvas.Margin - gap) / 2
	for i, panel := range []struct {
		name   string
		series series
		y      [2]float64
	}{{"loss", loss, lossRange(loss)}, {"accuracy", accuracy, accuracyRange(accuracy)}} {
		p, err := epochPanel(panel.name, panel.series, panel.y, last, most)
		if err != nil {
			return nil, fmt.Errorf("training curves, %s: %w", panel.name, err)
		}
		left := canvas.Margin + float64(i)*(panelWidth+gap)
		part := c.Part(left, top+names, panelWidth, height)
		p.Draw(part)
		drawPhases(c, h.Phases, p, part, left+panelWidth)
	}
	return page.figure(c, o.Title, curvesAlt(loss, accuracy, h.Phases)), nil
}

// epochPanel plots a series over epochs from 1 to last, with at most most ticks.
func epochPanel(name string, s series, y [2]float64, last, most int) (*plot.Plot, error) {
	yRange, yTicks := roundedAxis(y, 7)
	xRange := [2]float64{1, float64(last)}
	if last == 1 {
		xRange = [2]float64{0.5, 1.5}
	}
	x := epochNumbers(len(s.train))
	return newPanel([]curve{
		{x: x, y: s.train, style: trainStyle},
		{x: x, y: s.validation, style: validationStyle},
	}, "epoch", name, epochTicks(last, most), yTicks, xRange, yRange)
}

func checkCurves(loss, accuracy series, planned int) error {
	n := len(loss.train)
	for _, s := range []struct {
		name   string
		values []float64
		empty  bool // may be empty
	}{
		{"training accuracy", accuracy.train, false},
		{"validation loss", loss.validation, true},
		{"validation accuracy", accuracy.validation, true},
	} {
		if len(s.values) != n && !(s.empty && len(s.values) == 0) {
			return fmt.Errorf("training loss has %d epochs, %s %d; give one value per epoch", n, s.name, len(s.values))
		}
	}
	if len(loss.validation) != len(accuracy.validation) {
		return errors.New("validation loss and validation accuracy: one is empty; give both or none")
	}
	for _, values := range [][]float64{accuracy.train, accuracy.validation} {
		for i, v := range values {
			if finite(v) && (v < 0 || v > 1) {
				return fmt.Errorf("the accuracy of epoch %d is %v; give shares from 0 to 1", i+1, v)
			}
		}
	}
	if n == 0 && planned <= 0 {
		return errors.New("no epoch yet; train at least one, or set CurvesOptions.Epochs to draw empty axes")
	}
	return nil
}

// lossRange starts at 0, so that the distance to a perfect fit shows.
func lossRange(s series) [2]float64 {
	_, high, ok := span(s.train, s.validation)
	if !ok || high <= 0 {
		return [2]float64{0, 1}
	}
	return [2]float64{0, high}
}

// accuracyRange ends at 1 and starts at the tenth below the lowest value.
func accuracyRange(s series) [2]float64 {
	low, _, ok := span(s.train, s.validation)
	if !ok {
		return [2]float64{0, 1}
	}
	return [2]float64{min(0.9, max(0, math.Floor(low*10)/10)), 1}
}

func epochNumbers(n int) []float64 {
	numbers := make([]float64, n)
	for i := range numbers {
		numbers[i] = float64(i + 1)
	}
	return numbers
}

func curvesAlt(loss, accuracy series, phases []result.Phase) string {
	if len(loss.train) == 0 {
		return "Empty axes of loss and accuracy; no epoch is finished yet."
	}
	parts := []string{"Curves over " + canvas.Plural(len(loss.train), "epoch")}
	for _, s := range []struct {
		name   string
		values []float64
		digits int
	}{
		{"training loss", loss.train, 3}, {"validation loss", loss.validation, 3},
		{"training accuracy", accuracy.train, 4}, {"validation accuracy", accuracy.validation, 4},
	} {
		switch n := len(s.values); {
		case n == 1:
			parts = append(parts, fmt.Sprintf("%s %.*f", s.name, s.digits, s.values[0]))
		case n > 1:
			parts = append(parts, fmt.Sprintf("%s from %.*f to %.*f", s.name, s.digits, s.values[0], s.digits, s.values[n-1]))
		}
	}
	return strings.Join(append(parts, phasesAlt(phases)...), "; ") + "."
}
