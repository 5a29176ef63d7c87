package figure

import (
	"fmt"
	"image/color"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/transfer-learning-go/defects/lib/layer"
)

var attentionFill = color.RGBA{0xf3, 0xd7, 0xe7, 0xff}

// transformerBlock finds the first block of a transformer in a list: from the tensor that its attention's sum passes by to
// the end of the second sum, or the normalization right behind it. It is nil where there is none.
func transformerBlock(ls layer.List) (block layer.List, start int) {
	attention := -1
	for i, l := range ls {
		if _, ok := l.Op.(layer.MultiHeadAttention); ok {
			attention = i
			break
		}
	}
	if attention < 1 {
		return nil, 0
	}
	start = attention
	if isLayerNorm(ls[start-1]) && start > 1 {
		start--
	}
	sums := 0
	for end := attention; end < len(ls); end++ {
		if _, ok := ls[end].Op.(layer.Sum); !ok {
			continue
		}
		if sums++; sums < 2 {
			continue
		}
		end++
		if end < len(ls) && isLayerNorm(ls[end]) && start == attention { // post-norm
			end++
		}
		return ls[start:end], start
	}
	return nil, 0
}

func isLayerNorm(l *layer.Layer) bool { _, ok := l.Op.(layer.LayerNormalization); return ok }

// transformerInset explains a block with two sums: what each adds, and where the normalization stands.
type transformerInset struct {
	title string
	block layer.List
	input string // the layer that the block reads
	steps layer.List
}

func newTransformerInset(block layer.List, start int) *transformerInset {
	in := &transformerInset{block: block, input: block[0].Inputs[0],
		title: fmt.Sprintf("Inside a block: layers %s", indices(start, start+len(block)))}
	for _, l := range block {
		if _, drops := l.Op.(layer.Dropout); !drops {
			in.steps = append(in.steps, l)
		}
	}
	return in
}

func (in *transformerInset) height() float64 {
	h := insetTop + tensorBar
	for _, l := range in.steps {
		if _, sum := l.Op.(layer.Sum); sum {
			h += stepGap + 2*plusRadius
		} else {
			h += stepGap + stepBox
		}
	}
	return h + stepGap + tensorBar + insetPad
}

// text says what the two parts do, in sentences that hold for the list.
func (in *transformerInset) text() []string {
	text := []string{"Attention mixes tokens: each gets a weighted mean of all. The dense layers then work on every " +
		"token by itself. Both are added to what came in, so they learn only what to add."}
	if isLayerNorm(in.steps[0]) {
		return append(text, "Pre-norm: normalization stands before each part, and nothing stands on the way of the sums.")
	}
	return append(text, "Post-norm: normalization stands behind each sum, on the way of all that passes through.")
}

func (in *transformerInset) draw(c *canvas, x, y float64) {
	c.text(x+insetPad, y+18, bold(textStyle(labelSize)), in.title)
	c.text(x+insetPad, y+38, colored(textStyle(tinySize), grey), "dropout left out")
	const axis, w = 170.0, 210.0
	middle, y := x+axis, y+insetTop
	tokens := func() {
		c.fill(middle-w/2, y, w, tensorBar, tensorFill)
		y += tensorBar
	}
	shape := in.block[len(in.block)-1].Shape
	c.text(middle, y-10, aligned(textStyle(tinySize), draw.XCenter), fmt.Sprintf("%d tokens of %d numbers", shape[0], shape[1]))
	ends := map[string]float64{in.input: y + tensorBar/2} // height at which the output of a layer can be tapped
	tokens()
	for _, l := range in.steps {
		c.arrow(middle, y, y+stepGap)
		if _, sum := l.Op.(layer.Sum); sum {
			in.shortcut(c, x, middle, ends[in.passes(l)], y+stepGap+plusRadius)
			c.plus(middle, y+stepGap+plusRadius, plusRadius)
			y += stepGap + 2*plusRadius
			ends[l.Name] = y + stepGap/2
			continue
		}
		y += stepGap
		fill := convolutionFill
		switch l.Op.(type) {
		case layer.LayerNormalization:
			fill = normFill
		case layer.MultiHeadAttention:
			fill = attentionFill
		}
		c.fill(middle-w/2, y, w, stepBox, fill)
		c.frame(middle-w/2, y, w, stepBox, draw.LineStyle{Color: grey, Width: 1})
		style := aligned(textStyle(textSize), draw.XCenter)
		c.text(middle, y+stepBox/2, style, shorten(style, operation(l), w-8))
		y += stepBox
		ends[l.Name] = y + stepGap/2
	}
	c.arrow(middle, y, y+stepGap)
	y += stepGap
	tokens()
}

// passes is the input of a sum that comes by the shortcut: the one further up.
func (in *transformerInset) passes(sum *layer.Layer) string {
	first, at := sum.Inputs[0], in.block.Index(sum.Inputs[0])
	for _, name := range sum.Inputs[1:] {
		if i := in.block.Index(name); i < at {
			first, at = name, i
		}
	}
	return first
}

func (in *transformerInset) shortcut(c *canvas, x, middle, from, to float64) {
	const radius = plusRadius
	far := x + 30
	c.line(draw.LineStyle{Color: wrongColor, Width: 2.5}, middle, from, far, from, far, to, middle-radius-6, to)
	c.FillPolygon(wrongColor, []vg.Point{c.point(middle-radius-8, to-5), c.point(middle-radius-8, to+5),
		c.point(middle-radius, to)})
}

// transformer draws the overview with this inset beside it.
func transformer(d overview, name string, ls layer.List, o Options, in *transformerInset, h header) (*Figure, error) {
	d.top = h.height + columnTitles
	bottom := max(d.top+float64(len(d.stages))*rowPitch-(rowPitch-boxHeight), h.height+in.height())
	style := textStyle(textSize)
	var lines []string
	for _, text := range in.text() {
		lines = append(lines, wrap(style, text, pageWidth-2*margin)...)
	}
	const line = 21.0
	c := newCanvas(pageWidth, bottom+gap+float64(len(lines))*line+margin)
	h.draw(c)
	left := pageWidth - margin - insetWidth
	c.fill(left, h.height, insetWidth, bottom-h.height, zoomFill)
	in.draw(c, left, h.height)
	d.draw(c)
	for i, text := range lines {
		c.text(margin, bottom+gap+(float64(i)+0.5)*line, style, text)
	}
	return c.figure(o.alt(d.alt(name, ls) + " " + strings.Join(in.text(), " "))), nil
}
