package figure

import (
	"errors"
	"fmt"
	"strings"

	"github.com/transfer-learning-go/defects/lib/layer"
)

// Architecture draws a network from its list of layers: every stage with what it computes, how often, its output and
// its parameters, and beside them one of the blocks that the network repeats, layer by layer. Blocks are found by the
// names that Keras gives their layers ("conv2_block1_…", "block_1_…", "expanded_conv_…"); the one looked into is
// the first whose shortcut is its input. Those of a transformer are found by attention and its sums, whatever the names,
// and go first; how the image becomes tokens is drawn, too. A list without blocks is drawn without this inset.
//
// Where layers are frozen, they are grey, and brackets say what is frozen and what is trained.
//
// It is an error if the list is empty.
func Architecture(name string, ls layer.List, o Options) (*Figure, error) {
	if len(ls) == 0 {
		return nil, errors.New("architecture diagram: no layers given")
	}
	d := overview{stages: stages(ls), parts: freezing(ls)}
	var legend []legendEntry
	if len(d.parts) > 1 || d.parts[0].frozen {
		d.left = bracketRoom
		for _, p := range d.parts {
			layers := ls[p.start:p.end]
			count := thousands(layers.TrainableParams()) + " trainable"
			if p.frozen {
				count = thousands(layers.Params())
			}
			text := fmt.Sprintf("%s: layers %s, %s parameters", p.word(), indices(p.start, p.end), count)
			legend = append(legend, legendEntry{name: text, mark: barMark(p.fill())})
		}
	}
	title := o.Title
	if title == "" {
		title = fmt.Sprintf("%s: %d layers, %s parameters", name, len(ls), thousands(ls.Params()))
	}
	d.left += margin
	in, tokens := zoom(d.stages), patchesOf(ls)
	width := pageWidth
	if in == nil {
		width = d.left + overviewWidth + margin
	}
	h := newHeader(width, title, o.Notice, legend)
	d.top = h.height + columnTitles
	bottom := d.top + float64(len(d.stages))*rowPitch - (rowPitch - boxHeight)
	alt, patchesTop := d.alt(name, ls), bottom+2*gap
	if tokens != nil {
		bottom = patchesTop + tokens.size(overviewWidth)
		alt += " " + strings.Join(tokens.text(), " ")
	}
	var lines []string // below the picture
	if in != nil {
		bottom = max(bottom, h.height+in.height)
		alt += " " + strings.Join(in.text, " ")
		for _, text := range in.text {
			lines = append(lines, wrap(textStyle(textSize), text, width-2*margin)...)
		}
	}
	const line = 21.0
	height := bottom + margin
	if len(lines) > 0 {
		height += gap + float64(len(lines))*line
	}
	c := newCanvas(width, height)
	h.draw(c)
	if in != nil {
		left := width - margin - insetWidth
		c.fill(d.left-6, d.top+float64(in.stage)*rowPitch-4, left-d.left+6, boxHeight+8, zoomFill)
		c.fill(left, h.height, insetWidth, bottom-h.height, zoomFill)
		in.draw(c, left, h.height)
	}
	d.draw(c)
	if tokens != nil {
		tokens.draw(c, d.left, patchesTop, overviewWidth)
	}
	for i, text := range lines {
		c.text(margin, bottom+gap+(float64(i)+0.5)*line, textStyle(textSize), text)
	}
	return c.figure(o.alt(alt)), nil
}
