package figure

import (
	"fmt"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/transfer-learning-go/defects/lib/internal/canvas"
	"github.com/transfer-learning-go/defects/lib/result"
)

const phaseLine = 20.0 // room above the panels for the names

// checkPhases wants ascending first epochs. Of a training that was interrupted between two phases, the second begins
// with the epoch behind the last.
func checkPhases(phases []result.Phase, last int) error {
	before := 0
	for _, p := range phases {
		if p.Epoch <= before || p.Epoch > last+1 {
			return fmt.Errorf("phase %q begins with epoch %d: give one from %d to %d, on the axis or next to it, in ascending "+
				"order", p.Name, p.Epoch, before+1, last+1)
		}
		before = p.Epoch
	}
	return nil
}

// drawPhases draws a line between the last epoch of a phase and the first of the next, and the name above the panel.
// What begins with the first epoch has no line, and what begins behind the axis is left out.
func drawPhases(c *canvas.Canvas, phases []result.Phase, p *plot.Plot, panel draw.Canvas, right float64) {
	data := p.DataCanvas(panel)
	x := func(epoch int) float64 {
		return max(float64(data.Min.X), float64(data.X(p.X.Norm(float64(epoch)-0.5))))
	}
	for len(phases) > 0 && float64(phases[len(phases)-1].Epoch) > p.X.Max {
		phases = phases[:len(phases)-1]
	}
	style := canvas.Body
	dashed := draw.LineStyle{Color: canvas.Grey, Width: 1.5, Dashes: []vg.Length{5, 4}}
	end := 0.0 // of the name before
	for i, phase := range phases {
		at, room := x(phase.Epoch), right
		if phase.Epoch > 1 {
			c.StrokeLine2(dashed, vg.Length(at), data.Min.Y, vg.Length(at), data.Max.Y+phaseLine)
		}
		left, least := at+5, style.Width("fine…")
		if i+1 < len(phases) {
			room = x(phases[i+1].Epoch) - 8
		} else if left+least > right { // to the left of its line
			left, room = max(end, at-5-style.Width(phase.Name)), at-5
		}
		if room-left < least { // it stands in the description
			continue
		}
		name := style.Shorten(phase.Name, room-left)
		c.Text(left, c.Height-float64(data.Max.Y)-phaseLine/2-2, style, name)
		end = left + style.Width(name) + 8
	}
}

func phasesAlt(phases []result.Phase) (parts []string) {
	for _, p := range phases {
		parts = append(parts, fmt.Sprintf("%s from epoch %d on", p.Name, p.Epoch))
	}
	return parts
}
