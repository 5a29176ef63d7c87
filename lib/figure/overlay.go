package figure

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"math"

	xdraw "golang.org/x/image/draw"

	"github.com/transfer-learning-go/defects/lib/internal/canvas"
	"github.com/transfer-learning-go/defects/lib/notice"
	"github.com/transfer-learning-go/defects/lib/result"
)

// overlaid is an image with heat on it. A Grid that holds one explains the heat and says the notice.
type overlaid struct {
	*image.RGBA
	notice string
}

// Overlay draws a heat map over an image, for a Tile. The map spans the whole image; its values are interpolated
// bilinearly between the centres of places. The hotter a place, the more of the image is covered, in the colours of
// viridis from violet to yellow; what has no heat looks as before. A Grid of the result says the map's notice.
//
// It is an error if there is no image, if there are not Height·Width values, or if one lies outside of [0, 1].
func Overlay(img image.Image, h result.Heatmap) (image.Image, error) {
	switch {
	case img == nil || img.Bounds().Empty():
		return nil, errors.New("heat map: no image to draw it on")
	case h.Height < 1 || h.Width < 1 || len(h.Values) != h.Height*h.Width:
		return nil, fmt.Errorf("heat map: %d values for %d rows of %d; give one for each place", len(h.Values), h.Height,
			h.Width)
	}
	heat := image.NewGray16(image.Rect(0, 0, h.Width, h.Height))
	for i, v := range h.Values {
		if !(v >= 0 && v <= 1) {
			return nil, fmt.Errorf("heat map: value %d is %v; divide by the largest, so that all lie from 0 to 1", i, v)
		}
		heat.SetGray16(i%h.Width, i/h.Width, color.Gray16{Y: uint16(math.Round(float64(v) * math.MaxUint16))})
	}
	b := img.Bounds()
	smooth := image.NewGray16(image.Rect(0, 0, b.Dx(), b.Dy()))
	xdraw.BiLinear.Scale(smooth, smooth.Rect, heat, heat.Rect, xdraw.Src, nil)
	out := image.NewRGBA(smooth.Rect)
	for y := range b.Dy() {
		for x := range b.Dx() {
			under := color.RGBAModel.Convert(img.At(b.Min.X+x, b.Min.Y+y)).(color.RGBA)
			out.SetRGBA(x, y, heated(under, float64(smooth.Gray16At(x, y).Y)/math.MaxUint16))
		}
	}
	return overlaid{out, h.Notice}, nil
}

// mostCovered is the share of the hottest place's colour: what lies below must still be seen.
const mostCovered = 0.65

// heated is a colour with heat on it.
func heated(under color.RGBA, heat float64) color.RGBA {
	over, share := viridis(heat), mostCovered*heat
	mix := func(a, b uint8) uint8 { return uint8(math.Round(float64(a) + share*(float64(b)-float64(a)))) }
	return color.RGBA{mix(under.R, over.R), mix(under.G, over.G), mix(under.B, over.B), under.A}
}

// heatOf explains heat, if a tile has some: over middle grey, from none to the hottest. It also gives the notice of the
// heat maps.
func heatOf(tiles []Tile) (legend []canvas.Entry, notices string) {
	found := false
	for _, t := range tiles {
		if heat, ok := t.Image.(overlaid); ok {
			found, notices = true, notice.Join(notices, heat.notice)
		}
	}
	if !found {
		return nil, ""
	}
	const width, height = 120.0, 14.0
	strip := func(c *canvas.Canvas, x, y float64) {
		for k := range int(width * canvas.Scale) { // column by column of pixels
			left := x + float64(k)/canvas.Scale
			at := heated(color.RGBA{0x80, 0x80, 0x80, 0xff}, float64(k)/(width*canvas.Scale-1))
			c.Box(left, y-height/2, 1/canvas.Scale, height, at)
		}
	}
	name := "heat: from none to the strongest in the image"
	return []canvas.Entry{{Name: name, Mark: strip, MarkWidth: width}}, notices
}
