package textures

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Develop turns heights into a picture, as a lamp and a camera do: colours, contrast, light and noise. It fills
// pixels, [size, size, 3], with 0…255.
func Develop(r *rand.Rand, heights []uint8, size int, pixels []float32) {
	colours := newPalette(r).table()
	light, angle := uniform(r, 0, 0.35), 2*math.Pi*r.Float64()
	s, c := math.Sincos(angle)
	s, c = 2*light*s/float64(size), 2*light*c/float64(size)
	level := uniform(r, 0.75, 1.15)
	grain := float32(0.5 * math.Pow(16, r.Float64())) // 0.5 to 8 levels
	coarse := float32(0)                              // how much of a pixel's noise its right neighbour shares
	if chance(r, 0.5) {
		coarse = float32(uniform(r, 0.3, 0.8))
	}
	half, noise := float64(size)/2, float32(0)
	for i, h := range heights {
		x, y := float64(i%size)-half, float64(i/size)-half
		lamp := float32(level * (1 + x*c + y*s))
		noise = coarse*noise + (1-coarse)*grain*float32(r.NormFloat64())
		for j, v := range colours[h] {
			pixels[3*i+j] = min(max(v*lamp+noise, 0), 255)
		}
	}
}

type rgb [3]float32

// palette is a row of colours, evenly spaced over the heights.
type palette []rgb

// newPalette draws two to four colours of different brightness, rising or falling, two thirds of them grey.
func newPalette(r *rand.Rand) palette {
	p := make(palette, 2+r.IntN(3))
	grey := chance(r, 2.0/3)
	contrast := 30 * math.Pow(6.5, r.Float64()) // 30 to 195 levels
	low := uniform(r, 8, 247-contrast)
	tint := uniform(r, 10, 110)
	for i := range p {
		// Even steps of brightness: that keeps the order of heights.
		v := low + contrast*float64(i)/float64(len(p)-1)
		for j := range p[i] {
			p[i][j] = float32(v)
			if !grey {
				p[i][j] += float32(tint * (r.Float64() - 0.5))
			}
		}
	}
	if chance(r, 0.5) {
		slices.Reverse(p)
	}
	return p
}

// table gives the colour of each height.
func (p palette) table() (t [256]rgb) {
	for h := range t {
		at := float32(h) / 255 * float32(len(p)-1)
		i := min(int(at), len(p)-2)
		at -= float32(i)
		for j := range t[h] {
			t[h][j] = p[i][j] + at*(p[i+1][j]-p[i][j])
		}
	}
	return t
}
