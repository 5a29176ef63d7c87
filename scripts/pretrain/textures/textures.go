// Package textures makes pictures of many procedural texture families: tilings,
// weaves, noises, scattered shapes, waves, and the grains and marks of worn
// materials. A small backbone learns from them to see texture. None of the
// families is drawn as the package surfaces draws its six defects, so what it
// learns from them is transfer.
package textures

import (
	"fmt"
	"image"
	"math"
	"math/rand/v2"

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

var families = concat(tilings, weaves, cellular, noises, scattered, curves, waves, grains, marks)

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

// HeldOut are the families that no base is trained on: a base is chosen by how
// well a head tells them apart. They come from all groups.
var HeldOut = []string{"cobblestones", "crocodile leather", "fur", "wood rings", "billows", "rosettes", "flow bands",
	"frost", "dried mud", "rust", "flakes", "rain"}

// Image draws image number index of a family, size×size pixels, opaque, two thirds
// of them grey. Scale, rotation, stretch, distortion, colours, contrast, light
// and noise are drawn anew for each. The same arguments give the same pixels on
// one kind of machine, in any order and from any number of goroutines. Another
// size shows the same texture at another resolution. family must be an index of
// Families and size at least 1: as with slices, other values panic.
func Image(family int, seed int64, index int, size int) *image.RGBA {
	r := noise.Rand(seed, family, index)
	pixels := make([]float32, size*size*3)
	Develop(r, draw(r, family, size), size, pixels)
	img := image.NewRGBA(image.Rect(0, 0, size, size))
	for i := range size * size {
		for c := range 3 {
			img.Pix[4*i+c] = uint8(pixels[3*i+c] + 0.5)
		}
		img.Pix[4*i+3] = 255
	}
	return img
}

// Heights draws a texture without colours and light, for Develop: size×size
// heights. Its arguments are those of Image, which shows the same texture.
func Heights(family int, seed int64, index int, size int) []uint8 {
	return draw(noise.Rand(seed, family, index), family, size)
}

func draw(r *rand.Rand, family, size int) []uint8 {
	if family < 0 || family >= len(families) {
		panic(fmt.Sprintf("textures: family %d, want 0 to %d (see textures.Families)", family, len(families)-1))
	}
	if size < 1 {
		panic(fmt.Sprintf("textures: size %d, want at least 1", size))
	}
	v := newView(r, size)
	height := families[family].draw(r, v.pixel*uniform(r, 1, 2)) // out of focus up to 2
	heights := make([]uint8, size*size)
	for i := range heights {
		heights[i] = uint8(255*min(max(height(v.at(i%size, i/size)), 0), 1) + 0.5)
	}
	return heights
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
	periods := 3 * math.Pow(9, r.Float64()) // 3 to 27 across the image
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

func uniform(r *rand.Rand, low, high float64) float64 { return low + (high-low)*r.Float64() }

func chance(r *rand.Rand, probability float64) bool { return r.Float64() < probability }
