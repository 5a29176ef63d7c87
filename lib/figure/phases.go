package figure

import (
	"fmt"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Phase is a part of a training that begins with an epoch, counted from 1.
type Phase struct {
	Epoch int
	Name  string
}

const phaseLine = 20.0 // room above the panels for the names

func checkPhases(phases []Phase, last int) error {
	before := 1
	for _, p := range phases {
		if p.Epoch <= before || p.Epoch > last {
			return fmt.Errorf("phase %q begins with epoch %d: give one from %d to %d, the last on the axis, in ascending "+
				"order", p.Name, p.Epoch, before+1, last)
		}
		before = p.Epoch
	}
	return nil
}

// phases draws a line between the last epoch of a phase and the first of the next, and the name above the panel.
func (c *canvas) phases(phases []Phase, p *plot.Plot, panel draw.Canvas, right float64) {
	data := p.DataCanvas(panel)
	x := func(epoch int) float64 { return float64(data.X(p.X.Norm(float64(epoch) - 0.5))) }
	style := textStyle(textSize)
	dashed := draw.LineStyle{Color: grey, Width: 1.5, Dashes: []vg.Length{5, 4}}
	end := 0.0 // of the name before
	for i, phase := range phases {
		at, room := x(phase.Epoch), right
		c.StrokeLine2(dashed, vg.Length(at), data.Min.Y, vg.Length(at), data.Max.Y+phaseLine)
		left := at + 5
		if i+1 < len(phases) {
			room = x(phases[i+1].Epoch) - 8
		} else if width := textWidth(style, phase.Name); left+width > right { // to the left of its line
			left, room = max(end, at-5-width), at-5
		}
		if least := textWidth(style, "fine…"); room-left < least { // it stands in the description
			continue
		}
		name := shorten(style, phase.Name, room-left)
		c.text(left, c.height-float64(data.Max.Y)-phaseLine/2-2, style, name)
		end = left + textWidth(style, name) + 8
	}
}
