package textures

import (
	"math"

	"github.com/transfer-learning-go/defects/lib/surfaces/noise"
)

// inside is 1 where distance is negative, 0 where it is positive, with a border
// one pixel wide.
func inside(distance, pixel float64) float64 {
	return min(max(0.5-distance/(1.5*pixel), 0), 1)
}

// split takes the integer part off a coordinate.
func split(x float64) (cell int, rest float64) {
	f := math.Floor(x)
	return int(f), x - f
}

// triangle is a wave of period 1: 0 at whole numbers, 0.5 in the middle.
func triangle(x float64) float64 {
	return math.Abs(x - math.Round(x))
}

// sine is a wave of period 1 from 0 to 1.
func sine(x float64) float64 { return 0.5 + 0.5*math.Sin(2*math.Pi*x) }

// segment is the distance of a point from the line between two others.
func segment(x, y, ax, ay, bx, by float64) float64 {
	dx, dy := bx-ax, by-ay
	t := min(max(((x-ax)*dx+(y-ay)*dy)/(dx*dx+dy*dy+1e-12), 0), 1)
	return math.Hypot(x-ax-t*dx, y-ay-t*dy)
}

// box is the distance from a rectangle around the origin with these half sides.
func box(x, y, a, b float64) float64 {
	x, y = math.Abs(x)-a, math.Abs(y)-b
	return math.Hypot(max(x, 0), max(y, 0)) + min(max(x, y), 0)
}

// polygon is the distance from a regular polygon (inner radius) around the
// origin.
func polygon(x, y, radius float64, sides int) float64 {
	step := 2 * math.Pi / float64(sides)
	a := math.Atan2(y, x)
	a -= step * math.Round(a/step)
	return math.Hypot(x, y)*math.Cos(a) - radius
}

// hexagon finds the hexagon, one unit wide, that a point lies in: its number and
// the point's offset from its centre.
func hexagon(x, y float64) (i, j int, dx, dy float64) {
	const rise = 0.8660254037844386 // between rows of centres
	best := math.Inf(1)
	row := int(math.Floor(y / rise))
	for j0 := row; j0 <= row+1; j0++ {
		shift := 0.5 * float64(j0&1)
		i0 := int(math.Round(x - shift))
		ex, ey := x-float64(i0)-shift, y-float64(j0)*rise
		if d := ex*ex + ey*ey; d < best {
			best, i, j, dx, dy = d, i0, j0, ex, ey
		}
	}
	return i, j, dx, dy
}

// hexEdge is the distance of a point in a hexagon, one unit wide, from its side.
func hexEdge(dx, dy float64) float64 {
	dx, dy = math.Abs(dx), math.Abs(dy)
	return 0.5 - max(dx, 0.5*dx+0.8660254037844386*dy)
}

// scatter strews one shape per unit square, off its centre by at most jitter/2,
// and turned at random. shape is a distance; three random numbers of the element
// may vary it. Where shapes overlap, the nearest counts.
func scatter(f noise.Field, jitter, pixel float64, shape func(x, y float64, random [3]float64) float64) pattern {
	return func(x, y float64) float64 {
		ix, iy := int(math.Floor(x)), int(math.Floor(y))
		nearest, height := math.Inf(1), 0.0
		for cy := iy - 1; cy <= iy+1; cy++ {
			for cx := ix - 1; cx <= ix+1; cx++ {
				px, py := f.Point(cx, cy, jitter)
				px, py = x-px, y-py
				if px*px+py*py > 1.1 {
					continue
				}
				h := (f + 1).Hash(cx, cy)
				random := [3]float64{float64(h&1023) / 1023, float64(h>>10&1023) / 1023, float64(h>>20&1023) / 1023}
				c, s := direction(h >> 26)
				if d := shape(px*c+py*s, py*c-px*s, random); d < nearest {
					nearest, height = d, 0.55+0.45*random[2]
				}
			}
		}
		return height * inside(nearest, pixel)
	}
}

// directions are 64 unit vectors.
var directions = func() (d [64][2]float64) {
	for i := range d {
		s, c := math.Sincos(2 * math.Pi * float64(i) / 64)
		d[i] = [2]float64{c, s}
	}
	return d
}()

func direction(i uint32) (c, s float64) {
	d := &directions[i&63]
	return d[0], d[1]
}
