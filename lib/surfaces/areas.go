package surfaces

import (
	"math"

	"github.com/transfer-learning-go/defects/lib/surfaces/noise"
)

// patches are large dull areas with a ragged border, often with a dark rim or a
// lighter core, and black flakes beside them.
func patches(p *plate) {
	type blob struct{ u, v, a, b float64 }
	blobs := make([]blob, p.between(1, 6))
	for i := range blobs {
		u, v := p.place()
		size := p.logUniform(24, 52)
		blobs[i] = blob{0.85 * u, 0.85 * v, size * p.uniform(1, 1.9), size * p.uniform(0.5, 1)}
	}
	f := noise.New(p.r)
	period, ragged := p.uniform(18, 45), p.uniform(0.35, 0.8)
	soft := p.uniform(0.06, 0.3)
	core := 0.0
	if p.chance(0.35) {
		core = p.uniform(0.3, 0.6)
	}
	mask := newLayer()
	p.each(mask, func(u, v float64) float64 {
		height := 0.0 // of the smooth hills that the blobs are
		for _, b := range blobs {
			du, dv := (u-b.u)/b.a, (v-b.v)/b.b
			height += math.Exp(-(du*du + dv*dv))
		}
		if height < 0.05 {
			return 0
		}
		height += ragged * f.Fractal(u/(1.3*period), v/period, 4, 0.55) * min(1, 3*height)
		return noise.Smoothstep(0.45-soft, 0.45+soft, height) *
			(1 - core*noise.Smoothstep(0.7, 1.1, height))
	})
	p.shade(mask, p.uniform(0.2, 0.55))
	if p.chance(0.45) {
		p.flakes()
	}
}

// flakes are clusters of small black grains.
func (p *plate) flakes() {
	mask := newLayer()
	for range p.between(1, 3) {
		u, v := p.place()
		spread := p.uniform(4, 16)
		for range p.between(6, 30) {
			size := p.logUniform(0.8, 3.2)
			p.spot(mask, p.normal(u, 1.5*spread), p.normal(v, spread), size*p.uniform(0.8, 1.6), size, p.uniform(0, math.Pi), 1)
		}
	}
	p.shade(mask, p.uniform(0.1, 0.5))
}

// rolledInScale is mill scale pressed into the sheet: clusters of short dark
// smears across the rolling direction, each with a bright edge on one side.
func rolledInScale(p *plate) {
	dark, bright := newLayer(), newLayer()
	size := p.uniform(2.6, 4.5)
	tilt := math.Pi/2 + p.normal(0, 0.2)
	lit := 1.0 // the side that the lamp is on
	if p.chance(0.5) {
		lit = -1
	}
	smear := func(u, v, strength float64) {
		a := size * p.logUniform(0.6, 1.8)
		b := a * p.uniform(0.3, 0.6)
		p.spot(dark, u, v, a, b, tilt+p.normal(0, 0.25), strength)
		p.spot(bright, u+lit*1.6*b, v+p.normal(0, 1), 0.9*a, 0.5*b, tilt+p.normal(0, 0.25), strength)
	}
	for range p.between(3, 8) {
		u, v := p.place()
		along, across := p.logUniform(6, 40), p.logUniform(6, 25)
		for range p.between(8, 28) {
			smear(p.normal(0.8*u, along), p.normal(0.8*v, across), p.uniform(0.5, 1))
		}
	}
	for range p.between(10, 40) {
		u, v := p.place()
		smear(u, v, p.uniform(0.2, 0.7))
	}
	p.shade(bright, p.uniform(1.1, 1.35))
	p.shade(dark, p.uniform(0.28, 0.52))
	if p.chance(0.15) { // a stray crack
		mask := newLayer()
		u, v := p.place()
		p.crack(mask, u, v, p.uniform(0, math.Pi), p.uniform(15, 40), p.uniform(0.6, 1), 0)
		p.shade(mask, p.uniform(0.5, 0.8))
	}
}
