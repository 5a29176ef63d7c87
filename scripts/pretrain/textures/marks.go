package textures

import (
	"math"
	"math/rand/v2"

	"github.com/transfer-learning-go/defects/lib/surfaces/noise"
)

// marks are what wears and soils a plain ground here and there: cracks, lines, pores, stains, flakes.
var marks = []family{
	{"dried mud", func(r *rand.Rand, pixel float64) pattern {
		f, push, line := noise.New(r), uniform(r, 0.1, 0.4), uniform(r, 0.02, 0.07)
		return func(x, y float64) float64 {
			a, b := x+push*f.Fractal(x, y, 3, 0.6), y+push*(f+1).Fractal(x, y, 3, 0.6)
			return inside((f+2).Cell(a, b, 1).Edge-line*(0.7+(f+3).Gradient(x, y)), pixel)
		}
	}},
	{"hairlines", func(r *rand.Rand, pixel float64) pattern { // long, straight, parallel, broken
		f, line, share := noise.New(r), uniform(r, 0.02, 0.08), uniform(r, 0.15, 0.6)
		return func(x, y float64) float64 {
			j, v := split(1.5 * y)
			if f.Unit(j, 0) > share {
				return 0
			}
			part := noise.Smoothstep(-0.3, 0.1, f.Gradient(x/5, 7.3*float64(j)))
			centre := 0.2 + 0.6*f.Unit(j, 1) + 0.1*f.Gradient(x/4, 3.1*float64(j))
			return part * (0.4 + 0.6*f.Unit(j, 2)) * inside(math.Abs(v-centre)-line*(0.3+f.Unit(j, 3)), 1.5*pixel)
		}
	}},
	{"rain", func(r *rand.Rand, pixel float64) pattern { // short strokes of one direction
		line, share := uniform(r, 0.03, 0.08), uniform(r, 0.4, 0.9)
		return along(noise.New(r), share, 0.1, pixel, func(x, y float64, random [3]float64) float64 {
			half := 0.1 + 0.45*random[0]
			return segment(x, y, -half, 0, half, 0) - line
		})
	}},
	{"needles", func(r *rand.Rand, pixel float64) pattern { // pointed, mostly of one direction
		spread, share, slim := uniform(r, 0.1, 0.5), uniform(r, 0.4, 0.9), uniform(r, 0.08, 0.2)
		return along(noise.New(r), share, spread, pixel, func(x, y float64, random [3]float64) float64 {
			length := 0.3 + 0.6*random[0]
			return math.Abs(y) - slim*length*(1-math.Abs(x)/length)
		})
	}},
	{"lenses", func(r *rand.Rand, pixel float64) pattern {
		share, slim := uniform(r, 0.3, 0.8), uniform(r, 0.2, 0.5)
		return along(noise.New(r), share, uniform(r, 0.05, 0.3), pixel, func(x, y float64, random [3]float64) float64 {
			length := 0.15 + 0.4*random[0]*random[0]
			return slim * length * (math.Hypot(x/length, y/(slim*length)) - 1)
		})
	}},
	{"dents", func(r *rand.Rand, _ float64) pattern { // bright on one side, dark on the other
		f, share, slim := noise.New(r), uniform(r, 0.3, 0.9), uniform(r, 0.3, 1)
		return func(x, y float64) float64 {
			height := 0.0
			ix, iy := int(math.Floor(x)), int(math.Floor(y))
			for cy := iy - 1; cy <= iy+1; cy++ {
				for cx := ix - 1; cx <= ix+1; cx++ {
					if (f+1).Unit(cx, cy) > share {
						continue
					}
					px, py := f.Point(cx, cy, 0.9)
					size := 0.1 + 0.25*(f+2).Unit(cx, cy)
					dx, dy := (x-px)/size, (y-py)/(slim*size)
					height += dy * math.Exp(-dx*dx-dy*dy)
				}
			}
			return 0.5 + height
		}
	}},
	{"pores", func(r *rand.Rand, pixel float64) pattern { // of any size, most of them small
		f, share, small := noise.New(r), uniform(r, 0.3, 0.9), uniform(r, 0.04, 0.12)
		holes := func(f noise.Field, share float64) pattern {
			return scatter(f, 1, 2*pixel, func(x, y float64, random [3]float64) float64 {
				if random[1] > share {
					return 1
				}
				return math.Hypot(x, y) - small*math.Exp(1.4*random[0])
			})
		}
		a, b := holes(f, share), holes(f+77, 0.7*share)
		return func(x, y float64) float64 { return max(a(2*x, 2*y), b(3.7*x, 3.7*y)) }
	}},
	{"spatter", func(r *rand.Rand, pixel float64) pattern { // drops in clusters
		f, level, fine := noise.New(r), uniform(r, 0, 0.35), uniform(r, 2.5, 5)
		drops := scatter(f, 1, fine*pixel, func(x, y float64, random [3]float64) float64 {
			return math.Hypot(x, y) - 0.1 - 0.3*random[0]*random[0]
		})
		return func(x, y float64) float64 {
			return drops(fine*x, fine*y) * noise.Smoothstep(level, level+0.1, (f+9).Fractal(x/2, y/2, 2, 0.5))
		}
	}},
	{"stains", func(r *rand.Rand, _ float64) pattern { // large, soft, ragged
		f, level, soft := noise.New(r), uniform(r, 0, 0.3), uniform(r, 0.05, 0.4)
		return func(x, y float64) float64 {
			return noise.Smoothstep(level-soft, level+soft, f.Fractal(x/4, y/4, 4, 0.45))
		}
	}},
	{"rust", func(r *rand.Rand, _ float64) pattern { // stains with a grain of their own
		f, level, fine := noise.New(r), uniform(r, -0.1, 0.25), uniform(r, 4, 8)
		return func(x, y float64) float64 {
			mask := noise.Smoothstep(level-0.1, level+0.1, f.Fractal(x/3, y/3, 4, 0.6))
			return mask * (0.7 + 0.5*(f+1).Gradient(fine*x, fine*y))
		}
	}},
	{"flakes", func(r *rand.Rand, pixel float64) pattern { // what peels off, with a lit edge and a shadow
		f, level, step := noise.New(r), uniform(r, 0, 0.25), max(1.5*pixel, 0.06)
		mask := func(x, y float64) float64 {
			return noise.Smoothstep(level-0.02, level+0.02, f.Fractal(x/2.5, y/2.5, 3, 0.6))
		}
		return func(x, y float64) float64 {
			return 0.35 + 0.3*mask(x, y) + 0.35*(mask(x+step, y+step)-mask(x-step, y-step))
		}
	}},
	{"veins", func(r *rand.Rand, pixel float64) pattern {
		f, push, line := noise.New(r), uniform(r, 0.3, 1), uniform(r, 0.02, 0.06)
		return func(x, y float64) float64 {
			a, b := x/2+push*f.Fractal(x/2, y/2, 3, 0.6), y/2+push*(f+1).Fractal(x/2, y/2, 3, 0.6)
			return inside(0.7*math.Abs((f+2).Gradient(a, b))-line, pixel)
		}
	}},
	{"broken veins", func(r *rand.Rand, pixel float64) pattern { // most of one direction, with gaps
		f, line, level := noise.New(r), uniform(r, 0.02, 0.06), uniform(r, -0.1, 0.25)
		return func(x, y float64) float64 {
			a, b := x/2.5+0.4*f.Fractal(x, y, 3, 0.6), 0.8*y+0.4*(f+1).Fractal(x, y, 3, 0.6)
			part := noise.Smoothstep(level, level+0.15, (f+3).Fractal(x/1.5, y/1.5, 2, 0.6))
			return part * inside(0.8*math.Abs((f+2).Gradient(a, b))-line, pixel)
		}
	}},
	{"chips", func(r *rand.Rand, pixel float64) pattern { // terrazzo
		share, size := uniform(r, 0.2, 0.8), uniform(r, 0.1, 0.2)
		return scatter(noise.New(r), 0.9, pixel, func(x, y float64, random [3]float64) float64 {
			if random[1] > share {
				return 1
			}
			return max(polygon(x, y, size*(0.6+random[0]), 4), polygon(x+0.05, y-0.03, size*(0.7+random[0]), 3))
		})
	}},
	{"roots", roots},
	{"ferns", ferns},
	{"grooves", func(r *rand.Rand, _ float64) pattern { // bundles of lines that run together
		f, fine, level := noise.New(r), uniform(r, 5, 10), uniform(r, 0, 0.3)
		return func(x, y float64) float64 {
			y += 0.3 * f.Gradient(x/5, y/5)
			band := noise.Smoothstep(level, level+0.1, f.Fractal(x/12, y, 2, 0.5))
			return band * (0.6 + 0.7*(f+1).Gradient(x/4, fine*y))
		}
	}},
}

// along is scatter for shapes that lie along x, at most spread radians off. A cell holds one with probability share.
// Shapes may be as long as two cells.
func along(f noise.Field, share, spread, pixel float64, shape func(x, y float64, random [3]float64) float64) pattern {
	return func(x, y float64) float64 {
		y *= 2
		ix, iy := int(math.Floor(x)), int(math.Floor(y))
		height := 0.0
		for cy := iy - 1; cy <= iy+1; cy++ {
			for cx := ix - 1; cx <= ix+1; cx++ {
				h := (f + 1).Hash(cx, cy)
				random := [3]float64{float64(h&1023) / 1023, float64(h>>10&1023) / 1023, float64(h>>20&1023) / 1023}
				if random[1] > share {
					continue
				}
				px, py := f.Point(cx, cy, 1)
				s, c := math.Sincos(spread * (2*(f+2).Unit(cx, cy) - 1))
				dx, dy := x-px, (y-py)/2
				d := shape(dx*c+dy*s, dy*c-dx*s, random)
				height = max(height, (0.5+0.5*random[2])*inside(d, pixel))
			}
		}
		return height
	}
}

// roots wander over a torus and branch.
func roots(r *rand.Rand, _ float64) pattern {
	const n = 160
	grid := make([]float64, n*n)
	var walk func(x, y, heading, length float64, depth int)
	walk = func(x, y, heading, length float64, depth int) {
		for t := 0.0; t < length; t++ {
			heading += 0.25 * r.NormFloat64()
			s, c := math.Sincos(heading)
			x, y = x+c, y+s
			grid[(int(y)%n+n)%n*n+(int(x)%n+n)%n] = 1
			if depth > 0 && chance(r, 0.04) {
				walk(x, y, heading+uniform(r, -1.2, 1.2), (length-t)*uniform(r, 0.3, 0.8), depth-1)
			}
		}
	}
	main, spread := 2*math.Pi*r.Float64(), uniform(r, 0.3, 2)
	for range 6 + r.IntN(14) {
		walk(n*r.Float64(), n*r.Float64(), main+spread*r.NormFloat64(), uniform(r, 30, 120), 2)
	}
	blurred := torusBlur(grid, make([]float64, n*n), n, 1)
	for i := range blurred {
		blurred[i] = min(1, 2.2*blurred[i])
	}
	return onTorus(blurred, n, uniform(r, 16, 28))
}

// ferns are attractors of random iterated function systems, by the chaos game (Barnsley, "Fractals Everywhere", 1988),
// chosen as for FractalDB (Kataoka et al., "Pre-training without Natural Images", ACCV 2020): maps contract.
func ferns(r *rand.Rand, _ float64) pattern {
	const n = 96
	grid := make([]float64, n*n)
	maps := make([][6]float64, 2+r.IntN(3))
	for i := range maps {
		for j := range 4 {
			maps[i][j] = uniform(r, -0.8, 0.8)
		}
		// The larger singular value is at most the Frobenius norm.
		norm := math.Sqrt(maps[i][0]*maps[i][0] + maps[i][1]*maps[i][1] + maps[i][2]*maps[i][2] + maps[i][3]*maps[i][3])
		for j := range 4 {
			maps[i][j] *= uniform(r, 0.75, 0.95) / max(norm, 0.3)
		}
		maps[i][4], maps[i][5] = uniform(r, -1, 1), uniform(r, -1, 1)
	}
	x, y, scale := 0.0, 0.0, uniform(r, 14, 24)
	for range 12000 {
		m := maps[r.IntN(len(maps))]
		x, y = m[0]*x+m[1]*y+m[4], m[2]*x+m[3]*y+m[5]
		at := (int(scale*y)%n+n)%n*n + (int(scale*x)%n+n)%n
		grid[at] = min(1, grid[at]+0.35)
	}
	return onTorus(grid, n, uniform(r, 14, 22))
}
