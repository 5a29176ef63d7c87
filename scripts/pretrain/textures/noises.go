package textures

import (
	"math"
	"math/rand/v2"

	"github.com/transfer-learning-go/defects/lib/surfaces/noise"
)

// noises are fractal clouds and what threads, veins and rings through them.
var noises = []family{
	{"clouds", func(r *rand.Rand, _ float64) pattern {
		f, gain := noise.New(r), uniform(r, 0.45, 0.6)
		return func(x, y float64) float64 { return 0.5 + 0.6*f.Fractal(x/2, y/2, 4, gain) }
	}},
	{"smooth noise", func(r *rand.Rand, _ float64) pattern {
		f := noise.New(r)
		return func(x, y float64) float64 { return 0.5 + 0.8*f.Gradient(1.3*x, 1.3*y) }
	}},
	{"ridges", func(r *rand.Rand, _ float64) pattern {
		f := noise.New(r)
		return func(x, y float64) float64 {
			a := 1 - 2.2*math.Abs(f.Gradient(x/1.6, y/1.6))
			b := 1 - 2.2*math.Abs((f+1).Gradient(x/0.7, y/0.7))
			return a * (0.7 + 0.3*b)
		}
	}},
	{"billows", func(r *rand.Rand, _ float64) pattern {
		f := noise.New(r)
		return func(x, y float64) float64 {
			return 1.5 * (math.Abs(f.Gradient(x, y)) + 0.4*math.Abs((f+1).Gradient(2.3*x, 2.3*y)))
		}
	}},
	{"sand", func(r *rand.Rand, _ float64) pattern {
		f := noise.New(r)
		return func(x, y float64) float64 {
			return 0.5 + 0.45*f.Gradient(9*x, 9*y) + 0.5*(f+1).Gradient(4*x, 4*y)
		}
	}},
	{"swirls", func(r *rand.Rand, _ float64) pattern { // noise displaced by noise
		f, push := noise.New(r), uniform(r, 1, 2)
		return func(x, y float64) float64 {
			x, y = x/2, y/2
			a := x + push*(f+1).Gradient(x, y)
			b := y + push*(f+2).Gradient(x, y)
			return 0.5 + 0.6*f.Fractal(a, b, 3, 0.5)
		}
	}},
	{"camouflage", func(r *rand.Rand, _ float64) pattern {
		f, levels := noise.New(r), float64(2+r.IntN(2))
		return func(x, y float64) float64 {
			h := 0.5 + 0.75*f.Fractal(x/1.7, y/1.7, 2, 0.4)
			return math.Round(levels*h) / levels
		}
	}},
	{"contour lines", func(r *rand.Rand, pixel float64) pattern {
		f, density := noise.New(r), uniform(r, 5, 9)
		return func(x, y float64) float64 {
			h := density * f.Fractal(x/3.5, y/3.5, 2, 0.4)
			return inside(triangle(h)-0.16, 3*pixel)
		}
	}},
	{"marble", func(r *rand.Rand, _ float64) pattern {
		f, push := noise.New(r), uniform(r, 1.2, 2.2)
		return func(x, y float64) float64 {
			h := sine(x/2.2 + push*f.Fractal(x/3, y/3, 4, 0.6))
			return math.Sqrt(h)
		}
	}},
	{"wood rings", func(r *rand.Rand, _ float64) pattern {
		f := noise.New(r)
		x0, y0 := 4*r.NormFloat64(), 4*r.NormFloat64()
		return func(x, y float64) float64 {
			d := 1.6*math.Hypot(x-x0, (y-y0)/1.6) + 0.7*f.Fractal(x/3, y/3, 2, 0.5)
			_, ring := split(d)
			return 0.9*ring*ring + 0.15*f.Gradient(9*x, 9*y)
		}
	}},
	{"planks", func(r *rand.Rand, pixel float64) pattern {
		f, gap := noise.New(r), uniform(r, 0.02, 0.05)
		return func(x, y float64) float64 {
			j, v := split(0.8 * y)
			g := f + noise.Field(j)*7919
			grain := sine(4*v + 2.5*g.Gradient(x/4, 2*v) + 0.5*g.Gradient(x/2, 12*v))
			return (0.4 + 0.4*f.Unit(j, 5) + 0.2*grain) * inside(gap-min(v, 1-v), pixel)
		}
	}},
	{"fur", func(r *rand.Rand, _ float64) pattern {
		f, turn := noise.New(r), uniform(r, 0.3, 0.9)
		return func(x, y float64) float64 {
			// Long thin noise whose rows are pushed aside by slow noise.
			s := y + turn*f.Gradient(x/3, y/3)
			return 0.5 + 0.7*f.Fractal(x/1.3, 7*s, 2, 0.6)
		}
	}},
	{"reaction–diffusion", turing},
	{"posterized gradient", func(r *rand.Rand, _ float64) pattern {
		f, steps := noise.New(r), float64(4+r.IntN(4))
		return func(x, y float64) float64 {
			h := x/5 + 0.5*f.Gradient(x/5, y/5)
			_, h = split(h)
			return math.Floor(steps*h) / (steps - 1)
		}
	}},
	{"halftone", func(r *rand.Rand, pixel float64) pattern { // dots as large as noise says
		f := noise.New(r)
		return func(x, y float64) float64 {
			u, v := 1.5*(x+y), 1.5*(x-y)
			i, j := math.Round(u), math.Round(v)
			size := 0.3 + 0.35*f.Gradient(i/4, j/4)
			return inside(math.Hypot(u-i, v-j)-size, 2*pixel)
		}
	}},
}

// turing grows spots or a labyrinth: Young's cellular automaton ("A local
// activator-inhibitor model of vertebrate skin patterns", 1984), which reaches in
// a few steps what Turing's equations do in hundreds.
func turing(r *rand.Rand, _ float64) pattern {
	const n, perUnit = 64, 7.0 // cells of the torus, and per pattern unit
	state, sum := make([]float64, n*n), make([]float64, n*n)
	for i := range state {
		if chance(r, 0.5) {
			state[i] = 1
		}
	}
	bias := uniform(r, -0.05, 0.05) // spots, a labyrinth, or holes
	for range 6 {
		near := torusBlur(torusBlur(state, sum, n, 1), sum, n, 1)
		far := torusBlur(torusBlur(state, sum, n, 3), sum, n, 3)
		for i := range state {
			state[i] = noise.Smoothstep(-0.03, 0.03, near[i]-far[i]+bias)
		}
	}
	state = torusBlur(state, sum, n, 1)
	for i := range state {
		state[i] = noise.Smoothstep(0.25, 0.75, state[i])
	}
	return onTorus(state, n, perUnit)
}

// onTorus is the pattern of n×n cells, perUnit of them a unit, repeated over the plane and interpolated.
func onTorus(cells []float64, n int, perUnit float64) pattern {
	return func(x, y float64) float64 {
		i, u := split(perUnit * x)
		j, v := split(perUnit * y)
		i, j = (i%n+n)%n, (j%n+n)%n
		right, below := (i+1)%n, (j+1)%n
		a := cells[j*n+i] + u*(cells[j*n+right]-cells[j*n+i])
		b := cells[below*n+i] + u*(cells[below*n+right]-cells[below*n+i])
		return a + v*(b-a)
	}
}

// torusBlur averages over squares of 2·radius+1 cells, as a new slice; scratch
// is as large as l.
func torusBlur(l, scratch []float64, n, radius int) []float64 {
	out := make([]float64, len(l))
	pass := func(from, to []float64, step, next int) {
		for line := range n {
			base, sum := line*next, 0.0
			for k := -radius; k <= radius; k++ {
				sum += from[base+((k+n)%n)*step]
			}
			for k := range n {
				to[base+k*step] = sum / float64(2*radius+1)
				sum += from[base+((k+radius+1)%n)*step] - from[base+((k-radius+n)%n)*step]
			}
		}
	}
	pass(l, scratch, 1, n)
	pass(scratch, out, n, 1)
	return out
}
