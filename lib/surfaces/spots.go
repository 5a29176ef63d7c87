package surfaces

import (
	"math"

	"github.com/transfer-learning-go/defects/lib/surfaces/noise"
)

// inclusion is slag rolled into the steel: dark spindles drawn out along the
// rolling direction, alone, in chains, or grown together into a long streak.
func inclusion(p *plate) {
	level := p.uniform(0.4, 0.7)
	if p.chance(0.6) {
		p.spindles(p.between(1, 3), span{60, 240}, span{3, 12}, level)
	}
	p.spindles(p.between(2, 7), span{12, 70}, span{1.5, 6}, level*p.uniform(0.8, 1.1))
	if p.chance(0.35) { // a chain
		mask, f := newLayer(), noise.New(p.r)
		u, v := p.uniform(-90, 0), p.uniform(-80, 80)
		for range p.between(3, 7) {
			length := p.uniform(8, 35)
			p.spindle(mask, f, u, p.normal(v, 3), length, length*p.uniform(0.08, 0.2), p.normal(0, 0.1))
			u += length * p.uniform(0.7, 1.6)
		}
		p.shade(mask, level*p.uniform(0.6, 1))
	}
	if p.chance(0.12) { // the rolls scratched the sheet as well, faintly
		mask := newLayer()
		u, v := p.place()
		p.line(mask, u, v, p.uniform(20, 90), p.normal(0, 0.04), p.uniform(0.4, 0.8), 1)
		p.shade(mask, p.uniform(1.1, 1.35))
	}
}

// spindles draws count of them anywhere, of the same darkness.
func (p *plate) spindles(count int, length, halfWidth span, level float64) {
	mask, f := newLayer(), noise.New(p.r)
	for range count {
		u, v := p.place()
		p.spindle(mask, f, 0.8*u, 0.9*v, p.logUniform(length.low, length.high),
			p.logUniform(halfWidth.low, halfWidth.high), p.normal(0, 0.06))
	}
	p.shade(mask, level)
}

// spindle is pointed at both ends, bent, and ragged along its sides.
func (p *plate) spindle(mask layer, f noise.Field, u, v, length, halfWidth, tilt float64) {
	s, c := math.Sincos(tilt)
	soft := p.uniform(0.8, 1.6+0.25*halfWidth)
	p.within(u, v, length/2+2*halfWidth, func(i int, du, dv float64) {
		t, side := du*c+dv*s, dv*c-du*s
		shape := 1 - math.Pow(math.Abs(2*t/length), 1.6)
		if shape <= 0 {
			return
		}
		side -= 1.2 * halfWidth * f.Gradient((u+t)/40, v)
		ragged := f.Fractal((u+t)/11, (v+side)/3, 2, 0.7)
		edge := halfWidth * (math.Sqrt(shape)*(1+0.7*f.Gradient((u+t)/25, v+8)) + 0.35*ragged)
		mask[i] = max(mask[i], noise.Smoothstep(edge+soft/2, edge-soft/2, math.Abs(side))*(0.75+0.25*shape))
	})
}

// pittedSurface is eaten by many small dark holes, over the whole sheet or up to
// a border, sometimes beside a corroded area.
func pittedSurface(p *plate) {
	mask, f := newLayer(), noise.New(p.r)
	density := p.logUniform(0.015, 0.06) // pits per pixel
	radius := p.uniform(0.9, 1.9)
	stretch := p.uniform(1, 2.2)
	lean := p.normal(0, 0.5)
	clumps := p.uniform(0, 1.2)
	border, side, fade := -1e9, p.uniform(0, 2*math.Pi), p.uniform(1, 50)
	if p.chance(0.45) {
		border = p.uniform(-60, 15)
	}
	s, c := math.Sincos(side)
	for range int(density * 210 * 210) {
		u, v := p.place()
		course := u*c + v*s + 12*f.Fractal(u/50, v/50, 3, 0.5)
		keep := noise.Smoothstep(border, border+fade, course) *
			(0.8 + clumps*f.Fractal(u/22, v/22, 2, 0.6))
		if !p.chance(keep) {
			continue
		}
		a := radius * p.logUniform(0.6, 1.7)
		p.spot(mask, u, v, a*stretch, a, lean+p.normal(0, 0.4), p.uniform(0.4, 1))
	}
	p.shade(mask, p.uniform(0.4, 0.7))
	if p.chance(0.3) {
		p.blots(p.between(1, 5), span{4, 16}, p.uniform(0.5, 0.8))
	}
}
