// Package textures makes pictures of many procedural texture families: tilings,
// weaves, noises, scattered shapes, waves. A small backbone learns to name the
// family and so learns to see texture. None of the families is one of the six
// defects of the package surfaces, so what it learns from them is transfer.
package textures

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/transfer-learning-go/defects/lib/surfaces/noise"
)

// A pattern gives the height of a texture, about 0 to 1, at a point. Its period,
// or the size of its typical element, is 1. The image lies around the origin.
type pattern func(x, y float64) float64

// A family draws the parameters of one of its members. pixel is the size of a
// pixel in the pattern's units, or a little more: edges are that soft, so that
// they do not alias.
type family struct {
	name string
	draw func(r *rand.Rand, pixel float64) pattern
}

var families = concat(tilings, weaves, cellular, noises, scattered, curves, waves)

func concat(groups ...[]family) (all []family) {
	for _, g := range groups {
		all = append(all, g...)
	}
	return all
}

// Families are the names of the texture families; an image's family is an index
// here.
var Families = func() (names []string) {
	for _, f := range families {
		names = append(names, f.name)
	}
	return names
}()

// Image draws image number index of a family, size×size pixels, opaque, a third
// of them grey. Scale, rotation, stretch, distortion, colours, contrast, light
// and noise are drawn anew for each. The same arguments give the same pixels on
// one kind of machine, in any order and from any number of goroutines. Another
// size shows the same texture at another resolution. family must be an index of
// Families and size at least 1: as with slices, other values panic.
func Image(family int, seed int64, index int, size int) *image.RGBA {
	if family < 0 || family >= len(families) {
		panic(fmt.Sprintf("textures.Image: family %d, want 0 to %d (see textures.Families)", family, len(families)-1))
	}
	if size < 1 {
		panic(fmt.Sprintf("textures.Image: size %d, want at least 1", size))
	}
	r := noise.Rand(seed, family, index)
	v := newView(r, size)
	height := families[family].draw(r, v.pixel*uniform(r, 1, 2)) // out of focus up to 2
	heights := make([]float64, size*size)
	for i := range heights {
		heights[i] = height(v.at(i%size, i/size))
	}
	return develop(r, heights, size)
}

// view maps pixels to pattern coordinates.
type view struct {
	pixel          float64 // pattern units per pixel
	half           float64 // half the image, in pixels
	xx, xy, yx, yy float64 // rotation and stretch
	x0, y0         float64
	warp           noise.Field
	bend, length   float64 // height and wavelength of the distortion
}

func newView(r *rand.Rand, size int) view {
	periods := 4 * math.Pow(3, r.Float64()) // 4 to 12 across the image
	s, c := math.Sincos(2 * math.Pi * r.Float64())
	stretch := math.Exp(0.18 * r.NormFloat64())
	v := view{
		pixel: periods / float64(size), half: float64(size-1) / 2,
		xx: c * stretch, xy: -s * stretch, yx: s / stretch, yy: c / stretch,
		x0: uniform(r, -2, 2), y0: uniform(r, -2, 2),
		warp: noise.New(r), length: uniform(r, 2, 6),
	}
	if chance(r, 0.6) {
		v.bend = uniform(r, 0.05, 0.25)
	}
	return v
}

func (v *view) at(column, row int) (x, y float64) {
	dx, dy := (float64(column)-v.half)*v.pixel, (float64(row)-v.half)*v.pixel
	x = v.x0 + v.xx*dx + v.xy*dy
	y = v.y0 + v.yx*dx + v.yy*dy
	if v.bend > 0 {
		u, w := x/v.length, y/v.length
		x += v.bend * v.length * v.warp.Gradient(u, w)
		y += v.bend * v.length * (v.warp+1).Gradient(u, w)
	}
	return x, y
}

// develop turns heights into a picture: colours, light, noise.
func develop(r *rand.Rand, heights []float64, size int) *image.RGBA {
	palette := newPalette(r)
	light, angle := uniform(r, 0, 0.35), 2*math.Pi*r.Float64()
	s, c := math.Sincos(angle)
	level := uniform(r, 0.75, 1.15)
	grain := 10 * r.Float64() * r.Float64()
	img := image.NewRGBA(image.Rect(0, 0, size, size))
	for i, h := range heights {
		x, y := float64(i%size)/float64(size)-0.5, float64(i/size)/float64(size)-0.5
		lamp := level * (1 + light*2*(x*c+y*s))
		n := grain * r.NormFloat64()
		rgb := palette.at(h)
		img.SetRGBA(i%size, i/size, color.RGBA{
			bits(rgb[0]*lamp + n), bits(rgb[1]*lamp + n), bits(rgb[2]*lamp + n), 255})
	}
	return img
}

func bits(v float64) uint8 { return uint8(min(max(v, 0), 255) + 0.5) }

type rgb [3]float64

// palette is a row of colours, evenly spaced over heights 0 to 1.
type palette []rgb

// newPalette draws two to four colours of clearly different brightness, in
// random order, a third of them grey.
func newPalette(r *rand.Rand) palette {
	p := make(palette, 2+r.IntN(3))
	grey := chance(r, 1.0/3)
	contrast := uniform(r, 50, 200)
	low := uniform(r, 10, 245-contrast)
	tint := uniform(r, 10, 110)
	for i := range p {
		// Even steps of brightness: that keeps the order of heights.
		v := low + contrast*float64(i)/float64(len(p)-1)
		for j := range p[i] {
			p[i][j] = v
			if !grey {
				p[i][j] += tint * (r.Float64() - 0.5)
			}
		}
	}
	if chance(r, 0.5) {
		slices.Reverse(p)
	}
	return p
}

func (p palette) at(h float64) rgb {
	t := min(max(h, 0), 1) * float64(len(p)-1)
	i := min(int(t), len(p)-2)
	t -= float64(i)
	var c rgb
	for j := range c {
		c[j] = p[i][j] + t*(p[i+1][j]-p[i][j])
	}
	return c
}

func uniform(r *rand.Rand, low, high float64) float64 { return low + (high-low)*r.Float64() }

func chance(r *rand.Rand, probability float64) bool { return r.Float64() < probability }
