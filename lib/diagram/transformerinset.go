package diagram

import (
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot/vg/draw"

	"github.com/transfer-learning-go/defects/lib/internal/canvas"
	"github.com/transfer-learning-go/defects/lib/layer"
)

var attentionFill = color.RGBA{0xf3, 0xd7, 0xe7, 0xff}

// tapGap is the room below a layer whose output a shortcut takes; tapAt is where in it the shortcut leaves.
const tapGap, tapAt = 24.0, 7.0

// transformerInset explains a block with two sums: what each adds, and where the normalization stands.
type transformerInset struct {
	title string
	block layer.List
	steps layer.List // without dropout
}

func newTransformerInset(b block, start int) *transformerInset {
	in := &transformerInset{block: b.layers,
		title: fmt.Sprintf("Inside %s: layers %s", b.name, indices(start, start+len(b.layers)))}
	for _, l := range b.layers {
		if _, drops := l.Op.(layer.Dropout); !drops {
			in.steps = append(in.steps, l)
		}
	}
	return in
}

// passes is the input of a sum that comes by the shortcut: the one further up, "" where the block does not hold it.
func (in *transformerInset) passes(sum *layer.Layer) string {
	first := slices.MinFunc(sum.Inputs, func(a, b string) int { return in.block.Index(a) - in.block.Index(b) })
	if in.block.Index(first) < 0 {
		return ""
	}
	return first
}

// tapped reports whether a shortcut takes the output of a layer.
func (in *transformerInset) tapped(l *layer.Layer) bool {
	return slices.ContainsFunc(in.steps, func(s *layer.Layer) bool { return isSum(s) && in.passes(s) == l.Name })
}

// size is the height and the room that the arrow below it takes.
func (in *transformerInset) size(l *layer.Layer) (height, below float64) {
	height, below = stepBox, stepGap
	if isSum(l) {
		height = 2 * plusRadius
	}
	if in.tapped(l) {
		below = tapGap
	}
	return height, below
}

func (in *transformerInset) height() float64 {
	total := insetTop + tensorBar + stepGap
	for _, l := range in.steps {
		height, below := in.size(l)
		total += height + below
	}
	return total + tensorBar + insetPad
}

// text says what the two parts do, in sentences that hold for the list.
func (in *transformerInset) text() []string {
	text := []string{"Attention mixes tokens: each gets a weighted mean of all. The dense layers then work on every " +
		"token by itself. Both are added to what came in, so they learn only what to add."}
	switch {
	case isLayerNorm(in.steps[0]):
		return append(text, "Pre-norm: normalization stands before each part, and nothing stands on the way of the sums.")
	case isLayerNorm(in.steps[len(in.steps)-1]):
		return append(text, "Post-norm: normalization stands behind each sum, on the way of all that passes through.")
	}
	return text
}

// inBlock names what a layer computes, with what an overview has no room for.
func inBlock(l *layer.Layer) string {
	switch op := l.Op.(type) {
	case layer.MultiHeadAttention:
		return fmt.Sprintf("attention, %d heads of %d", op.NumHeads, op.KeyDim)
	case layer.Dense:
		if op.Activation == "gelu" {
			return operation(l) + ", GELU"
		}
	}
	return operation(l)
}

func (in *transformerInset) draw(c *canvas.Canvas, x, y float64) {
	c.Text(x+insetPad, y+18, canvas.Label.Bold(), in.title)
	if len(in.steps) < len(in.block) {
		c.Text(x+insetPad, y+38, canvas.Tiny.In(canvas.Grey), "dropout left out")
	}
	const axis, w = 170.0, 210.0
	middle, y := x+axis, y+insetTop
	shape := in.block.Output()
	caption := fmt.Sprintf("%d tokens of %d numbers", shape[0], shape[1])
	c.Text(middle, y-10, canvas.Tiny.Centred(), caption)
	c.Box(middle-w/2, y, w, tensorBar, tensorFill)
	from, left := y+tensorBar/2, middle-w/2 // where the next shortcut begins
	y += tensorBar
	arrow(c, middle, y, y+stepGap)
	y += stepGap
	for _, l := range in.steps {
		height, below := in.size(l)
		if isSum(l) {
			plus(c, middle, y+plusRadius, plusRadius)
			shortcut(c, left, from, x+30, middle-plusRadius, y+plusRadius)
			shortcutWord(c, x+18, (from+y+plusRadius)/2)
		} else {
			c.Box(middle-w/2, y, w, height, stepFill(l))
			c.Frame(middle-w/2, y, w, height, draw.LineStyle{Color: canvas.Grey, Width: 1})
			style := canvas.Body.Centred()
			c.Text(middle, y+height/2, style, style.Shorten(inBlock(l), w-8))
		}
		y += height
		arrow(c, middle, y, y+below)
		if in.tapped(l) {
			from, left = y+tapAt, middle
			c.Disc(middle, from, 3.5, canvas.Vermillion) // where the shortcut leaves
		}
		y += below
	}
	c.Box(middle-w/2, y, w, tensorBar, tensorFill)
}

func stepFill(l *layer.Layer) color.RGBA {
	switch l.Op.(type) {
	case layer.LayerNormalization:
		return normFill
	case layer.MultiHeadAttention:
		return attentionFill
	}
	return convolutionFill
}

// shortcut is a line from (x, from) out to the left at far, down, and back to an arrowhead at (end, to).
func shortcut(c *canvas.Canvas, x, from, far, end, to float64) {
	c.Line(draw.LineStyle{Color: canvas.Vermillion, Width: 2.5}, x, from, far, from, far, to, end-6, to)
	c.Polygon(canvas.Vermillion, end-8, to-5, end-8, to+5, end, to)
}

func shortcutWord(c *canvas.Canvas, x, y float64) {
	word := canvas.Body.Bold().In(canvas.Vermillion).Centred().Turned(math.Pi / 2)
	c.Text(x, y, word, "shortcut")
}
