package diagram

import (
	"fmt"
	"strconv"

	"gonum.org/v1/plot/vg/draw"

	"github.com/transfer-learning-go/defects/lib/internal/canvas"
	"github.com/transfer-learning-go/defects/lib/layer"
)

// patches is the way from an image to tokens: a convolution whose stride is its kernel, read row by row.
type patches struct {
	height, width int // of the image, pixels
	side          int // of a patch, pixels
	rows, columns int // of patches
	numbers       int // of a token
	classToken    bool
	positions     bool
	start, end    int // layers
}

// patchesOf finds where a list cuts its image into patches. It is nil for a list that does not, and for one that cuts
// up what other layers have learned.
func patchesOf(ls layer.List) *patches {
	for i := 2; i < len(ls); i++ {
		conv, isConv := ls[i-1].Op.(layer.Conv2D)
		tokens, isReshape := ls[i].Op.(layer.Reshape)
		if !isConv || !isReshape || len(tokens.Shape) != 2 || conv.Kernel != conv.Strides || ls[:i-1].Params() > 0 {
			continue
		}
		image, grid := ls[i-2].Shape, ls[i-1].Shape
		if tokens.Shape[0] != grid[0]*grid[1] || tokens.Shape[1] != conv.Filters || grid[0]*conv.Kernel > image[0] ||
			grid[1]*conv.Kernel > image[1] {
			continue
		}
		p := &patches{height: image[0], width: image[1], side: conv.Kernel, rows: grid[0], columns: grid[1],
			numbers: conv.Filters, start: i - 1, end: i + 1}
		for ; p.end < len(ls); p.end++ {
			_, classToken := ls[p.end].Op.(layer.ClassToken)
			_, positions := ls[p.end].Op.(layer.PositionEmbedding)
			if !classToken && !positions {
				break
			}
			p.classToken, p.positions = p.classToken || classToken, p.positions || positions
		}
		return p
	}
	return nil
}

// text says how the image becomes tokens.
func (p *patches) text() []string {
	text := []string{fmt.Sprintf("%d×%d = %d patches of %d×%[4]d pixels.", p.rows, p.columns, p.rows*p.columns, p.side)}
	right, bottom := p.width-p.columns*p.side, p.height-p.rows*p.side
	switch {
	case right > 0 && right == bottom:
		text = append(text, fmt.Sprintf("%d pixels at the right and bottom (grey) are dropped.", right))
	case right > 0 || bottom > 0:
		text = append(text, fmt.Sprintf("%d pixels at the right, %d at the bottom (grey) are dropped.", right, bottom))
	}
	text = append(text, fmt.Sprintf("A linear map makes each a token of %d numbers.", p.numbers))
	if p.classToken {
		text = append(text, "A learned class token (0) stands before them.")
	}
	if p.positions {
		text = append(text, "Each place adds a learned vector to its token.")
	}
	return text
}

const (
	imageSide               = 140.0 // of the longer side of the image
	patchLine               = 19.0  // between lines of text
	tokenWidth, tokenHeight = 30.0, 20.0
	patchesTitle            = 32.0
	patchesTextX            = imageSide + 24
)

// lines are the text beside the image, broken to the width of the picture.
func (p *patches) lines(width float64) (lines []string) {
	for _, text := range p.text() {
		lines = append(lines, canvas.Body.Wrap(text, width-patchesTextX)...)
	}
	return lines
}

func (p *patches) size(width float64) float64 {
	return patchesTitle + max(imageSide, tokenHeight+canvas.Gap+float64(len(p.lines(width)))*patchLine)
}

// draw shows the image with its patches, and the first tokens and the last. The patches of these tokens are darker.
func (p *patches) draw(c *canvas.Canvas, x, y, width float64) {
	c.Text(x, y+10, canvas.Label.Bold(), "From image to tokens: layers "+indices(p.start, p.end))
	y += patchesTitle
	p.drawImage(c, x, y)
	x += patchesTextX
	c.Line(draw.LineStyle{Color: canvas.Grey, Width: 1.5}, x-20, y+tokenHeight/2, x-9, y+tokenHeight/2)
	c.Polygon(canvas.Grey, x-11, y+tokenHeight/2-4, x-11, y+tokenHeight/2+4, x-4, y+tokenHeight/2)
	p.drawTokens(c, x, y)
	for i, text := range p.lines(width) {
		c.Text(x, y+tokenHeight+canvas.Gap+(float64(i)+0.5)*patchLine, canvas.Body, text)
	}
}

// shown is how many of the first tokens are drawn.
func (p *patches) shown() int { return min(4, p.rows*p.columns-1) }

func (p *patches) drawImage(c *canvas.Canvas, x, y float64) {
	pixel := imageSide / float64(max(p.height, p.width))
	c.Box(x, y, pixel*float64(p.width), pixel*float64(p.height), frozenFill)
	side := pixel * float64(p.side)
	for i := range p.rows * p.columns {
		fill := tensorTop
		if i < p.shown() || i == p.rows*p.columns-1 {
			fill = tensorFill
		}
		c.Box(x+side*float64(i%p.columns), y+side*float64(i/p.columns), side, side, fill)
	}
	grid := draw.LineStyle{Color: canvas.White, Width: 1}
	right, bottom := x+side*float64(p.columns), y+side*float64(p.rows)
	for i := range p.columns - 1 {
		c.Line(grid, x+side*float64(i+1), y, x+side*float64(i+1), bottom)
	}
	for i := range p.rows - 1 {
		c.Line(grid, x, y+side*float64(i+1), right, y+side*float64(i+1))
	}
	c.Frame(x, y, pixel*float64(p.width), pixel*float64(p.height), draw.LineStyle{Color: canvas.Grey, Width: 1})
}

func (p *patches) drawTokens(c *canvas.Canvas, x, y float64) {
	token := func(number int) {
		fill := tensorFill
		if number == 0 {
			fill = canvas.Vermillion
		}
		c.Box(x, y, tokenWidth, tokenHeight, fill)
		style := canvas.Tiny.In(canvas.White).Centred()
		c.Text(x+tokenWidth/2, y+tokenHeight/2, style, strconv.Itoa(number))
		x += tokenWidth + 4
	}
	if p.classToken {
		token(0)
	}
	for i := range p.shown() {
		token(i + 1)
	}
	if p.shown()+1 < p.rows*p.columns {
		c.Text(x+tokenWidth/2, y+tokenHeight/2, canvas.Body.Centred(), "…")
		x += tokenWidth + 4
	}
	token(p.rows * p.columns)
}
