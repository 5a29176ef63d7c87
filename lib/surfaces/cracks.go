package surfaces

import (
	"math"

	"github.com/transfer-learning-go/defects/lib/surfaces/noise"
)

// crazing is a loose net of fine dark cracks, most of them across the rolling
// direction, with some blots where oxide came off.
func crazing(p *plate) {
	mask := newLayer()
	main := math.Pi/2 + p.normal(0, 0.25)
	width := p.uniform(0.7, 1.3)
	for range p.between(4, 8) {
		u, v := p.place()
		spread := p.uniform(12, 45)
		for range p.between(3, 8) {
			p.crack(mask, p.normal(u, spread), p.normal(v, spread), main+p.normal(0, 0.5), p.logUniform(12, 80), width, 2)
		}
	}
	p.shade(mask, p.uniform(0.25, 0.5))
	if p.chance(0.4) {
		p.blots(p.between(1, 6), span{2, 8}, p.uniform(0.35, 0.8))
	}
}

// crack walks with a wandering heading, thins out towards its end, and branches
// at most depth times.
func (p *plate) crack(mask layer, u, v, heading, length, width float64, depth int) {
	const step = 0.8
	start, direction := heading, 0.0
	for t := 0.0; t < length; t += step {
		// The heading is pulled back to where the crack set out for.
		direction += p.normal(0, 0.25) - 0.07*direction
		s, c := math.Sincos(start + direction)
		u, v = u+step*c, v+step*s
		left := 1 - t/length
		p.dab(mask, u, v, width*(0.4+0.6*left), 0.45+0.55*math.Sqrt(left))
		if depth > 0 && p.chance(0.025) {
			side := 0.9
			if p.chance(0.5) {
				side = -side
			}
			p.crack(mask, u, v, start+direction+side, length*left*p.uniform(0.3, 0.7), 0.8*width, depth-1)
		}
	}
}

// blots are small dark spots with a ragged border.
func (p *plate) blots(count int, size span, level float64) {
	mask := newLayer()
	f := noise.New(p.r)
	for range count {
		u, v := p.place()
		a := p.logUniform(size.low, size.high)
		b := a * p.uniform(0.4, 1)
		p.within(u, v, 2*a, func(i int, du, dv float64) {
			d := math.Hypot(du/a, dv/b) + 0.9*f.Fractal((u+du)/5, (v+dv)/5, 2, 0.6)
			mask[i] = max(mask[i], noise.Smoothstep(1.2, 0.8, d))
		})
	}
	p.shade(mask, level)
}

// scratches are bright grooves along the rolling direction: single hair lines,
// broken ones, or a wide bundle of parallel grooves with bare metal in it.
func scratches(p *plate) {
	mask := newLayer()
	bright := p.logUniform(1.45, 2.6)
	tilt := p.normal(0, 0.05)
	if p.chance(0.15) { // something was dragged across the line
		tilt = p.uniform(-1.2, 1.2)
	}
	if p.chance(0.35) {
		p.bundle(mask, tilt)
	} else {
		for range p.between(2, 6) {
			u, v := p.place()
			p.line(mask, 0.6*u, 0.9*v, p.logUniform(70, 320), tilt+p.normal(0, 0.03), p.logUniform(0.6, 1.8), p.uniform(0.7, 1))
		}
	}
	for range p.between(0, 6) {
		u, v := p.place()
		p.line(mask, u, v, p.logUniform(10, 60), tilt+p.normal(0, 0.08), p.uniform(0.3, 0.7), p.uniform(0.2, 0.6))
	}
	p.shade(mask, bright)
	if p.chance(0.2) { // slag that was dragged along: the look of an inclusion
		p.spindles(p.between(1, 3), span{6, 25}, span{1.2, 3.5}, p.uniform(0.5, 0.85))
	}
}

// bundle is a band of grooves that share one course, with ridges across it.
func (p *plate) bundle(mask layer, tilt float64) {
	f := noise.New(p.r)
	half := p.logUniform(3, 13)
	centre := p.uniform(-80, 80)
	start, end := -400.0, 400.0
	if p.chance(0.3) {
		start = p.uniform(-80, 0)
	}
	if p.chance(0.3) {
		end = p.uniform(start+60, 160)
	}
	groove, bareness := p.uniform(1.2, 3), p.uniform(0.2, 0.9)
	s, c := math.Sincos(tilt)
	p.each(mask, func(u, v float64) float64 {
		u, v = u*c+v*s, v*c-u*s
		side := v - centre - 3*f.Gradient(u/60, 3)
		edge := half * (1 + 0.5*f.Fractal(u/45, 7, 4, 0.6))
		inside := noise.Smoothstep(edge, edge-1.5, math.Abs(side)) *
			noise.Smoothstep(start, start+15, u) * noise.Smoothstep(end, end-15, u)
		if inside == 0 {
			return 0
		}
		lines := 0.5 + 0.9*f.Gradient(side/groove, u/150)
		ridges := 0.25 * (f+5).Gradient(side/4, u/2.5)
		return inside * min(max(bareness+lines+ridges-0.3, 0), 1)
	})
}
