package figure

import (
	"image/color"
	"math"
	"testing"

	"github.com/transfer-learning-go/defects/lib/internal/canvas"
)

// Matrices on linear RGB that simulate missing cones, from G. M. Machado, M. M. Oliveira and L. A. F. Fernandes,
// A Physiologically-based Model for Simulation of Color Vision Deficiency, 2009, severity 1.0.
var missingCones = map[string][3][3]float64{
	"none":         {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	"protanopia":   {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}},
	"deuteranopia": {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}},
	"tritanopia":   {{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}},
}

// seenDistance is the CIE 1976 colour difference of two colours as seen with some cones missing.
// 2.3 is just noticeable; red and green of the same lightness come close to 0.
func seenDistance(cones [3][3]float64, a, b color.RGBA) float64 {
	la, lb := seenLab(cones, a), seenLab(cones, b)
	return math.Sqrt(math.Pow(la[0]-lb[0], 2) + math.Pow(la[1]-lb[1], 2) + math.Pow(la[2]-lb[2], 2))
}

func seenLab(cones [3][3]float64, c color.RGBA) [3]float64 {
	rgb := times(cones, [3]float64{linear(c.R), linear(c.G), linear(c.B)})
	for i := range rgb {
		rgb[i] = min(max(rgb[i], 0), 1)
	}
	xyz := times([3][3]float64{
		{0.4124564, 0.3575761, 0.1804375}, {0.2126729, 0.7151522, 0.0721750}, {0.0193339, 0.1191920, 0.9503041},
	}, rgb)
	f := func(v, white float64) float64 {
		if v /= white; v > 216.0/24389 {
			return math.Cbrt(v)
		}
		return (24389.0/27*v + 16) / 116
	}
	x, y, z := f(xyz[0], 0.95047), f(xyz[1], 1), f(xyz[2], 1.08883)
	return [3]float64{116*y - 16, 500 * (x - y), 200 * (y - z)}
}

func times(m [3][3]float64, v [3]float64) (out [3]float64) {
	for i := range out {
		out[i] = m[i][0]*v[0] + m[i][1]*v[1] + m[i][2]*v[2]
	}
	return out
}

func TestColoursDifferForColourBlindReaders(t *testing.T) {
	for vision, cones := range missingCones {
		for _, pair := range []struct {
			name string
			a, b color.RGBA
			want float64
		}{
			{"right and wrong", rightColor, wrongColor, 35},
			{"training and validation", trainColor, validationColor, 35},
			{"the first two series", seriesColors[0], seriesColors[1], 35},
		} {
			if got := seenDistance(cones, pair.a, pair.b); got < pair.want {
				t.Errorf("%s, %s: distance %.1f, want at least %.0f", pair.name, vision, got, pair.want)
			}
		}
		for i, a := range seriesColors {
			for j, b := range seriesColors[:i] {
				if got := seenDistance(cones, a, b); got < 10 {
					t.Errorf("series %d and %d, %s: distance %.1f, want at least 10", j, i, vision, got)
				}
			}
		}
	}
}

// The simulation itself must see what is known: pure red and green of equal lightness merge for deuteranopes.
func TestSimulationMergesRedAndGreen(t *testing.T) {
	red, green := color.RGBA{200, 70, 60, 255}, color.RGBA{120, 120, 50, 255}
	normal, deutan := seenDistance(missingCones["none"], red, green), seenDistance(missingCones["deuteranopia"], red, green)
	if normal < 50 || deutan > 15 {
		t.Errorf("distance is %.1f with all cones and %.1f without green ones", normal, deutan)
	}
}

func TestTextColoursAreReadableOnWhite(t *testing.T) {
	for name, c := range map[string]color.RGBA{"right": rightColor, "wrong": wrongColor, "grey": canvas.Grey} {
		if got := contrast(c, canvas.White); got < 4.5 {
			t.Errorf("%s: contrast %.2f on white, want at least 4.5", name, got)
		}
	}
	for i, c := range seriesColors {
		if got := contrast(named(c), canvas.White); got < 4.5 {
			t.Errorf("name of series %d: contrast %.2f on white, want at least 4.5", i, got)
		}
	}
	if got := contrast(canvas.Black, canvas.NoticeFill); got < 7 {
		t.Errorf("notice: contrast %.2f, want at least 7", got)
	}
}

func TestCountsAreReadableOnEveryBlue(t *testing.T) {
	for k := range 1001 {
		fill := blues(float64(k) / 1000)
		if got := contrast(readableOn(fill), fill); got < 4.5 {
			t.Fatalf("contrast %.2f on blues(%v), want at least 4.5", got, float64(k)/1000)
		}
	}
	if readableOn(blues(0)) != canvas.Black || readableOn(blues(1)) != canvas.White {
		t.Error("text does not flip from black to white along Blues")
	}
}

func TestBluesGoesThroughColorBrewersColours(t *testing.T) {
	for at, want := range map[float64]color.RGBA{
		0:     {0xf7, 0xfb, 0xff, 0xff},
		0.25:  {0xc6, 0xdb, 0xef, 0xff},
		0.5:   {0x6b, 0xae, 0xd6, 0xff},
		0.875: {0x08, 0x51, 0x9c, 0xff},
		1:     {0x08, 0x30, 0x6b, 0xff},
		// Halfway between the first two.
		0.0625: {0xeb, 0xf3, 0xfb, 0xff},
		// Outside of [0, 1] the ends go on.
		-3: {0xf7, 0xfb, 0xff, 0xff},
		7:  {0x08, 0x30, 0x6b, 0xff},
	} {
		if got := blues(at); got != want {
			t.Errorf("blues(%v) = %v, want %v", at, got, want)
		}
	}
}

// Hotter is lighter, so that heat reads without colours; and far colours are told apart with any cones.
func TestViridisReadsWithAnyColourVision(t *testing.T) {
	for vision, cones := range missingCones {
		before := seenLab(cones, viridis(0))[0]
		for k := 1; k <= 16; k++ {
			now := seenLab(cones, viridis(float64(k)/16))[0]
			if now <= before {
				t.Errorf("%s: at %d/16 lightness goes from %.1f to %.1f", vision, k, before, now)
			}
			before = now
		}
		for k := range 4 {
			if got := seenDistance(cones, viridis(float64(k)/4), viridis(float64(k+1)/4)); got < 18 {
				t.Errorf("%s: quarters %d and %d differ by %.1f, want at least 18", vision, k, k+1, got)
			}
		}
	}
	if viridis(0) != (color.RGBA{68, 1, 84, 255}) || viridis(1) != (color.RGBA{253, 231, 37, 255}) {
		t.Error("viridis does not go from violet to yellow")
	}
}
