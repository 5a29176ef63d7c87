package figure

import (
	"image"
	"image/color"
	"math"
	"strings"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

const (
	scale  = 2.0 // pixels per CSS pixel
	margin = 16.0
	gap    = 12.0 // between parts of a figure

	titleSize = 17.0
	labelSize = 14.0 // axis titles, legends
	textSize  = 13.0 // tick labels, tile titles
	tinySize  = 11.0 // never smaller
)

// canvas draws in CSS pixels with y pointing down, as images do. The embedded gonum canvas measures in points
// with y pointing up; at 144 dots per inch one point is one CSS pixel.
type canvas struct {
	draw.Canvas
	rgba   *image.RGBA
	height float64
}

func newCanvas(width, height float64) *canvas {
	width, height = math.Ceil(width), math.Ceil(height)
	img := vgimg.NewWith(vgimg.UseWH(vg.Length(width), vg.Length(height)), vgimg.UseDPI(72*scale))
	return &canvas{draw.New(img), img.Image().(*image.RGBA), height}
}

func (c *canvas) figure(alt string) *Figure { return &Figure{c.rgba, scale, alt} }

func (c *canvas) point(x, y float64) vg.Point {
	return vg.Point{X: vg.Length(x), Y: vg.Length(c.height - y)}
}

// part is the gonum canvas of a rectangle, for plots.
func (c *canvas) part(x, y, width, height float64) draw.Canvas {
	low, high := c.point(x, y+height), c.point(x+width, y)
	return draw.Canvas{Canvas: c.Canvas.Canvas, Rectangle: vg.Rectangle{Min: low, Max: high}}
}

func rectangle(low, high vg.Point) []vg.Point {
	return []vg.Point{low, {X: high.X, Y: low.Y}, high, {X: low.X, Y: high.Y}}
}

func (c *canvas) fill(x, y, width, height float64, fill color.Color) {
	c.FillPolygon(fill, rectangle(c.point(x, y), c.point(x+width, y+height)))
}

// frame draws a line along the inside of a rectangle.
func (c *canvas) frame(x, y, width, height float64, style draw.LineStyle) {
	in := float64(style.Width) / 2
	corners := rectangle(c.point(x+in, y+in), c.point(x+width-in, y+height-in))
	c.StrokeLines(style, append(corners, corners[0], corners[1])) // past the start, for a whole last corner
}

func (c *canvas) line(style draw.LineStyle, xy ...float64) {
	points := make([]vg.Point, len(xy)/2)
	for i := range points {
		points[i] = c.point(xy[2*i], xy[2*i+1])
	}
	c.StrokeLines(style, points)
}

func (c *canvas) text(x, y float64, style draw.TextStyle, s string) {
	c.FillText(style, c.point(x, y), s)
}

// midCaps centres capitals and digits on y. gonum's YCenter centres the whole line, which looks too low.
const midCaps draw.YAlignment = -0.39

// textStyle is sans-serif text, left-aligned and centred on its y.
func textStyle(size float64) draw.TextStyle {
	return draw.TextStyle{
		Color:   black,
		Font:    font.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Length(size)},
		YAlign:  midCaps,
		Handler: plot.DefaultTextHandler,
	}
}

func bold(style draw.TextStyle) draw.TextStyle {
	style.Font.Weight = xfont.WeightBold
	return style
}

func colored(style draw.TextStyle, c color.Color) draw.TextStyle {
	style.Color = c
	return style
}

func aligned(style draw.TextStyle, x draw.XAlignment) draw.TextStyle {
	style.XAlign = x
	return style
}

func textWidth(style draw.TextStyle, s string) float64 { return float64(style.Width(s)) }

func widest(style draw.TextStyle, texts []string) float64 {
	width := 0.0
	for _, s := range texts {
		width = max(width, textWidth(style, s))
	}
	return width
}

// wrap breaks a text between words so that lines fit into a width. A longer word is cut.
func wrap(style draw.TextStyle, s string, width float64) []string {
	var lines []string
	for _, word := range strings.Fields(s) {
		if n := len(lines); n > 0 && textWidth(style, lines[n-1]+" "+word) <= width {
			lines[n-1] += " " + word
		} else {
			lines = append(lines, shorten(style, word, width))
		}
	}
	return lines
}

// maxName is the room for a label beside an axis, enough for 16 of the widest letter.
const maxName = 240.0

func shortenAll(style draw.TextStyle, names []string) []string {
	short := make([]string, len(names))
	for i, name := range names {
		short[i] = shorten(style, name, maxName)
	}
	return short
}

// shorten cuts a text to a width and ends it with an ellipsis where it had to.
func shorten(style draw.TextStyle, s string, width float64) string {
	if textWidth(style, s) <= width {
		return s
	}
	runes := []rune(s)
	for len(runes) > 0 && textWidth(style, string(runes)+"…") > width {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}
