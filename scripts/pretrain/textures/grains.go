package textures

import (
	"math"
	"math/rand/v2"

	"github.com/transfer-learning-go/defects/lib/surfaces/noise"
)

// grains cover the whole plane with a fine structure, as what is cast, ground, brushed or hammered.
var grains = []family{
	{"Gabor noise", func(r *rand.Rand, _ float64) pattern { return gabor(r, math.Pi) }},
	{"directed Gabor noise", func(r *rand.Rand, _ float64) pattern { return gabor(r, 0.25) }},
	{"pink noise", func(r *rand.Rand, _ float64) pattern {
		f, gain := noise.New(r), uniform(r, 0.65, 0.9)
		return func(x, y float64) float64 { return 0.5 + 0.5*f.Fractal(x, y, 5, gain) }
	}},
	{"brushed", func(r *rand.Rand, _ float64) pattern {
		f, fine := noise.New(r), uniform(r, 4, 10)
		return func(x, y float64) float64 { return 0.5 + 0.55*f.Fractal(x/1.5, fine*y, 3, 0.7) }
	}},
	{"streaks", func(r *rand.Rand, _ float64) pattern {
		f, density := noise.New(r), uniform(r, 1, 3)
		return func(x, y float64) float64 { return 0.5 + 0.55*f.Fractal(density*y, x/40, 4, 0.65) }
	}},
	{"granite", func(r *rand.Rand, _ float64) pattern {
		f, fine, dark := noise.New(r), uniform(r, 3, 6), uniform(r, 0.1, 0.3)
		return func(x, y float64) float64 {
			c := f.Cell(fine*x, fine*y, 1)
			kind, tone := (f+1).Unit(c.X, c.Y), 0.15*(f+2).Unit(c.X, c.Y)
			switch {
			case kind < dark:
				return tone
			case kind < 0.6:
				return 0.5 + tone
			}
			return 0.8 + tone
		}
	}},
	{"relief", func(r *rand.Rand, pixel float64) pattern { // a fractal land, lit from one side
		f, gain := noise.New(r), uniform(r, 0.45, 0.65)
		step := max(pixel, 0.04)
		return func(x, y float64) float64 {
			slope := f.Fractal(x+step, y, 4, gain) - f.Fractal(x-step, y, 4, gain)
			return 0.5 + 0.15*slope/step
		}
	}},
	{"hammered", func(r *rand.Rand, pixel float64) pattern { // dents, lit from one side
		f, step := noise.New(r), max(pixel, 0.04)
		return func(x, y float64) float64 {
			a, b := f.Cell(x+step, y, 0.9).F1, f.Cell(x-step, y, 0.9).F1
			return 0.5 + 0.35*(a*a-b*b)/step
		}
	}},
	{"frost", func(r *rand.Rand, _ float64) pattern { // grains, each brushed its own way
		f, fine := noise.New(r), uniform(r, 5, 10)
		return func(x, y float64) float64 {
			c := f.Cell(x/1.5, y/1.5, 1)
			h := (f + 1).Hash(c.X, c.Y)
			cos, sin := direction(h)
			u, v := x*cos+y*sin, y*cos-x*sin
			g := f + noise.Field(h>>8)
			return 0.3 + 0.4*float64(h>>24)/255 + 0.4*g.Fractal(u, fine*v, 2, 0.7)
		}
	}},
	{"felt", func(r *rand.Rand, _ float64) pattern { // fibres of a few directions
		f, fine := noise.New(r), uniform(r, 4, 8)
		var ways [4][2]float64
		for i := range ways {
			ways[i][0], ways[i][1] = direction(r.Uint32())
		}
		return func(x, y float64) float64 {
			top := 0.0
			for i, w := range ways {
				u, v := x*w[0]+y*w[1], y*w[0]-x*w[1]
				top = max(top, (f+noise.Field(i)).Gradient(u, fine*v))
			}
			return 0.2 + 1.2*top
		}
	}},
	{"wrinkles", func(r *rand.Rand, _ float64) pattern {
		// Ridged multifractal (Musgrave in Ebert et al., "Texturing and Modeling", 1994), drawn out.
		f, stretch := noise.New(r), uniform(r, 1.2, 3)
		return func(x, y float64) float64 {
			sum, height, weight := 0.0, 0.7, 1.0
			x, y = x/stretch, 1.5*y
			for i := range 4 {
				ridge := max(0, 1-2*math.Abs((f+noise.Field(i)).Gradient(x, y)))
				ridge *= ridge * weight
				sum += height * ridge
				weight = min(1, 2*ridge)
				x, y, height = 2*x+3.1, 2*y-7.7, height/2
			}
			return sum
		}
	}},
	{"smears", func(r *rand.Rand, _ float64) pattern {
		f, stretch, level := noise.New(r), uniform(r, 2, 5), uniform(r, 0.05, 0.3)
		return func(x, y float64) float64 {
			return noise.Smoothstep(level, level+0.3, f.Fractal(x/stretch, 1.5*y, 3, 0.5))
		}
	}},
	{"brush strokes", func(r *rand.Rand, _ float64) pattern { // noise drawn out along a slow flow
		f, fine := noise.New(r), uniform(r, 4, 8)
		return func(x, y float64) float64 {
			s, c := math.Sincos(3 * f.Gradient(x/6, y/6))
			return 0.5 + 0.6*(f+1).Fractal((x*c+y*s)/2, fine*(y*c-x*s), 2, 0.6)
		}
	}},
	{"Gray–Scott", grayScott},
	{"islands", func(r *rand.Rand, _ float64) pattern { // of fine noise, near where they join
		f, level, fine := noise.New(r), uniform(r, -0.15, 0.15), uniform(r, 2, 4)
		return func(x, y float64) float64 {
			return noise.Smoothstep(level-0.05, level+0.05, f.Fractal(fine*x, fine*y, 3, 0.7))
		}
	}},
}

// gabor sums Gabor kernels strewn at random (Lagae et al., "Procedural Noise using Sparse Gabor Convolution", SIGGRAPH
// 2009), whose waves run at most spread off the x axis.
func gabor(r *rand.Rand, spread float64) pattern {
	f, width := noise.New(r), uniform(r, 0.8, 1.3)
	frequency := uniform(r, 1, 2)
	const perCell = 2
	return func(x, y float64) float64 {
		ix, iy := int(math.Floor(x)), int(math.Floor(y))
		sum := 0.0
		for cy := iy - 1; cy <= iy+1; cy++ {
			for cx := ix - 1; cx <= ix+1; cx++ {
				for k := range perCell {
					g := f + noise.Field(3*k)
					px, py := g.Point(cx, cy, 1)
					dx, dy := x-px, y-py
					d := (dx*dx + dy*dy) / (width * width)
					if d > 1 {
						continue
					}
					turn := spread * (2*(g+1).Unit(cx, cy) - 1)
					s, c := math.Sincos(turn)
					window := (1 - d) * (1 - d) // close to the Gaussian of the paper, and faster
					sum += window * math.Cos(2*math.Pi*(frequency*(dx*c+dy*s)+(g+2).Unit(cx, cy)))
				}
			}
		}
		return 0.5 + 0.35*sum
	}
}

// grayScott lets two chemicals react and diffuse (Pearson, "Complex Patterns in a Simple System", Science 1993) on a
// torus: spots that divide, worms, or holes, by the rates of feed and kill.
func grayScott(r *rand.Rand, _ float64) pattern {
	const n = 64
	rates := [][2]float64{{0.035, 0.065}, {0.040, 0.060}, {0.029, 0.057}, {0.055, 0.062}, {0.025, 0.060}}
	rate := rates[r.IntN(len(rates))]
	feed, kill := rate[0], rate[1]
	u, v := make([]float64, n*n), make([]float64, n*n)
	nextU, nextV := make([]float64, n*n), make([]float64, n*n)
	for i := range u {
		u[i] = 1
	}
	for range 24 {
		x, y := r.IntN(n), r.IntN(n)
		for k := range 36 {
			at := (y+k/6)%n*n + (x+k%6)%n
			u[at], v[at] = 0.5, uniform(r, 0.2, 0.5)
		}
	}
	for range 1000 {
		for y := range n {
			above, below, row := (y+n-1)%n*n, (y+1)%n*n, y*n
			for x := range n {
				left, right := (x+n-1)%n, (x+1)%n
				i := row + x
				reaction := u[i] * v[i] * v[i]
				nextU[i] = u[i] + 0.2*(u[above+x]+u[below+x]+u[row+left]+u[row+right]-4*u[i]) - reaction + feed*(1-u[i])
				nextV[i] = v[i] + 0.1*(v[above+x]+v[below+x]+v[row+left]+v[row+right]-4*v[i]) + reaction - (feed+kill)*v[i]
			}
		}
		u, nextU, v, nextV = nextU, u, nextV, v
	}
	for i := range v {
		v[i] = noise.Smoothstep(0.08, 0.28, v[i])
	}
	return onTorus(v, n, uniform(r, 8, 14))
}
