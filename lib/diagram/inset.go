package diagram

import (
	"fmt"
	"image/color"

	"gonum.org/v1/plot/vg/draw"

	"github.com/transfer-learning-go/defects/lib/internal/canvas"
	"github.com/transfer-learning-go/defects/lib/layer"
)

// inset explains one block: its layers from top to bottom, tensors as bars as wide as they have channels.
type inset struct {
	title  string
	shape  []int // of input and output
	steps  []step
	widest int // in channels
	height float64
}

// step is a box of an inset: layers that are read as one, and the tensor behind them where it is worth showing.
type step struct {
	text  string
	fill  color.RGBA
	shape []int // nil draws no tensor
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
	convolutionFill = color.RGBA{0xd8, 0xec, 0xd8, 0xff}
	normFill        = canvas.White
	depthwiseFill   = color.RGBA{0xfa, 0xdf, 0xa8, 0xff}
)

func newInset(f flow) *inset {
	in := &inset{shape: f.sum.Shape, widest: channels(f.sum.Shape)}
	for i := 0; i < len(f.main); i++ {
		l := f.main[i]
		s := step{text: operation(l), fill: convolutionFill}
		switch l.Op.(type) {
		case layer.ZeroPadding2D:
			continue // the convolution behind it has it
		case layer.BatchNormalization:
			s.fill = normFill
			if i+1 < len(f.main) && isActivation(f.main[i+1]) {
				i++
				s.text += ", " + operation(f.main[i])
			}
		case layer.ReLU, layer.Activation:
			s.fill = normFill
		case layer.DepthwiseConv2D:
			s.fill, s.shape = depthwiseFill, l.Shape
			s.text += " convolution"
		default:
			s.shape = l.Shape
		}
		in.widest = max(in.widest, channels(l.Shape))
		in.steps = append(in.steps, s)
	}
	in.height = insetTop + tensorBar
	for _, s := range in.steps {
		in.height += stepGap + stepBox
		if s.shape != nil {
			in.height += stepGap + tensorBar
		}
	}
	in.height += stepGap + 2*plusRadius + stepGap + tensorBar + insetPad
	return in
}

func channels(shape []int) int { return shape[len(shape)-1] }

func isActivation(l *layer.Layer) bool {
	switch l.Op.(type) {
	case layer.ReLU, layer.Activation:
		return true
	}
	return false
}

func (in *inset) draw(c *canvas.Canvas, x, y float64) {
	c.Text(x+insetPad, y+18, canvas.Label.Bold(), in.title)
	c.Text(x+insetPad, y+38, canvas.Tiny.In(canvas.Grey), "blue bars: as wide as there are channels")
	const axis = 150.0 // of the main path
	middle, top := x+axis, y+insetTop
	y = top
	bar := func(shape []int) {
		w := max(3, mostChannelsWidth*float64(channels(shape))/float64(in.widest))
		c.Box(middle-w/2, y, w, tensorBar, tensorFill)
		c.Text(middle+mostChannelsWidth/2+14, y+tensorBar/2, canvas.Tiny, shapeText(shape))
		y += tensorBar
	}
	down := func() {
		arrow(c, middle, y, y+stepGap)
		y += stepGap
	}
	bar(in.shape)
	for _, s := range in.steps {
		down()
		const w = 190.0
		c.Box(middle-w/2, y, w, stepBox, s.fill)
		c.Frame(middle-w/2, y, w, stepBox, draw.LineStyle{Color: canvas.Grey, Width: 1})
		c.Text(middle, y+stepBox/2, canvas.Body.Centred(), canvas.Body.Shorten(s.text, w-8))
		y += stepBox
		if s.shape != nil {
			down()
			bar(s.shape)
		}
	}
	down()
	const radius = plusRadius
	plus(c, middle, y+radius, radius)
	// The shortcut leaves the input at its left end and joins the sum.
	inputLeft := middle - max(3, mostChannelsWidth*float64(channels(in.shape))/float64(in.widest))/2
	shortcut(c, inputLeft, top+tensorBar/2, x+30, middle-radius, y+radius)
	shortcutWord(c, x+18, (top+y)/2)
	y += 2 * radius
	down()
	bar(in.shape)
}

// plus is the sign of a sum.
func plus(c *canvas.Canvas, x, y, radius float64) {
	c.Disc(x, y, radius, canvas.White)
	c.Circle(x, y, radius, draw.LineStyle{Color: canvas.Black, Width: 1.5})
	stroke := draw.LineStyle{Color: canvas.Black, Width: 2}
	c.Line(stroke, x-5, y, x+5, y)
	c.Line(stroke, x, y-5, x, y+5)
}

// explanation says what is special about a block, in sentences that hold for the list.
func explanation(f flow) []string {
	outer := channels(f.sum.Shape)
	low, high, depthwise := outer, outer, ""
	for _, l := range f.main {
		low, high = min(low, channels(l.Shape)), max(high, channels(l.Shape))
		if _, ok := l.Op.(layer.DepthwiseConv2D); ok {
			depthwise = " In between, a depthwise convolution filters each channel by itself."
		}
	}
	text := []string{"The output is F(x) + x: the layers learn only what to add to the input x. The shortcut passes " +
		"values on, and gradients back, unchanged."}
	last := f.main[len(f.main)-1]
	switch {
	case high > outer:
		text = append(text, fmt.Sprintf("Inverted: narrow outside, wide inside, from %d channels to %d and back.%s", outer,
			high, depthwise))
		if !isActivation(last) {
			text = append(text, "Linear at its end: with so few channels, an activation would lose too much.")
		}
	case low < outer:
		text = append(text, fmt.Sprintf("Bottleneck: wide outside, narrow inside, from %d channels to %d and back, so "+
			"that the convolution in the middle is cheap.", outer, low))
	}
	if _, ok := f.main[0].Op.(layer.BatchNormalization); ok && !isActivation(last) {
		text = append(text, "Pre-activation: normalization and ReLU stand before each convolution, not behind it, so "+
			"that nothing changes the sum on its way.")
	}
	return text
}
