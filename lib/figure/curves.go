package figure

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/plot/vg/draw"
)

// Series holds one value per finished epoch for each of the two splits, the first epoch first.
// Validation may be empty. A value that is not finite leaves a gap.
type Series struct {
	Train, Validation []float64
}

const (
	pageWidth   = 880.0 // of figures that fill a report
	panelHeight = 320.0
)

var (
	trainStyle      = curveStyle{color: trainColor, shape: draw.CircleGlyph{}}
	validationStyle = curveStyle{color: validationColor, shape: draw.PyramidGlyph{}}
)

// Curves draws loss and accuracy over epochs side by side, training in black with circles and validation in red
// with triangles. The picture has the same size for any number of epochs, and with Options.Epochs the same
// epoch axis, so that it can be redrawn while training goes on; then it may also be empty. Each of Options.Phases
// has a dashed line before its first epoch, with its name.
//
// It is an error if the series differ in length, if there is no epoch and Options.Epochs is 0, or if a phase does
// not begin on the epoch axis after the phase before it.
func Curves(loss, accuracy Series, o Options) (*Figure, error) {
	epochs := len(loss.Train)
	last := max(epochs, o.Epochs)
	if err := checkCurves(loss, accuracy, o.Epochs); err != nil {
		return nil, fmt.Errorf("training curves: %w", err)
	}
	if err := checkPhases(o.Phases, last); err != nil {
		return nil, fmt.Errorf("training curves: %w", err)
	}
	title := o.Title
	if title == "" {
		title = "Loss and accuracy over " + plural(epochs, "epoch")
		if o.Epochs > epochs {
			title = fmt.Sprintf("Loss and accuracy, epoch %d of %d", epochs, o.Epochs)
		}
	}
	legend := []legendEntry{trainStyle.legend("training")}
	if len(loss.Validation) > 0 || epochs == 0 {
		legend = append(legend, validationStyle.legend("validation"))
	}
	h := newHeader(pageWidth, title, o.Notice, legend)
	top := h.height
	if len(o.Phases) > 0 {
		top += phaseLine
	}
	c := newCanvas(pageWidth, top+panelHeight+margin)
	h.draw(c)

	const panelWidth = (pageWidth - 2*margin - 2*gap) / 2
	for i, panel := range []struct {
		name   string
		series Series
		y      [2]float64
	}{{"loss", loss, lossRange(loss)}, {"accuracy", accuracy, accuracyRange(accuracy)}} {
		yRange, yTicks := roundedAxis(panel.y, 7)
		xRange := [2]float64{1, float64(last)}
		xTicks := epochTicks(last)
		if last == 1 {
			xRange = [2]float64{0.5, 1.5}
		}
		p, err := newPanel([]curve{
			{x: epochNumbers(epochs), y: panel.series.Train, style: trainStyle},
			{x: epochNumbers(epochs), y: panel.series.Validation, style: validationStyle},
		}, "epoch", panel.name, xTicks, yTicks, xRange, yRange)
		if err != nil {
			return nil, fmt.Errorf("training curves, %s: %w", panel.name, err)
		}
		left := margin + float64(i)*(panelWidth+2*gap)
		part := c.part(left, top, panelWidth, panelHeight)
		p.Draw(part)
		c.phases(o.Phases, p, part, left+panelWidth)
	}
	return c.figure(o.alt(curvesAlt(loss, accuracy, o.Phases))), nil
}

func checkCurves(loss, accuracy Series, planned int) error {
	n := len(loss.Train)
	for _, s := range []struct {
		name   string
		values []float64
		empty  bool // may be empty
	}{
		{"training accuracy", accuracy.Train, false},
		{"validation loss", loss.Validation, true},
		{"validation accuracy", accuracy.Validation, true},
	} {
		if len(s.values) != n && !(s.empty && len(s.values) == 0) {
			return fmt.Errorf("training loss has %d epochs, %s %d; give one value per epoch", n, s.name, len(s.values))
		}
	}
	if len(loss.Validation) != len(accuracy.Validation) {
		return errors.New("validation loss and validation accuracy: one is empty; give both or none")
	}
	for _, values := range [][]float64{accuracy.Train, accuracy.Validation} {
		for i, v := range values {
			if finite(v) && (v < 0 || v > 1) {
				return fmt.Errorf("the accuracy of epoch %d is %v; give shares from 0 to 1", i+1, v)
			}
		}
	}
	if n == 0 && planned <= 0 {
		return errors.New("no epoch yet; train at least one, or set Options.Epochs to draw empty axes")
	}
	return nil
}

// lossRange starts at 0, so that the distance to a perfect fit shows.
func lossRange(s Series) [2]float64 {
	_, high, ok := span(s.Train, s.Validation)
	if !ok || high <= 0 {
		return [2]float64{0, 1}
	}
	return [2]float64{0, high}
}

// accuracyRange ends at 1 and starts at the tenth below the lowest value.
func accuracyRange(s Series) [2]float64 {
	low, _, ok := span(s.Train, s.Validation)
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

func curvesAlt(loss, accuracy Series, phases []Phase) string {
	if len(loss.Train) == 0 {
		return "Empty axes of loss and accuracy; no epoch is finished yet."
	}
	parts := []string{"Curves over " + plural(len(loss.Train), "epoch")}
	for _, s := range []struct {
		name   string
		values []float64
		digits int
	}{
		{"training loss", loss.Train, 3}, {"validation loss", loss.Validation, 3},
		{"training accuracy", accuracy.Train, 4}, {"validation accuracy", accuracy.Validation, 4},
	} {
		switch n := len(s.values); {
		case n == 1:
			parts = append(parts, fmt.Sprintf("%s %.*f", s.name, s.digits, s.values[0]))
		case n > 1:
			parts = append(parts, fmt.Sprintf("%s from %.*f to %.*f", s.name, s.digits, s.values[0], s.digits, s.values[n-1]))
		}
	}
	for _, p := range phases {
		parts = append(parts, fmt.Sprintf("%s from epoch %d on", p.Name, p.Epoch))
	}
	return strings.Join(parts, "; ") + "."
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
