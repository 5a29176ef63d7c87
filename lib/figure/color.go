package figure

import (
	"image/color"
	"math"

	"github.com/transfer-learning-go/defects/lib/internal/canvas"
)

var (
	// Bluish green, darkened from Okabe and Ito's until text in it is readable on white. It and vermillion stay far apart
	// for readers without red or green cones (see the test that simulates them).
	rightColor = color.RGBA{0x00, 0x7f, 0x66, 0xff}
	wrongColor = canvas.Vermillion

	trainColor      = canvas.Black
	validationColor = color.RGBA{0xd6, 0x27, 0x28, 0xff}
)

// seriesColors tell series apart for readers with any colour vision: from the palette of Okabe and Ito,
// Color Universal Design, 2008, without its yellow, which is too light for lines on white.
var seriesColors = []color.RGBA{
	{0x00, 0x72, 0xb2, 0xff}, // blue
	{0xe6, 0x9f, 0x00, 0xff}, // orange
	{0x00, 0x9e, 0x73, 0xff}, // bluish green
	{0xcc, 0x79, 0xa7, 0xff}, // reddish purple
	{0x56, 0xb4, 0xe9, 0xff}, // sky blue
	{0xd5, 0x5e, 0x00, 0xff}, // vermillion
	{0x00, 0x00, 0x00, 0xff}, // black
}

// named is a series' colour for text on white: darker.
func named(c color.RGBA) color.RGBA {
	dark := func(v uint8) uint8 { return uint8(0.6 * float64(v)) }
	return color.RGBA{dark(c.R), dark(c.G), dark(c.B), 0xff}
}

// bluesAnchors are the nine colours of ColorBrewer's sequential scheme Blues, light to dark.
var bluesAnchors = [9][3]float64{
	{247, 251, 255}, {222, 235, 247}, {198, 219, 239}, {158, 202, 225}, {107, 174, 214},
	{66, 146, 198}, {33, 113, 181}, {8, 81, 156}, {8, 48, 107},
}

// blues maps t in [0, 1] to ColorBrewer's Blues, interpolated linearly between its nine colours.
func blues(t float64) color.RGBA { return between(bluesAnchors, t) }

// viridisAnchors are nine colours, evenly spread, of viridis (S. van der Walt and N. Smith, 2015), in which equal
// steps look equally large, with and without colour vision.
var viridisAnchors = [9][3]float64{
	{68, 1, 84}, {71, 45, 123}, {59, 82, 139}, {44, 114, 142}, {33, 144, 140},
	{40, 174, 128}, {93, 201, 99}, {171, 220, 50}, {253, 231, 37},
}

// viridis maps t in [0, 1] to dark violet, green and yellow.
func viridis(t float64) color.RGBA { return between(viridisAnchors, t) }

// between interpolates linearly between colours that are evenly spread over [0, 1].
func between(anchors [9][3]float64, t float64) color.RGBA {
	at := min(max(t, 0), 1) * float64(len(anchors)-1)
	i := min(int(at), len(anchors)-2)
	var rgb [3]uint8
	for k := range rgb {
		a, b := anchors[i][k], anchors[i+1][k]
		rgb[k] = uint8(math.Round(a + (b-a)*(at-float64(i))))
	}
	return color.RGBA{rgb[0], rgb[1], rgb[2], 0xff}
}

// readableOn is the one of black and white that contrasts more with the background.
func readableOn(background color.RGBA) color.RGBA {
	if contrast(canvas.White, background) > contrast(canvas.Black, background) {
		return canvas.White
	}
	return canvas.Black
}

// contrast is the contrast ratio of two colours, from 1 to 21, as WCAG 2.2 defines it. Text wants 4.5.
func contrast(a, b color.RGBA) float64 {
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func luminance(c color.RGBA) float64 {
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

// linear undoes the gamma of one sRGB channel, to [0, 1].
func linear(v uint8) float64 {
	x := float64(v) / 255
	if x <= 0.04045 {
		return x / 12.92
	}
	return math.Pow((x+0.055)/1.055, 2.4)
}
