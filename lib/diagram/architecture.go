// Package diagram draws networks from their lists of layers. Its figures are those of package figure.
package diagram

import (
	"errors"
	"fmt"
	"strings"

	"github.com/transfer-learning-go/defects/lib/figure"
	"github.com/transfer-learning-go/defects/lib/internal/canvas"
	"github.com/transfer-learning-go/defects/lib/layer"
)

// Options may be left empty.
type Options struct {
	Title  string // if empty, the name and the size of the network
	Notice string // shown in a strip under the title
}

// Architecture draws a network from its list of layers: every stage with what it computes, how often, its output and
// its parameters, and beside them one of the blocks that the network repeats, layer by layer. Blocks are found by the
// names that Keras gives their layers ("conv2_block1_…", "block_1_…", "expanded_conv_…"); the one looked into is
// the first whose shortcut is its input. Those of a transformer are found by attention and its sums, whatever the names,
// and go first; how the image becomes tokens is drawn, too. A list without blocks is drawn without this inset.
//
// A diagram shows layers, not what they have learned: it says no notice but that of the options.
//
// Where layers are frozen, they are grey, and brackets say what is frozen and what is trained.
//
// It is an error if the list is empty.
func Architecture(name string, ls layer.List, o Options) (*figure.Figure, error) {
	if len(ls) == 0 {
		return nil, errors.New("architecture diagram: no layers given")
	}
	d := overview{stages: stages(ls), parts: freezing(ls)}
	var legend []canvas.Entry
	if len(d.parts) > 1 || d.parts[0].frozen {
		d.left = bracketRoom
		for _, p := range d.parts {
			layers := ls[p.start:p.end]
			count := thousands(layers.TrainableParams()) + " trainable"
			if p.frozen {
				count = thousands(layers.Params())
			}
			text := fmt.Sprintf("%s: layers %s, %s parameters", p.word(), indices(p.start, p.end), count)
			legend = append(legend, canvas.Entry{Name: text, Mark: canvas.BarMark(p.fill())})
		}
	}
	title := o.Title
	if title == "" {
		title = fmt.Sprintf("%s: %d layers, %s parameters", name, len(ls), thousands(ls.Params()))
	}
	d.left += canvas.Margin
	in, tokens := zoom(d.stages), patchesOf(ls)
	width := canvas.PageWidth
	if in == nil {
		width = d.left + overviewWidth + canvas.Margin
	}
	h := canvas.NewHeader(width, title, o.Notice, legend)
	d.top = h.Height + columnTitles
	bottom := d.top + float64(len(d.stages))*rowPitch - (rowPitch - boxHeight)
	alt, patchesTop := d.alt(name, ls), bottom+2*canvas.Gap
	if tokens != nil {
		bottom = patchesTop + tokens.size(overviewWidth)
		alt += " " + strings.Join(tokens.text(), " ")
	}
	var lines []string // below the picture
	if in != nil {
		bottom = max(bottom, h.Height+in.height)
		alt += " " + strings.Join(in.text, " ")
		for _, text := range in.text {
			lines = append(lines, canvas.Body.Wrap(text, width-2*canvas.Margin)...)
		}
	}
	const line = 21.0
	height := bottom + canvas.Margin
	if len(lines) > 0 {
		height += canvas.Gap + float64(len(lines))*line
	}
	c := canvas.New(width, height)
	h.Draw(c)
	if in != nil {
		left := width - canvas.Margin - insetWidth
		c.Box(d.left-6, d.top+float64(in.stage)*rowPitch-4, left-d.left+6, boxHeight+8, zoomFill)
		c.Box(left, h.Height, insetWidth, bottom-h.Height, zoomFill)
		in.draw(c, left, h.Height)
	}
	d.draw(c)
	if tokens != nil {
		tokens.draw(c, d.left, patchesTop, overviewWidth)
	}
	for i, text := range lines {
		c.Text(canvas.Margin, bottom+canvas.Gap+(float64(i)+0.5)*line, canvas.Body, text)
	}
	return &figure.Figure{Image: c.Image, Scale: canvas.Scale, Alt: canvas.Alt(o.Title, alt, o.Notice)}, nil
}
