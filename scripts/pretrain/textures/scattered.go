package textures

import (
	"math"
	"math/rand/v2"

	"github.com/transfer-learning-go/defects/lib/surfaces/noise"
)

// scattered are shapes strewn over the plane.
var scattered = []family{
	{"polka dots", func(r *rand.Rand, pixel float64) pattern {
		radius := uniform(r, 0.18, 0.32)
		return func(x, y float64) float64 {
			_, _, dx, dy := hexagon(x, y)
			return inside(math.Hypot(dx, dy)-radius, pixel)
		}
	}},
	{"square lattice dots", func(r *rand.Rand, pixel float64) pattern {
		radius := uniform(r, 0.15, 0.35)
		return func(x, y float64) float64 {
			return inside(math.Hypot(triangle(1.2*x), triangle(1.2*y))-radius, 1.2*pixel)
		}
	}},
	{"jittered dots", func(r *rand.Rand, pixel float64) pattern {
		return scatter(noise.New(r), 0.8, pixel, func(x, y float64, random [3]float64) float64 {
			return math.Hypot(x, y) - 0.12 - 0.2*random[0]
		})
	}},
	{"speckle", func(r *rand.Rand, pixel float64) pattern { // Poisson: some squares empty, some with two
		f, radius := noise.New(r), uniform(r, 0.12, 0.2)
		dots := func(f noise.Field) pattern {
			return scatter(f, 1, 2*pixel, func(x, y float64, random [3]float64) float64 {
				if random[1] < 0.5 {
					return 1
				}
				return math.Hypot(x, y) - radius
			})
		}
		a, b := dots(f), dots(f+77)
		return func(x, y float64) float64 { return max(a(2*x, 2*y), b(2*x+0.5, 2*y+0.5)) }
	}},
	{"rings", func(r *rand.Rand, pixel float64) pattern {
		line := uniform(r, 0.04, 0.08)
		return scatter(noise.New(r), 0.5, pixel, func(x, y float64, random [3]float64) float64 {
			return math.Abs(math.Hypot(x, y)-0.2-0.25*random[0]) - line
		})
	}},
	{"bubbles", func(r *rand.Rand, pixel float64) pattern {
		f := noise.New(r)
		return func(x, y float64) float64 {
			ix, iy := int(math.Floor(x)), int(math.Floor(y))
			height := 0.0
			for cy := iy - 1; cy <= iy+1; cy++ {
				for cx := ix - 1; cx <= ix+1; cx++ {
					px, py := f.Point(cx, cy, 0.9)
					size := 0.2 + 0.3*(f+1).Unit(cx, cy)
					dx, dy := (x-px)/size, (y-py)/size
					d := math.Hypot(dx, dy)
					if d > 1 {
						continue
					}
					shine := noise.Smoothstep(0.35, 0.1, math.Hypot(dx+0.35, dy+0.35))
					height = max(height, 0.15+0.55*math.Pow(d, 5)+0.8*shine)
				}
			}
			return height
		}
	}},
	{"confetti", func(r *rand.Rand, pixel float64) pattern {
		return scatter(noise.New(r), 0.9, pixel, func(x, y float64, random [3]float64) float64 {
			return box(x, y, 0.12+0.15*random[0], 0.12+0.15*random[1])
		})
	}},
	{"scattered triangles", func(r *rand.Rand, pixel float64) pattern {
		return scatter(noise.New(r), 0.7, pixel, func(x, y float64, random [3]float64) float64 {
			return polygon(x, y, 0.1+0.12*random[0], 3)
		})
	}},
	{"sticks", func(r *rand.Rand, pixel float64) pattern {
		line := uniform(r, 0.03, 0.07)
		return scatter(noise.New(r), 1, pixel, func(x, y float64, random [3]float64) float64 {
			return segment(x, y, -0.35-0.2*random[0], 0, 0.35+0.2*random[1], 0) - line
		})
	}},
	{"crosses", func(r *rand.Rand, pixel float64) pattern {
		line := uniform(r, 0.04, 0.1)
		return scatter(noise.New(r), 0.5, pixel, func(x, y float64, random [3]float64) float64 {
			arm := 0.25 + 0.15*random[0]
			return min(box(x, y, arm, line), box(x, y, line, arm))
		})
	}},
	{"stars", func(r *rand.Rand, pixel float64) pattern {
		rays := 5 + r.IntN(3)
		return scatter(noise.New(r), 0.6, pixel, func(x, y float64, random [3]float64) float64 {
			d := math.Hypot(x, y)
			if d > 0.5 {
				return d
			}
			wave := triangle(float64(rays) * math.Atan2(y, x) / (2 * math.Pi))
			return 0.7 * (d - (0.3+0.15*random[0])*(1-1.2*wave))
		})
	}},
	{"crescents", func(r *rand.Rand, pixel float64) pattern {
		shift := uniform(r, 0.12, 0.25)
		return scatter(noise.New(r), 0.6, pixel, func(x, y float64, random [3]float64) float64 {
			radius := 0.25 + 0.15*random[0]
			return max(math.Hypot(x, y)-radius, radius-math.Hypot(x-shift, y))
		})
	}},
	{"leaves", func(r *rand.Rand, pixel float64) pattern {
		return scatter(noise.New(r), 0.8, pixel, func(x, y float64, random [3]float64) float64 {
			// Two circles meet in the tips; a vein runs between.
			length := 0.35 + 0.15*random[0]
			body := math.Hypot(x, math.Abs(y)+0.8*length) - 1.28*length
			return max(body, 0.02-math.Abs(y))
		})
	}},
	{"rosettes", func(r *rand.Rand, pixel float64) pattern { // broken rings with a centre, as on a leopard
		f := noise.New(r)
		shapes := scatter(f, 0.5, pixel, func(x, y float64, random [3]float64) float64 {
			a := math.Atan2(y, x)
			ring := math.Abs(math.Hypot(x, y)-0.33) - 0.09*(0.4+math.Abs(math.Sin(1.5*a+6*random[0])))
			return min(ring, math.Hypot(x, y)-0.1)
		})
		return func(x, y float64) float64 {
			return shapes(x+0.15*f.Gradient(2*x, 2*y), y+0.15*(f+1).Gradient(2*x, 2*y))
		}
	}},
	{"glyphs", glyphs},
	{"phyllotaxis", func(r *rand.Rand, pixel float64) pattern { // a sunflower's seeds, by parastichies
		a, b := 5.0, 8.0
		if chance(r, 0.5) {
			a, b = 8, 13
		}
		radius := uniform(r, 0.22, 0.36)
		return centred(r, func(d, angle float64) float64 {
			s := math.Log(d+0.1) * math.Sqrt(a*b) / (2 * math.Pi)
			t := angle / (2 * math.Pi)
			u, v := triangle(a*t+s), triangle(b*t-s)
			return inside(math.Hypot(u, v)-radius, 2*pixel/(d+0.2))
		})
	}},
}

// glyphs are rows of signs, each of a few strokes on a grid of 3×4 points.
func glyphs(r *rand.Rand, pixel float64) pattern {
	f, line, slant := noise.New(r), uniform(r, 0.035, 0.07), uniform(r, -0.2, 0.2)
	strokes := 3 + r.IntN(2)
	alphabet := 12 + r.IntN(12)
	return func(x, y float64) float64 {
		j, v := split(y)
		i, u := split(1.5*x + 1.5*slant*v)
		u /= 1.5
		sign := int(f.Unit(i, j) * float64(alphabet))
		if sign == 0 {
			return 0 // a space
		}
		d := math.Inf(1)
		ax, ay := gridPoint(f.Hash(sign, 1000))
		for k := range strokes { // the pen stays on the paper
			bx, by := gridPoint(f.Hash(sign, 1001+k))
			d = min(d, segment(u, v, ax, ay, bx, by))
			ax, ay = bx, by
		}
		return inside(d-line, pixel)
	}
}

func gridPoint(h uint32) (x, y float64) {
	return 0.13 + 0.2*float64(h%3), 0.14 + 0.24*float64(h>>8%4)
}
