package diagram

import (
	"fmt"
	"image/color"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot/vg/draw"

	"github.com/transfer-learning-go/defects/lib/internal/canvas"
	"github.com/transfer-learning-go/defects/lib/layer"
)

var (
	trainedFill = color.RGBA{0xcf, 0xe6, 0xf5, 0xff} // of what can learn
	frozenFill  = color.RGBA{0xe4, 0xe4, 0xe4, 0xff}
	zoomFill    = color.RGBA{0xf6, 0xf6, 0xee, 0xff} // behind the block that is looked into
	tensorFill  = color.RGBA{0x00, 0x72, 0xb2, 0xff}
	tensorTop   = color.RGBA{0x8c, 0xc4, 0xe6, 0xff}
	tensorSide  = color.RGBA{0x00, 0x4d, 0x79, 0xff}
)

// Where the columns of the overview stand, and the inset beside it.
const (
	rowPitch, boxHeight  = 54.0, 40.0
	columnTitles         = 24.0
	bracketRoom          = 24.0 // to the left of the stages
	boxWidth             = 246.0
	iconX                = 270.0 // from the left of the boxes
	shapeX               = 310.0
	paramsX, paramsWidth = 394.0, 92.0
	overviewWidth        = paramsX + paramsWidth
	insetWidth           = 320.0
)

// overview draws the stages of a network below each other.
type overview struct {
	left, top float64 // of the first stage
	stages    []stage
	parts     []part
}

// part is a run of layers that are all frozen, or all not.
type part struct {
	start, end int
	frozen     bool
}

func freezing(ls layer.List) (parts []part) {
	for i, l := range ls {
		if i == 0 || l.Frozen != ls[i-1].Frozen {
			parts = append(parts, part{start: i, frozen: l.Frozen})
		}
		parts[len(parts)-1].end = i + 1
	}
	return parts
}

func (p part) word() string {
	if p.frozen {
		return "frozen"
	}
	return "trained"
}

func (p part) fill() color.RGBA {
	if p.frozen {
		return frozenFill
	}
	return trainedFill
}

func (d overview) draw(c *canvas.Canvas) {
	small := canvas.Tiny.In(canvas.Grey)
	c.Text(d.left, d.top-12, small, "stage and its layers (/2: stride 2)")
	c.Text(d.left+iconX, d.top-12, small, "output")
	c.Text(d.left+paramsX, d.top-12, small, "parameters")
	side, channels, most := 1.0, 1.0, 1
	for _, s := range d.stages {
		h, w, ch := tensorSize(s.layers.Output())
		side, channels, most = max(side, h, w), max(channels, ch), max(most, s.layers.Params())
	}
	for i, s := range d.stages {
		y := d.top + float64(i)*rowPitch
		d.box(c, s, y)
		if i > 0 {
			arrow(c, d.left+boxWidth/2, y-(rowPitch-boxHeight), y)
		}
		h, w, ch := tensorSize(s.layers.Output())
		tensor(c, d.left+iconX, y+boxHeight/2, 26*math.Sqrt(h/side), 26*math.Sqrt(w/side), 2+12*math.Sqrt(ch/channels))
		c.Text(d.left+shapeX, y+boxHeight/2, canvas.Body, shapeText(s.layers.Output()))
		n := s.layers.Params()
		c.Text(d.left+paramsX, y+boxHeight/2-7, canvas.Body, thousands(n))
		if n > 0 {
			c.Box(d.left+paramsX, y+boxHeight/2+5, max(1, paramsWidth*float64(n)/float64(most)), 7, tensorFill)
		}
	}
	if len(d.parts) == 1 && !d.parts[0].frozen {
		return
	}
	for _, p := range d.parts {
		bracket(c, d.left, d.height(p.start)+2, d.height(p.end-1)+d.layerHeight(p.end-1)-2, p.word())
	}
}

// height is where layer i begins inside the box of its stage.
func (d overview) height(i int) float64 {
	for k, s := range d.stages {
		if n := len(s.layers); i < s.start+n {
			return d.top + float64(k)*rowPitch + boxHeight*float64(i-s.start)/float64(n)
		}
	}
	return d.top + float64(len(d.stages))*rowPitch
}

func (d overview) layerHeight(i int) float64 {
	for _, s := range d.stages {
		if n := len(s.layers); i < s.start+n {
			return boxHeight / float64(n)
		}
	}
	return 0
}

// box is a stage. Its layers are coloured from top to bottom as they are frozen or trained.
func (d overview) box(c *canvas.Canvas, s stage, y float64) {
	var numbers []string
	each := boxHeight / float64(len(s.layers))
	for _, p := range d.parts {
		start, end := max(p.start, s.start), min(p.end, s.start+len(s.layers))
		if start < end {
			c.Box(d.left, y+float64(start-s.start)*each, boxWidth, float64(end-start)*each, p.fill())
			numbers = append(numbers, indices(start, end))
		}
	}
	c.Frame(d.left, y, boxWidth, boxHeight, draw.LineStyle{Color: canvas.Grey, Width: 1})
	name, small, right := canvas.Body.Bold(), canvas.Tiny, strings.Join(numbers, ", ")
	room := boxWidth - 14 - small.Width(right) - 8
	if name.Width(s.name) > room {
		name = small.Bold()
	}
	c.Text(d.left+7, y+12, name, name.Shorten(s.name, room))
	c.Text(d.left+boxWidth-7, y+12, small.In(canvas.Grey).Ending(), right)
	c.Text(d.left+7, y+29, small, small.Shorten(s.content(), boxWidth-14))
}

// bracket spans a height to the left of x, with a word along it where there is room.
func bracket(c *canvas.Canvas, x, from, to float64, word string) {
	c.Line(draw.LineStyle{Color: canvas.Grey, Width: 1.5}, x-5, from, x-9, from, x-9, to, x-5, to)
	style := canvas.Tiny.Bold().Centred().Turned(math.Pi / 2)
	if style.Width(word) < to-from {
		c.Text(x-18, (from+to)/2, style, word)
	}
}

// tensor is a block in oblique projection: height and width of the image, and channels as depth.
func tensor(c *canvas.Canvas, x, y, h, w, depth float64) {
	d := depth * 0.7
	left, top := x, y-h/2+d/2
	c.Polygon(tensorFill, left, top, left+w, top, left+w, top+h, left, top+h)
	c.Polygon(tensorTop, left, top, left+d, top-d, left+w+d, top-d, left+w, top)
	c.Polygon(tensorSide, left+w, top, left+w+d, top-d, left+w+d, top+h-d, left+w, top+h)
}

// arrow points downwards.
func arrow(c *canvas.Canvas, x, from, to float64) {
	c.Line(draw.LineStyle{Color: canvas.Grey, Width: 1.5}, x, from, x, to-5)
	c.Polygon(canvas.Grey, x-4, to-7, x+4, to-7, x, to)
}

// indices are the positions of layers, the end left out.
func indices(start, end int) string {
	if end-start == 1 {
		return strconv.Itoa(start)
	}
	return fmt.Sprintf("%d–%d", start, end-1)
}

// tensorSize takes a shape as an image. Tokens are one below the other, and a vector is a single place.
func tensorSize(shape []int) (height, width, channels float64) {
	switch len(shape) {
	case 3:
		return float64(shape[0]), float64(shape[1]), float64(shape[2])
	case 2:
		return float64(shape[0]), 1, float64(shape[1])
	}
	n := 1
	for _, d := range shape {
		n *= d
	}
	return 1, 1, float64(n)
}

func shapeText(shape []int) string {
	parts := make([]string, len(shape))
	for i, d := range shape {
		parts[i] = strconv.Itoa(d)
	}
	return strings.Join(parts, "×")
}

// thousands writes a number with separators, as summaries do.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func (d overview) alt(name string, ls layer.List) string {
	parts := make([]string, len(d.stages))
	for i, s := range d.stages {
		parts[i] = fmt.Sprintf("%s, %s, output %s, %s parameters", s.name, s.content(), shapeText(s.layers.Output()),
			thousands(s.layers.Params()))
	}
	text := fmt.Sprintf("Diagram of %s, %d layers, %s parameters: %s.", name, len(ls), thousands(ls.Params()),
		strings.Join(parts, "; "))
	if len(d.parts) == 1 && !d.parts[0].frozen {
		return text
	}
	for _, p := range d.parts {
		text += fmt.Sprintf(" Layers %d to %d are %s.", p.start, p.end-1, p.word())
	}
	return text
}
