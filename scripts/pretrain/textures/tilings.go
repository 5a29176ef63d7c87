package textures

import (
	"math"
	"math/rand/v2"

	"github.com/transfer-learning-go/defects/lib/surfaces/noise"
)

// tilings fill the plane with pieces in a fixed order.
var tilings = []family{
	{"checkerboard", func(r *rand.Rand, pixel float64) pattern {
		aspect := uniform(r, 0.7, 1.4)
		return func(x, y float64) float64 {
			x, y = x*aspect, y/aspect
			return 0.5 + min(max(4*(triangle(x)-0.25)*(triangle(y)-0.25)/pixel, -0.5), 0.5)
		}
	}},
	{"mosaic", func(r *rand.Rand, _ float64) pattern {
		f := noise.New(r)
		return func(x, y float64) float64 {
			return f.Unit(int(math.Floor(2*x)), int(math.Floor(2*y)))
		}
	}},
	{"tiles", func(r *rand.Rand, pixel float64) pattern {
		f, gap, spread := noise.New(r), uniform(r, 0.04, 0.12), uniform(r, 0, 0.3)
		return func(x, y float64) float64 {
			i, u := split(x)
			j, v := split(y)
			return (1 - spread*f.Unit(i, j)) * inside(box(u-0.5, v-0.5, 0.5-gap, 0.5-gap), pixel)
		}
	}},
	{"brick", func(r *rand.Rand, pixel float64) pattern {
		f, gap, length := noise.New(r), uniform(r, 0.03, 0.08), uniform(r, 1.8, 2.6)
		return func(x, y float64) float64 {
			j, v := split(1.6 * y)
			i, u := split(1.6*x/length + 0.5*float64(j&1))
			d := box((u-0.5)*length, v-0.5, length/2-gap, 0.5-gap)
			return (0.65 + 0.35*f.Unit(i, j)) * inside(d, 1.6*pixel)
		}
	}},
	{"ashlar", func(r *rand.Rand, pixel float64) pattern { // rows of stones of random lengths
		f, gap := noise.New(r), uniform(r, 0.03, 0.08)
		return func(x, y float64) float64 {
			j, v := split(1.6 * y)
			i, u := split(0.9*x + 7*f.Unit(j, -1))
			cut := 0.25 + 0.5*f.Unit(i, j) // each unit of a row is cut once
			left, right, part := 0.0, cut, 0
			if u > cut {
				left, right, part = cut, 1, 1
			}
			d := min((u-left)*1.8, (right-u)*1.8, v, 1-v)
			return (0.6 + 0.4*f.Unit(2*i+part, j+999)) * inside(gap-d, 1.6*pixel)
		}
	}},
	{"herringbone", func(r *rand.Rand, pixel float64) pattern {
		f, gap := noise.New(r), uniform(r, 0.04, 0.1)
		return func(x, y float64) float64 {
			i, u := split(2 * x)
			j, v := split(2 * y)
			// Bricks of four by one: the diagonal number says which part of
			// which brick a square is.
			k := ((i-j)%8 + 8) % 8
			across, part := v, k
			bi, bj := i-k, j
			along := u
			if k >= 4 {
				across, along, part = u, 1-v, k-4
				bi, bj = i, j+k-4
			}
			d := min(across, 1-across)
			if part == 0 {
				d = min(d, along)
			} else if part == 3 {
				d = min(d, 1-along)
			}
			return (0.6 + 0.4*f.Unit(bi, bj+7*(k/4))) * inside(gap-d, 2*pixel)
		}
	}},
	{"hexagons", func(r *rand.Rand, pixel float64) pattern {
		f, gap, spread := noise.New(r), uniform(r, 0.03, 0.08), uniform(r, 0.1, 0.7)
		return func(x, y float64) float64 {
			i, j, dx, dy := hexagon(x, y)
			return (1 - spread*f.Unit(i, j)) * inside(gap-hexEdge(dx, dy), pixel)
		}
	}},
	{"honeycomb", func(r *rand.Rand, pixel float64) pattern { // hollow cells, shaded inside
		wall, depth := uniform(r, 0.07, 0.15), uniform(r, 0.4, 1)
		return func(x, y float64) float64 {
			_, _, dx, dy := hexagon(x, y)
			e := hexEdge(dx, dy)
			return max(inside(e-wall, pixel), 0.8*depth*(0.5-dy)*noise.Smoothstep(0, 0.5, e))
		}
	}},
	{"triangles", func(r *rand.Rand, _ float64) pattern {
		f := noise.New(r)
		return func(x, y float64) float64 {
			y *= 1.1547
			i, u := split(x - 0.5*y)
			j, v := split(y)
			if u+v > 1 {
				return 0.45 * f.Unit(i, j)
			}
			return 0.55 + 0.45*f.Unit(i, j)
		}
	}},
	{"tumbling blocks", func(r *rand.Rand, _ float64) pattern {
		middle := uniform(r, 0.35, 0.65)
		return func(x, y float64) float64 {
			_, _, dx, dy := hexagon(x, y)
			switch {
			case dy > 0.57735*math.Abs(dx):
				return 1
			case dx > 0:
				return middle
			}
			return 0
		}
	}},
	{"octagons", func(r *rand.Rand, pixel float64) pattern {
		cut, gap := uniform(r, 0.6, 0.75), uniform(r, 0.03, 0.07)
		return func(x, y float64) float64 {
			_, u := split(x)
			_, v := split(y)
			u, v = math.Abs(u-0.5), math.Abs(v-0.5)
			octagon := max(u+gap-0.5, (u+v-cut)*0.7071+gap)
			square := (cut-u-v)*0.7071 + gap
			return max(inside(octagon, pixel), 0.5*inside(square, pixel))
		}
	}},
	{"nested squares", func(r *rand.Rand, pixel float64) pattern {
		rings := float64(2 + r.IntN(3))
		return func(x, y float64) float64 {
			_, u := split(0.7 * x)
			_, v := split(0.7 * y)
			d := max(math.Abs(u-0.5), math.Abs(v-0.5))
			return 0.5 + min(max((0.25-triangle(rings*d))/(rings*0.7*pixel), -0.5), 0.5)
		}
	}},
	{"carpet", func(r *rand.Rand, _ float64) pattern { // Sierpinski's
		depth := 3
		return func(x, y float64) float64 {
			_, u := split(x / 2.5)
			_, v := split(y / 2.5)
			for n := range depth {
				u, v = 3*u, 3*v
				i, j := math.Floor(u), math.Floor(v)
				if i == 1 && j == 1 {
					return float64(n) / float64(depth+2)
				}
				u, v = u-i, v-j
			}
			return 1
		}
	}},
	{"subdivision", func(r *rand.Rand, pixel float64) pattern { // rectangles split again and again
		f, gap := noise.New(r), uniform(r, 0.03, 0.07)
		return func(x, y float64) float64 {
			const side = 3.0
			i, u := split(x / side)
			j, v := split(y / side)
			u, v = u*side, v*side
			w, h, id := side, side, int(f.Hash(i, j)>>1)
			for n := range 5 {
				cut := 0.3 + 0.4*f.Unit(id, n)
				if w > h {
					if c := cut * w; u < c {
						w, id = c, 2*id
					} else {
						u, w, id = u-c, w-c, 2*id+1
					}
				} else if c := cut * h; v < c {
					h, id = c, 2*id
				} else {
					v, h, id = v-c, h-c, 2*id+1
				}
			}
			return (0.3 + 0.7*f.Unit(id, 99)) * inside(gap-min(u, w-u, v, h-v), pixel)
		}
	}},
	{"Truchet triangles", func(r *rand.Rand, pixel float64) pattern {
		f := noise.New(r)
		return func(x, y float64) float64 {
			i, u := split(1.4 * x)
			j, v := split(1.4 * y)
			h := f.Hash(i, j)
			if h&1 == 0 {
				u = 1 - u
			}
			d := u - v
			if h&2 == 0 {
				d = -d
			}
			return inside(0.7071*d, 1.4*pixel)
		}
	}},
}
