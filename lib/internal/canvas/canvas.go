// Package canvas is what charts and diagrams are drawn with: a canvas in CSS pixels, text, colours, and the header that
// stands above a picture.
package canvas

import (
	"image"
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

const (
	Scale     = 2.0   // pixels per CSS pixel
	PageWidth = 880.0 // of figures that fill a report
	Margin    = 16.0
	Gap       = 12.0 // between parts of a figure
)

// Canvas draws in CSS pixels with y pointing down, as images do. The embedded gonum canvas measures in points
// with y pointing up; at 144 dots per inch one point is one CSS pixel.
type Canvas struct {
	draw.Canvas
	Image  *image.RGBA
	Height float64
}

// New is a white canvas, its size rounded up to whole CSS pixels.
func New(width, height float64) *Canvas {
	width, height = math.Ceil(width), math.Ceil(height)
	img := vgimg.NewWith(vgimg.UseWH(vg.Length(width), vg.Length(height)), vgimg.UseDPI(72*Scale))
	return &Canvas{draw.New(img), img.Image().(*image.RGBA), height}
}

// Point is where gonum has (x, y).
func (c *Canvas) Point(x, y float64) vg.Point {
	return vg.Point{X: vg.Length(x), Y: vg.Length(c.Height - y)}
}

// Part is the gonum canvas of a rectangle, for plots.
func (c *Canvas) Part(x, y, width, height float64) draw.Canvas {
	low, high := c.Point(x, y+height), c.Point(x+width, y)
	return draw.Canvas{Canvas: c.Canvas.Canvas, Rectangle: vg.Rectangle{Min: low, Max: high}}
}

func rectangle(low, high vg.Point) []vg.Point {
	return []vg.Point{low, {X: high.X, Y: low.Y}, high, {X: low.X, Y: high.Y}}
}

// Box fills a rectangle.
func (c *Canvas) Box(x, y, width, height float64, fill color.Color) {
	c.FillPolygon(fill, rectangle(c.Point(x, y), c.Point(x+width, y+height)))
}

// Frame draws a line along the inside of a rectangle.
func (c *Canvas) Frame(x, y, width, height float64, style draw.LineStyle) {
	in := float64(style.Width) / 2
	corners := rectangle(c.Point(x+in, y+in), c.Point(x+width-in, y+height-in))
	c.StrokeLines(style, append(corners, corners[0], corners[1])) // past the start, for a whole last corner
}

// Line draws a line through points x, y, x, y, …
func (c *Canvas) Line(style draw.LineStyle, xy ...float64) { c.StrokeLines(style, c.points(xy)) }

// Polygon fills the area between points x, y, x, y, …
func (c *Canvas) Polygon(fill color.Color, xy ...float64) { c.FillPolygon(fill, c.points(xy)) }

func (c *Canvas) points(xy []float64) []vg.Point {
	points := make([]vg.Point, len(xy)/2)
	for i := range points {
		points[i] = c.Point(xy[2*i], xy[2*i+1])
	}
	return points
}

// Disc fills a circle around (x, y).
func (c *Canvas) Disc(x, y, radius float64, fill color.Color) {
	c.SetColor(fill)
	c.Fill(c.circle(x, y, radius))
}

// Circle draws a line around (x, y).
func (c *Canvas) Circle(x, y, radius float64, style draw.LineStyle) {
	c.SetLineStyle(style)
	c.Stroke(c.circle(x, y, radius))
}

func (c *Canvas) circle(x, y, radius float64) vg.Path {
	var path vg.Path
	centre := c.Point(x, y)
	path.Move(vg.Point{X: centre.X + vg.Length(radius), Y: centre.Y})
	path.Arc(centre, vg.Length(radius), 0, 2*math.Pi)
	path.Close()
	return path
}
