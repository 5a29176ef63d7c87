package figure

import (
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/transfer-learning-go/defects/lib/layer"
)

// zoom picks the block to look into, the first that is one path with shortcuts past some of it, and the stage that it
// belongs to.
func zoom(all []stage) (*inset, int) {
	for i, s := range all {
		start := s.start
		for _, b := range s.blocks {
			if from, ok := chain(b.layers); ok && len(b.layers.Output()) > 1 {
				in := newInset(b.layers, from)
				in.title = fmt.Sprintf("Inside %s: layers %s", b.name, indices(start, start+len(b.layers)))
				in.text = explanation(all, b.layers, from)
				return in, i
			}
			start += len(b.layers)
		}
	}
	return nil, 0
}

// chain follows a block that is one path of layers. Its sums add what a shortcut brings to the layer before them: from
// is the position that the shortcut of the sum at a position leaves behind, −1 being the input of the block. It fails
// for blocks without a shortcut, and where a shortcut computes something or crosses another.
func chain(block layer.List) (from map[int]int, ok bool) {
	from = map[int]int{}
	position := func(name string) int {
		if name == block[0].Inputs[0] {
			return -1
		}
		if at := block.Index(name); at >= 0 {
			return at
		}
		return len(block) // not of this path
	}
	last := -1 // sum
	for i, l := range block {
		switch _, sum := l.Op.(layer.Sum); {
		case len(l.Inputs) == 1 && position(l.Inputs[0]) == i-1:
		case len(l.Inputs) == 2 && sum:
			near, far := position(l.Inputs[0]), position(l.Inputs[1])
			if near < far {
				near, far = far, near
			}
			if near != i-1 || far == near || far < last {
				return nil, false
			}
			from[i], last = far, i
		default:
			return nil, false
		}
	}
	return from, len(from) > 0
}

// inset explains one block: its layers from top to bottom, tensors as bars as wide as they have channels.
type inset struct {
	title  string
	shape  []int // of the input
	steps  []step
	widest int // in channels
	height float64
	text   []string // paragraphs
}

// step is a box of an inset: layers that are read as one, and the tensor behind them where it is worth showing. A step
// without text is a sum.
type step struct {
	text  string
	fill  color.RGBA
	shape []int // nil draws no tensor
	from  int   // of a sum: the step behind which its shortcut begins, −1 for the input
}

const (
	stepBox, stepGap  = 25.0, 13.0
	tensorBar         = 9.0
	insetPad          = 14.0
	insetTop          = 62.0 // title and legend
	plusRadius        = 10.0
	mostChannelsWidth = 150.0
)

var (
	convolutionFill = color.RGBA{0xd8, 0xec, 0xd8, 0xff} // and dense layers
	normFill        = white
	depthwiseFill   = color.RGBA{0xfa, 0xdf, 0xa8, 0xff}
	attentionFill   = color.RGBA{0xea, 0xdb, 0xf2, 0xff}
)

func newInset(block layer.List, from map[int]int) *inset {
	shape := block.Output() // a sum has the shape of what it adds
	in := &inset{shape: shape, widest: channels(shape)}
	stepOf := map[int]int{-1: -1} // by position of the layer
	for i := 0; i < len(block); i++ {
		l := block[i]
		s := step{text: operation(l), fill: convolutionFill}
		switch op := l.Op.(type) {
		case layer.ZeroPadding2D:
			continue // the convolution behind it has it
		case layer.Sum:
			s = step{from: stepOf[from[i]]}
		case layer.BatchNormalization:
			s.fill = normFill
			if i+1 < len(block) && isActivation(block[i+1]) {
				i++
				s.text += ", " + operation(block[i])
			}
		case layer.ReLU, layer.Activation, layer.LayerNormalization, layer.Dropout:
			s.fill = normFill
		case layer.DepthwiseConv2D:
			s.fill, s.shape = depthwiseFill, l.Shape
			s.text += " convolution"
		case layer.MultiHeadAttention:
			s.fill, s.shape = attentionFill, l.Shape
		case layer.Dense:
			s.shape = l.Shape
			if op.Activation != "" {
				s.text += ", " + activationName(op.Activation)
			}
		default:
			s.shape = l.Shape
		}
		if i+1 < len(block) && s.shape != nil && isDropout(block[i+1]) {
			i++
			s.text += ", dropout"
		}
		in.widest = max(in.widest, channels(l.Shape))
		stepOf[i] = len(in.steps)
		in.steps = append(in.steps, s)
	}
	for _, s := range in.steps {
		if s.text == "" && s.from >= 0 {
			in.steps[s.from].shape = shape
		}
	}
	in.steps[len(in.steps)-1].shape = shape
	in.height = insetTop + tensorBar + insetPad
	for _, s := range in.steps {
		in.height += stepGap + s.height()
		if s.shape != nil {
			in.height += stepGap + tensorBar
		}
	}
	return in
}

func (s step) height() float64 {
	if s.text == "" {
		return 2 * plusRadius
	}
	return stepBox
}

func channels(shape []int) int { return shape[len(shape)-1] }

func isActivation(l *layer.Layer) bool {
	switch l.Op.(type) {
	case layer.ReLU, layer.Activation:
		return true
	}
	return false
}

func isDropout(l *layer.Layer) bool { _, ok := l.Op.(layer.Dropout); return ok }

func (in *inset) draw(c *canvas, x, y float64) {
	legend := "blue bars: as wide as there are channels"
	if len(in.shape) == 2 {
		legend = "blue bars: as wide as each token has numbers"
	}
	c.text(x+insetPad, y+18, bold(textStyle(labelSize)), in.title)
	c.text(x+insetPad, y+38, colored(textStyle(tinySize), grey), legend)
	const axis = 150.0 // of the main path
	middle := x + axis
	y += insetTop
	type end struct{ x, y float64 }
	bar := func(shape []int) end {
		w := max(3, mostChannelsWidth*float64(channels(shape))/float64(in.widest))
		c.fill(middle-w/2, y, w, tensorBar, tensorFill)
		c.text(middle+mostChannelsWidth/2+14, y+tensorBar/2, textStyle(tinySize), shapeText(shape))
		y += tensorBar
		return end{middle - w/2, y - tensorBar/2}
	}
	down := func() {
		c.arrow(middle, y, y+stepGap)
		y += stepGap
	}
	left := map[int]end{-1: bar(in.shape)} // of the tensors, by step
	for i, s := range in.steps {
		down()
		if s.text == "" {
			from := left[s.from]
			c.plus(middle, y+plusRadius, plusRadius)
			c.shortcut(from.x, from.y, x+30, middle-plusRadius, y+plusRadius)
		} else {
			const w = 190.0
			style := aligned(textStyle(textSize), draw.XCenter)
			c.fill(middle-w/2, y, w, stepBox, s.fill)
			c.frame(middle-w/2, y, w, stepBox, draw.LineStyle{Color: grey, Width: 1})
			c.text(middle, y+stepBox/2, style, shorten(style, s.text, w-8))
		}
		y += s.height()
		if s.shape != nil {
			down()
			left[i] = bar(s.shape)
		}
	}
}

// shortcut leaves a tensor at its left end, goes down at x and joins a sum.
func (c *canvas) shortcut(fromX, fromY, x, toX, toY float64) {
	c.line(draw.LineStyle{Color: wrongColor, Width: 2.5}, fromX, fromY, x, fromY, x, toY, toX-6, toY)
	c.FillPolygon(wrongColor, []vg.Point{c.point(toX-8, toY-5), c.point(toX-8, toY+5), c.point(toX, toY)})
	word := aligned(colored(bold(textStyle(textSize)), wrongColor), draw.XCenter)
	word.Rotation = math.Pi / 2
	c.text(x-12, (fromY+toY)/2, word, "shortcut")
}

// plus is the sign of a sum.
func (c *canvas) plus(x, y, radius float64) {
	var ring vg.Path
	centre := c.point(x, y)
	ring.Move(vg.Point{X: centre.X + vg.Length(radius), Y: centre.Y})
	ring.Arc(centre, vg.Length(radius), 0, 2*math.Pi)
	ring.Close()
	c.SetColor(white)
	c.Fill(ring)
	c.SetLineStyle(draw.LineStyle{Color: black, Width: 1.5})
	c.Stroke(ring)
	stroke := draw.LineStyle{Color: black, Width: 2}
	c.line(stroke, x-5, y, x+5, y)
	c.line(stroke, x, y-5, x, y+5)
}
