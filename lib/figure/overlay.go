package figure

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"math"
	"slices"

	xdraw "golang.org/x/image/draw"
)

// overlaid is an image with heat on it. A Grid that holds one has a legend for the heat.
type overlaid struct{ *image.RGBA }

// Overlay draws a heat map over an image, for a Tile. values are from 0 to 1, [height, width] row by row, and span
// the whole image, as those of classifier.Heatmap; they are interpolated bilinearly between the centres of places.
// The hotter a place, the more of the image is covered, in the colours of viridis from violet to yellow; what has no
// heat looks as before.
//
// It is an error if there is no image, if there are not height·width values, or if one lies outside of [0, 1].
func Overlay(img image.Image, values []float32, height, width int) (image.Image, error) {
	switch {
	case img == nil || img.Bounds().Empty():
		return nil, errors.New("heat map: no image to draw it on")
	case height < 1 || width < 1 || len(values) != height*width:
		return nil, fmt.Errorf("heat map: %d values for %d rows of %d; give one for each place", len(values), height,
			width)
	}
	heat := image.NewGray16(image.Rect(0, 0, width, height))
	for i, v := range values {
		if !(v >= 0 && v <= 1) {
			return nil, fmt.Errorf("heat map: value %d is %v; divide by the largest, so that all lie from 0 to 1", i, v)
		}
		heat.SetGray16(i%width, i/width, color.Gray16{Y: uint16(math.Round(float64(v) * math.MaxUint16))})
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
	return overlaid{out}, nil
}

// mostCovered is the share of the hottest place's colour: what lies below must still be seen.
const mostCovered = 0.65

// heated is a colour with heat on it.
func heated(under color.RGBA, heat float64) color.RGBA {
	over, share := viridis(heat), mostCovered*heat
	mix := func(a, b uint8) uint8 { return uint8(math.Round(float64(a) + share*(float64(b)-float64(a)))) }
	return color.RGBA{mix(under.R, over.R), mix(under.G, over.G), mix(under.B, over.B), under.A}
}

// heatLegend explains heat, if a tile has some: over middle grey, from none to the hottest.
func heatLegend(tiles []Tile) []legendEntry {
	isHeat := func(t Tile) bool { _, ok := t.Image.(overlaid); return ok }
	if !slices.ContainsFunc(tiles, isHeat) {
		return nil
	}
	const width, height = 120.0, 14.0
	strip := func(c *canvas, x, y float64) {
		for k := range int(width * scale) { // column by column of pixels
			left := x + float64(k)/scale
			at := heated(color.RGBA{0x80, 0x80, 0x80, 0xff}, float64(k)/(width*scale-1))
			c.fill(left, y-height/2, 1/scale, height, at)
		}
	}
	name := "heat: from none to the strongest in the image"
	return []legendEntry{{name: name, mark: strip, markWidth: width}}
}
