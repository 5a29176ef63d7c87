package textures

import (
	"math"
	"math/rand/v2"

	"github.com/transfer-learning-go/defects/lib/surfaces/noise"
)

// curves are mazes, rays, spirals and other drawn lines.
var curves = []family{
	{"Truchet arcs", func(r *rand.Rand, pixel float64) pattern {
		f, line := noise.New(r), uniform(r, 0.08, 0.2)
		return func(x, y float64) float64 {
			i, u := split(1.3 * x)
			j, v := split(1.3 * y)
			if f.Hash(i, j)&1 == 0 {
				u = 1 - u
			}
			a := math.Abs(math.Hypot(u, v) - 0.5)
			b := math.Abs(math.Hypot(1-u, 1-v) - 0.5)
			return inside(min(a, b)-line, 1.3*pixel)
		}
	}},
	{"maze", func(r *rand.Rand, pixel float64) pattern {
		f, line := noise.New(r), uniform(r, 0.08, 0.16)
		return func(x, y float64) float64 {
			i, u := split(1.5 * x)
			j, v := split(1.5 * y)
			if f.Hash(i, j)&1 == 0 {
				u = 1 - u
			}
			return inside(math.Abs(u-v)*0.7071-line, 1.5*pixel)
		}
	}},
	{"circuit", func(r *rand.Rand, pixel float64) pattern { // paths on a grid, with pads
		f, line := noise.New(r), uniform(r, 0.05, 0.09)
		return func(x, y float64) float64 {
			i, u := split(1.4 * x)
			j, v := split(1.4 * y)
			d := math.Inf(1)
			if f.Hash(i, j)&3 == 0 {
				d = math.Abs(math.Hypot(u-0.5, v-0.5)-0.2) - line/2
			}
			// A path crosses the border of two cells, or does not.
			for _, p := range [4]struct {
				open   uint32
				ex, ey float64
			}{
				{(f + 1).Hash(i, j), 0, 0.5}, {(f + 1).Hash(i+1, j), 1, 0.5},
				{(f + 2).Hash(i, j), 0.5, 0}, {(f + 2).Hash(i, j+1), 0.5, 1},
			} {
				if p.open&1 == 0 {
					d = min(d, segment(u, v, 0.5, 0.5, p.ex, p.ey)-line)
				}
			}
			return inside(d, 1.4*pixel)
		}
	}},
	{"concentric circles", func(r *rand.Rand, pixel float64) pattern {
		duty := uniform(r, 0.15, 0.35)
		return centred(r, func(d, _ float64) float64 {
			return inside(triangle(1.5*d)-duty, 1.5*pixel)
		})
	}},
	{"rays", func(r *rand.Rand, pixel float64) pattern {
		rays, duty := float64(12+r.IntN(20)), uniform(r, 0.15, 0.35)
		return centred(r, func(d, angle float64) float64 {
			return inside(triangle(rays*angle/(2*math.Pi))-duty, rays*pixel/(2*math.Pi*d+0.1))
		})
	}},
	{"spiral", func(r *rand.Rand, pixel float64) pattern {
		arms, duty := float64(1+r.IntN(5)), uniform(r, 0.15, 0.35)
		return centred(r, func(d, angle float64) float64 {
			return inside(triangle(1.2*d+arms*angle/(2*math.Pi))-duty, 1.2*pixel)
		})
	}},
	{"web", func(r *rand.Rand, pixel float64) pattern {
		spokes, line := float64(9+r.IntN(9)), uniform(r, 0.04, 0.08)
		return centred(r, func(d, angle float64) float64 {
			t := triangle(spokes * angle / (2 * math.Pi))
			spoke := t * 2 * math.Pi * d / spokes
			// Threads sag between the spokes.
			thread := triangle(d * (1 + 0.25*(1-4*t*t)))
			return inside(min(spoke, thread)-line, pixel)
		})
	}},
	{"overlapping circles", func(r *rand.Rand, pixel float64) pattern {
		line := uniform(r, 0.02, 0.05)
		return func(x, y float64) float64 {
			ix, iy := math.Floor(x), math.Floor(y)
			d := math.Inf(1)
			for cy := iy - 1; cy <= iy+2; cy++ {
				for cx := ix - 1; cx <= ix+2; cx++ {
					d = min(d, math.Abs(math.Hypot(x-cx, y-cy)-0.72))
				}
			}
			return inside(d-line, pixel)
		}
	}},
	{"curls", func(r *rand.Rand, pixel float64) pattern { // small spirals, one per cell
		f := noise.New(r)
		return scatter(f, 0.4, pixel, func(x, y float64, random [3]float64) float64 {
			d := math.Hypot(x, y)
			turn := triangle(5*d + math.Atan2(y, x)/(2*math.Pi))
			return max(turn/5-0.05, d-0.45)
		})
	}},
}

// centred is a pattern of distance and angle around a point in
// or near the image.
func centred(r *rand.Rand, of func(d, angle float64) float64) pattern {
	x0, y0 := 2*r.NormFloat64(), 2*r.NormFloat64()
	return func(x, y float64) float64 {
		return of(math.Hypot(x-x0, y-y0), math.Atan2(y-y0, x-x0))
	}
}

// waves are gratings and what comes of adding them.
var waves = []family{
	{"sine grating", func(r *rand.Rand, _ float64) pattern {
		density := uniform(r, 1, 2)
		return func(x, _ float64) float64 { return sine(density * x) }
	}},
	{"stripes", func(r *rand.Rand, pixel float64) pattern {
		density, duty := uniform(r, 1, 1.8), uniform(r, 0.12, 0.38)
		return func(x, _ float64) float64 { return inside(triangle(density*x)-duty, density*pixel) }
	}},
	{"bar code", func(r *rand.Rand, _ float64) pattern {
		f := noise.New(r)
		return func(x, _ float64) float64 { return float64(f.Hash(int(math.Floor(5*x)), 0) & 1) }
	}},
	{"gradient stripes", func(r *rand.Rand, _ float64) pattern { // saw teeth: a slope, then a step
		density := uniform(r, 0.8, 1.5)
		return func(x, _ float64) float64 {
			_, u := split(density * x)
			return u
		}
	}},
	{"wavy lines", func(r *rand.Rand, pixel float64) pattern {
		swing, duty := uniform(r, 0.2, 0.4), uniform(r, 0.15, 0.3)
		return func(x, y float64) float64 {
			return inside(triangle(1.8*x+swing*math.Sin(2*math.Pi*y/1.3))-duty, 2.5*pixel)
		}
	}},
	{"zigzag", func(r *rand.Rand, pixel float64) pattern {
		swing, duty := uniform(r, 0.8, 1.6), uniform(r, 0.15, 0.33)
		return func(x, y float64) float64 {
			return inside(triangle(1.3*x+swing*triangle(y))-duty, 2*pixel)
		}
	}},
	{"egg crate", func(r *rand.Rand, _ float64) pattern {
		return func(x, y float64) float64 { return (sine(x) + sine(y)) / 2 }
	}},
	{"moiré", func(r *rand.Rand, _ float64) pattern {
		s, c := math.Sincos(uniform(r, 0.1, 0.3))
		ratio := uniform(r, 0.9, 1.1)
		return func(x, y float64) float64 {
			return sine(2.2*x) * sine(2.2*ratio*(x*c+y*s))
		}
	}},
	{"quasicrystal", func(r *rand.Rand, _ float64) pattern {
		n := 5 + 2*r.IntN(2)
		type direction struct{ c, s, phase float64 }
		var around []direction
		for i := range n {
			s, c := math.Sincos(math.Pi * float64(i) / float64(n))
			around = append(around, direction{c, s, r.Float64()})
		}
		return func(x, y float64) float64 {
			sum := 0.0
			for _, d := range around {
				sum += sine(1.2*(x*d.c+y*d.s)+d.phase) - 0.5
			}
			return 0.5 + 0.35*sum
		}
	}},
	{"ripples", func(r *rand.Rand, _ float64) pattern { // waves from a few points
		f, n := noise.New(r), 2+r.IntN(2)
		return centred(r, func(d, angle float64) float64 {
			s, c := math.Sincos(angle)
			x, y := d*c, d*s
			sum := 0.0
			for k := range n {
				px, py := 8*f.Unit(k, 0)-4, 8*f.Unit(k, 1)-4
				sum += math.Sin(2 * math.Pi * 1.3 * math.Hypot(x-px, y-py))
			}
			return 0.5 + 0.5*sum/float64(n)
		})
	}},
	{"flow bands", func(r *rand.Rand, pixel float64) pattern { // stripes bent by noise, as on a zebra
		f, push := noise.New(r), uniform(r, 0.7, 1.3)
		return func(x, y float64) float64 {
			return inside(triangle(1.2*x+push*f.Fractal(x/3, y/3, 2, 0.4))-0.25, 2*pixel)
		}
	}},
}
