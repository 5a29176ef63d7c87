package surfaces

import (
	"math"

	"github.com/transfer-learning-go/defects/lib/surfaces/noise"
)

// finish is what the rolls left on the sheet before any defect. The ranges of
// the classes overlap widely, so that the finish alone does not name the defect.
type finish struct {
	grain   span    // standard deviation of the fine grain
	across  float64 // how often the grain lies across the rolling direction
	mottle  span    // standard deviation of the slow clouds of the oxide
	brushed float64 // how often there are brush marks
}

// roll fills the plate with bare steel.
func (p *plate) roll(f finish) {
	for i := range p.pix {
		p.pix[i] = 1
	}
	p.add(p.grain(p.logUniform(f.grain.low, f.grain.high), f.across))
	p.add(p.mottle(p.logUniform(f.mottle.low, f.mottle.high)))
	p.add(p.bands(p.logUniform(0.01, 0.08)))
	if p.chance(f.brushed) {
		p.add(p.brush(p.uniform(0.04, 0.16)))
	}
}

func (p *plate) add(l layer) {
	for i, v := range l {
		p.pix[i] += v
	}
}

// grain is white noise smeared along or across the rolling direction.
func (p *plate) grain(deviation, acrossChance float64) layer {
	l := newLayer()
	for i := range l {
		l[i] = p.r.NormFloat64()
	}
	long, short := p.logUniform(0.5, 2.2), p.logUniform(0.4, 0.9)
	if p.chance(acrossChance) {
		long, short = short, long
	}
	down, across := long, short
	if math.Abs(p.cos) < 0.5 {
		down, across = across, down
	}
	l.blur(down, across)
	l.normalize(deviation)
	return l
}

// mottle is fractal noise, longer along the rolling direction.
func (p *plate) mottle(deviation float64) layer {
	l, f := newLayer(), noise.New(p.r)
	period := p.logUniform(18, 70)
	stretch := p.uniform(0.7, 2.5)
	p.each(l, func(u, v float64) float64 {
		return f.Fractal(u/(period*stretch), v/period, 3, 0.55)
	})
	l.normalize(deviation)
	return l
}

// bands are the streaks that run the whole length of the sheet.
func (p *plate) bands(deviation float64) layer {
	l, f := newLayer(), noise.New(p.r)
	period := p.logUniform(8, 60)
	p.each(l, func(u, v float64) float64 {
		return f.Fractal(v/period, u/900, 3, 0.6)
	})
	l.normalize(deviation)
	return l
}

// brush marks are fine parallel lines, oblique, in parts of the sheet only.
func (p *plate) brush(height float64) layer {
	l, f := newLayer(), noise.New(p.r)
	s, c := math.Sincos(math.Pi/2 + p.normal(0, 0.35))
	width, length := p.uniform(1.5, 3.5), p.uniform(60, 200)
	p.each(l, func(u, v float64) float64 {
		along, across := u*c+v*s, v*c-u*s
		part := noise.Smoothstep(-0.5, 0.5, (f+1).Gradient(u/90, v/90))
		return height * part * f.Fractal(across/width, along/length, 2, 0.7)
	})
	return l
}

// soil leaves marks that any sheet may have and that mean nothing: a stain, a
// few specks, a faint line.
func (p *plate) soil() {
	mask := newLayer()
	if p.chance(0.25) { // stain
		u, v := p.place()
		p.spot(mask, u, v, p.uniform(15, 60), p.uniform(8, 30), p.normal(0, 0.3), 1)
		mask.blur(4, 4)
		p.shade(mask, p.uniform(0.88, 1.1))
	}
	if p.chance(0.3) { // specks
		clear(mask)
		for range p.between(1, 8) {
			u, v := p.place()
			p.spot(mask, u, v, p.uniform(0.8, 2.2), p.uniform(0.8, 1.8), p.uniform(0, 3), 1)
		}
		p.shade(mask, p.uniform(0.6, 0.9))
	}
	if p.chance(0.25) { // line
		clear(mask)
		u, v := p.place()
		p.line(mask, u, v, p.uniform(20, 160), p.normal(0, 0.15), p.uniform(0.4, 0.9), 1)
		p.shade(mask, p.uniform(0.92, 1.12))
	}
}

// line draws a straight line that fades towards its ends and is broken in places.
func (p *plate) line(mask layer, u, v, length, tilt, halfWidth, height float64) {
	f := noise.New(p.r)
	s, c := math.Sincos(tilt)
	wander := p.uniform(0, 2)
	for t := -length / 2; t <= length/2; t += 0.7 {
		fade := noise.Smoothstep(0, 0.15, 0.5-math.Abs(t/length))
		strength := 0.7 + 0.9*f.Fractal(t/14, 0, 2, 0.6)
		side := wander * f.Gradient(t/40, 9)
		p.dab(mask, u+t*c-side*s, v+t*s+side*c, halfWidth*(0.6+0.4*fade), height*fade*min(max(strength, 0), 1))
	}
}

// light is the lamp: a gradient, a falloff towards the corners, sometimes the
// soft border of a shadow.
func (p *plate) light() {
	s, c := math.Sincos(p.uniform(0, 2*math.Pi))
	slope := math.Abs(p.normal(0, 0.16))
	corners := p.uniform(0, 0.12)
	shadow, edge, soft := 0.0, p.uniform(-0.8, 0.8), p.uniform(0.1, 0.8)
	if p.chance(0.3) {
		shadow = p.uniform(0.1, 0.45)
	}
	ss, sc := math.Sincos(p.normal(0, 0.3) + math.Pi/2*float64(p.between(0, 3)))
	for i := range p.pix {
		x, y := float64(i%Size)/(Size/2)-1, float64(i/Size)/(Size/2)-1
		lamp := 1 + slope*(x*c+y*s) - corners*(x*x+y*y)
		p.pix[i] *= lamp * (1 - shadow*noise.Smoothstep(edge, edge+soft, x*sc+y*ss))
	}
}
