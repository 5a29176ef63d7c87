// Package noise holds the random fields that procedural images are made of:
// gradient noise (Perlin, "Improving Noise", SIGGRAPH 2002), fractal sums of
// it, and cellular noise (Worley, "A Cellular Texture Basis Function",
// SIGGRAPH 1996). All fields are pure functions of a seed and a point.
package noise

import (
	"math"
	"math/rand/v2"
)

// Rand returns the generator of one image. Close seeds, streams or indices
// give unrelated numbers.
func Rand(seed int64, stream, index int) *rand.Rand {
	a := mix64(uint64(seed) ^ mix64(uint64(stream)+0x632be59bd9b4e019))
	return rand.New(rand.NewPCG(a, mix64(a^mix64(uint64(index)))))
}

// mix64 is the finalizer of SplitMix64.
func mix64(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Field is a random field over the plane; its value is the seed.
type Field uint32

// New draws a field.
func New(r *rand.Rand) Field { return Field(r.Uint32()) }

// Hash returns 32 random bits for a lattice point.
func (f Field) Hash(x, y int) uint32 {
	h := uint32(f) ^ uint32(x)*0x8da6b343 ^ uint32(y)*0xd8163841
	h = (h ^ h>>16) * 0x7feb352d
	h = (h ^ h>>15) * 0x846ca68b
	return h ^ h>>16
}

// Unit returns a random number in [0, 1) for a lattice point.
func (f Field) Unit(x, y int) float64 { return float64(f.Hash(x, y)) / (1 << 32) }

// gradients are 16 unit vectors.
var gradients = func() (g [16][2]float64) {
	for i := range g {
		s, c := math.Sincos((float64(i) + 0.5) * math.Pi / 8)
		g[i] = [2]float64{c, s}
	}
	return g
}()

// Gradient is Perlin's noise with lattice spacing 1: mean 0, about −0.7…0.7.
func (f Field) Gradient(x, y float64) float64 {
	fx, fy := math.Floor(x), math.Floor(y)
	ix, iy := int(fx), int(fy)
	x, y = x-fx, y-fy
	u := x * x * x * (x*(x*6-15) + 10)
	v := y * y * y * (y*(y*6-15) + 10)
	a, b := f.corner(ix, iy, x, y), f.corner(ix+1, iy, x-1, y)
	c, d := f.corner(ix, iy+1, x, y-1), f.corner(ix+1, iy+1, x-1, y-1)
	a += u * (b - a)
	c += u * (d - c)
	return a + v*(c-a)
}

func (f Field) corner(ix, iy int, x, y float64) float64 {
	g := &gradients[f.Hash(ix, iy)&15]
	return g[0]*x + g[1]*y
}

// Fractal sums octaves of gradient noise, each of double the frequency and
// gain times the height of the one before. About −1…1.
func (f Field) Fractal(x, y float64, octaves int, gain float64) float64 {
	sum, height, total := 0.0, 1.0, 0.0
	for i := range octaves {
		sum += height * (f+Field(i)*0x9e3779b9).Gradient(x, y)
		total += height * height
		// The shift keeps the lattices of the octaves from lining up.
		x, y, height = 2*x+17.3, 2*y-9.1, height*gain
	}
	return 1.4 * sum / math.Sqrt(total)
}

// Cell is what cellular noise knows about a point.
type Cell struct {
	F1, F2 float64 // distances to the nearest and second nearest feature point
	Edge   float64 // distance to the border between those two cells
	X, Y   int     // lattice position of the nearest point
}

// Cell finds the feature points nearest to a point: one per unit square, moved
// off the square's centre by at most jitter/2 in each direction (0 is a square
// lattice, 1 the usual cellular noise).
func (f Field) Cell(x, y, jitter float64) Cell {
	ix, iy := int(math.Floor(x)), int(math.Floor(y))
	first, second := math.Inf(1), math.Inf(1)
	var ax, ay, bx, by float64
	var c Cell
	for cy := iy - 1; cy <= iy+1; cy++ {
		for cx := ix - 1; cx <= ix+1; cx++ {
			px, py := f.Point(cx, cy, jitter)
			dx, dy := px-x, py-y
			switch d := dx*dx + dy*dy; {
			case d < first:
				second, bx, by = first, ax, ay
				first, ax, ay = d, dx, dy
				c.X, c.Y = cx, cy
			case d < second:
				second, bx, by = d, dx, dy
			}
		}
	}
	c.F1, c.F2 = math.Sqrt(first), math.Sqrt(second)
	c.Edge = (second - first) / (2 * math.Max(math.Hypot(bx-ax, by-ay), 1e-9))
	return c
}

// Point is the feature point of a unit square.
func (f Field) Point(cx, cy int, jitter float64) (x, y float64) {
	h := f.Hash(cx, cy)
	x = float64(cx) + 0.5 + jitter*(float64(h&0xffff)/65536-0.5)
	y = float64(cy) + 0.5 + jitter*(float64(h>>16)/65536-0.5)
	return x, y
}

// Smoothstep goes smoothly from 0 at low to 1 at high.
func Smoothstep(low, high, x float64) float64 {
	t := (x - low) / (high - low)
	if t <= 0 {
		return 0
	}
	if t >= 1 {
		return 1
	}
	return t * t * (3 - 2*t)
}
