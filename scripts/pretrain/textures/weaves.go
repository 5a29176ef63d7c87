package textures

import (
	"math"
	"math/rand/v2"

	"github.com/transfer-learning-go/defects/lib/surfaces/noise"
)

// weaves look like cloth, baskets, scales and nets.
var weaves = []family{
	{"plain weave", func(r *rand.Rand, _ float64) pattern {
		width := uniform(r, 0.36, 0.46)
		return func(x, y float64) float64 { return woven(1.6*x, 1.6*y, width, 1, 1) }
	}},
	{"twill", func(r *rand.Rand, _ float64) pattern {
		width := uniform(r, 0.4, 0.48)
		return func(x, y float64) float64 { return woven(2.2*x, 2.2*y, width, 2, 2) }
	}},
	{"satin", func(r *rand.Rand, _ float64) pattern {
		width := uniform(r, 0.42, 0.5)
		return func(x, y float64) float64 { return woven(2.2*x, 2.2*y, width, 4, 1) }
	}},
	{"basket", func(r *rand.Rand, pixel float64) pattern {
		strands := float64(2 + r.IntN(3))
		return func(x, y float64) float64 {
			i, u := split(x)
			j, v := split(y)
			if (i+j)&1 == 0 {
				u, v = v, u
			}
			round := math.Sqrt(max(0, 1-4*(v-0.5)*(v-0.5))) // high in the middle of a block
			return (0.35 + 0.65*round) * math.Abs(math.Sin(math.Pi*strands*u))
		}
	}},
	{"plaid", func(r *rand.Rand, pixel float64) pattern {
		// A sett: stripes of random widths and heights, the same both ways.
		type stripe struct{ end, height float64 }
		sett := make([]stripe, 4+r.IntN(4))
		end := 0.0
		for i := range sett {
			end += uniform(r, 0.12, 0.7)
			sett[i] = stripe{end, r.Float64()}
		}
		at := func(x float64) float64 {
			x -= end * math.Floor(x/end)
			for _, s := range sett {
				if x < s.end {
					return s.height
				}
			}
			return 0
		}
		return func(x, y float64) float64 {
			warp := 0.5 + 0.15*sine(8*(x+y))
			return warp*at(x) + (1-warp)*at(y)
		}
	}},
	{"gingham", func(r *rand.Rand, pixel float64) pattern {
		duty := uniform(r, 0.4, 0.6)
		return func(x, y float64) float64 {
			return 0.5*inside((2*triangle(x)-duty)/2, pixel) + 0.5*inside((2*triangle(y)-duty)/2, pixel)
		}
	}},
	{"houndstooth", func(r *rand.Rand, _ float64) pattern {
		return func(x, y float64) float64 {
			// Four threads dark, four light, woven as a 2/2 twill.
			i, j := int(math.Floor(6*x)), int(math.Floor(6*y))
			on := i
			if (i+j)&3 >= 2 {
				on = j
			}
			return float64(on >> 2 & 1)
		}
	}},
	{"argyle", func(r *rand.Rand, pixel float64) pattern {
		line, middle := uniform(r, 0.02, 0.05), uniform(r, 0.3, 0.6)
		return func(x, y float64) float64 {
			y /= 1.5
			a, b := x+y, x-y
			i, u := split(a)
			j, v := split(b)
			h := [4]float64{0, middle, 0.8, middle}[(i&1)+2*(j&1)]
			cross := min(math.Abs(u-0.5), math.Abs(v-0.5))
			return h + (1-h)*inside(cross-line, pixel)
		}
	}},
	{"knit", func(r *rand.Rand, _ float64) pattern {
		lean := uniform(r, 0.5, 0.9)
		return func(x, y float64) float64 {
			_, u := split(1.4 * x)
			u = u - 0.5
			_, v := split(2*y + lean*2*math.Abs(u))
			across := 1 - math.Pow(math.Abs(4*math.Abs(u)-1), 2)
			return max(0, across) * math.Sqrt(math.Sin(math.Pi*v))
		}
	}},
	{"fish scales", func(r *rand.Rand, pixel float64) pattern {
		rim := uniform(r, 0.05, 0.15)
		return scales(func(d float64) float64 {
			return 0.15 + 0.75*d*d*inside(d-1+rim, 2*pixel) + 0.1*d
		})
	}},
	{"waves of arcs", func(r *rand.Rand, pixel float64) pattern { // seigaiha
		rings := float64(3 + r.IntN(2))
		return scales(func(d float64) float64 {
			return inside((triangle(rings*d)-0.25)/rings, 2*pixel)
		})
	}},
	{"chain link", func(r *rand.Rand, pixel float64) pattern {
		wire, swing := uniform(r, 0.05, 0.09), uniform(r, 0.2, 0.28)
		return func(x, y float64) float64 {
			height := 0.0
			i := int(math.Floor(2 * x))
			for k := i; k <= i+1; k++ {
				phase := 0.5 * float64(k&1)
				centre := 0.5*float64(k) + swing*math.Sin(2*math.Pi*(y+phase))
				slope := 2 * math.Pi * swing * math.Cos(2*math.Pi*(y+phase))
				d := math.Abs(x-centre) / math.Sqrt(1+slope*slope)
				height = max(height, inside(d-wire, pixel)*(1-0.5*d/wire))
			}
			return height
		}
	}},
	{"net", func(r *rand.Rand, pixel float64) pattern {
		line := uniform(r, 0.03, 0.08)
		knot := uniform(r, 0, 0.14)
		return func(x, y float64) float64 {
			u, v := triangle(x), triangle(y)
			return inside(min(u-line, v-line, math.Hypot(u, v)-knot), pixel)
		}
	}},
}

// woven is cloth of round threads one unit apart. In each row the weft passes
// over `over` threads and under `under`; each row starts one thread further.
func woven(x, y, halfWidth float64, over, under int) float64 {
	i, u := split(x)
	j, v := split(y)
	u, v = (u-0.5)/halfWidth, (v-0.5)/halfWidth
	period := over + under
	step := 1
	if period == 5 {
		step = 2
	}
	weftOnTop := ((i+step*j)%period+period)%period < over
	weft, warp := max(0, 1-v*v), max(0, 1-u*u)
	if weftOnTop {
		return max(weft*(0.65+0.35*warp), 0.3*warp)
	}
	return max(0.75*warp*(0.65+0.35*weft), 0.3*weft)
}

// scales lays discs in rows, each row over the one above. of is the height of a
// scale by the distance from its centre, 1 at its rim.
func scales(of func(d float64) float64) pattern {
	return func(x, y float64) float64 {
		row := int(math.Floor(2.4 * y))
		for j := row + 1; j >= row-2; j-- {
			shift := 0.5 * float64(j&1)
			dx := x - shift - math.Round(x-shift)
			dy := y - float64(j)/2.4
			if d := 2 * math.Hypot(dx, dy); d < 1 && dy >= 0 {
				return of(d)
			}
		}
		return 0
	}
}

// cellular textures come from Worley's noise and its relatives.
var cellular = []family{
	{"Voronoi cells", func(r *rand.Rand, _ float64) pattern {
		f, jitter := noise.New(r), uniform(r, 0.7, 1)
		return func(x, y float64) float64 {
			c := f.Cell(x, y, jitter)
			return (f + 1).Unit(c.X, c.Y)
		}
	}},
	{"Voronoi edges", func(r *rand.Rand, pixel float64) pattern {
		f, jitter, line := noise.New(r), uniform(r, 0.7, 1), uniform(r, 0.03, 0.07)
		return func(x, y float64) float64 {
			return inside(f.Cell(x, y, jitter).Edge-line, pixel)
		}
	}},
	{"Worley noise", func(r *rand.Rand, _ float64) pattern {
		f := noise.New(r)
		return func(x, y float64) float64 { return f.Cell(x, y, 1).F1 }
	}},
	{"crocodile leather", func(r *rand.Rand, _ float64) pattern {
		f, jitter := noise.New(r), uniform(r, 0.5, 0.9)
		return func(x, y float64) float64 {
			c := f.Cell(1.3*x, 1.3*y, jitter)
			return 1.6 * (c.F2 - c.F1) * (0.8 + 0.3*f.Gradient(6*x, 6*y))
		}
	}},
	{"cobblestones", func(r *rand.Rand, _ float64) pattern {
		f, jitter := noise.New(r), uniform(r, 0.4, 0.7)
		return func(x, y float64) float64 {
			c := f.Cell(x, y, jitter)
			tone := 0.6 + 0.4*(f+1).Unit(c.X, c.Y)
			return tone * noise.Smoothstep(0.03, 0.25, c.Edge) * (1.1 - 0.5*c.F1)
		}
	}},
	{"foam", func(r *rand.Rand, pixel float64) pattern { // two sizes of cells in one another
		f, line := noise.New(r), uniform(r, 0.04, 0.08)
		return func(x, y float64) float64 {
			big := f.Cell(0.7*x, 0.7*y, 0.9)
			if big.Edge < line {
				return 1
			}
			if (f+1).Hash(big.X, big.Y)&1 == 0 {
				return 0.1 + 0.3*big.F1
			}
			return 0.7 * inside((f+2).Cell(2.1*x, 2.1*y, 0.9).Edge/2.1-line/2, pixel)
		}
	}},
	{"crystal facets", func(r *rand.Rand, _ float64) pattern {
		f := noise.New(r)
		return func(x, y float64) float64 {
			c := f.Cell(x, y, 1)
			px, py := f.Point(c.X, c.Y, 1)
			h := (f + 1).Hash(c.X, c.Y)
			cos, sin := direction(h)
			return 0.5 + 0.9*((x-px)*cos+(y-py)*sin) // each cell slopes its own way
		}
	}},
}
