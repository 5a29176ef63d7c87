package surfaces

import (
	"image"
	"math"
	"math/rand/v2"

	"github.com/transfer-learning-go/defects/lib/surfaces/noise"
)

// span is a range to draw from.
type span struct{ low, high float64 }

// plate is the piece of steel that the camera sees. pix is its reflectance, row
// by row; bare steel is 1. Defects are placed by (u, v) in pixels from the
// centre: u along the rolling direction, v across it.
type plate struct {
	r        *rand.Rand
	pix      layer
	cos, sin float64 // of the angle between u and the image's y axis
}

// layer is one number per pixel.
type layer []float64

func newLayer() layer { return make(layer, Size*Size) }

func newPlate(r *rand.Rand) *plate {
	p := &plate{r: r, pix: newLayer()}
	angle := p.normal(0, 0.06)
	if p.chance(0.25) { // the camera was mounted across the line
		angle += math.Pi / 2
	}
	p.sin, p.cos = math.Sincos(angle)
	return p
}

func (p *plate) chance(probability float64) bool { return p.r.Float64() < probability }

func (p *plate) uniform(low, high float64) float64 { return low + (high-low)*p.r.Float64() }

// logUniform draws evenly over orders of magnitude.
func (p *plate) logUniform(low, high float64) float64 {
	return low * math.Pow(high/low, p.r.Float64())
}

func (p *plate) normal(mean, deviation float64) float64 {
	return mean + deviation*p.r.NormFloat64()
}

// between draws an integer from low to high, both included.
func (p *plate) between(low, high int) int { return low + p.r.IntN(high-low+1) }

// place is a point of the plate, a little beyond the image's border at most.
func (p *plate) place() (u, v float64) { return p.uniform(-105, 105), p.uniform(-105, 105) }

// uv turns a pixel into plate coordinates, xy the other way.
func (p *plate) uv(x, y float64) (u, v float64) {
	x, y = x-Size/2, y-Size/2
	return y*p.cos + x*p.sin, x*p.cos - y*p.sin
}

func (p *plate) xy(u, v float64) (x, y float64) {
	return u*p.sin + v*p.cos + Size/2, u*p.cos - v*p.sin + Size/2
}

// each sets every pixel of a layer from its plate coordinates.
func (p *plate) each(l layer, value func(u, v float64) float64) {
	for i := range l {
		l[i] = value(p.uv(float64(i%Size), float64(i/Size)))
	}
}

// shade multiplies the reflectance by level where the mask is 1, not at all
// where it is 0. The grain stays visible, as under a real stain.
func (p *plate) shade(mask layer, level float64) {
	for i, m := range mask {
		p.pix[i] *= 1 + m*(level-1)
	}
}

// within calls f for the pixels at most reach away from a point, with their
// offset from it along and across the rolling direction.
func (p *plate) within(u, v, reach float64, f func(i int, du, dv float64)) {
	cx, cy := p.xy(u, v)
	x0, x1 := max(0, int(cx-reach)), min(Size-1, int(cx+reach+1))
	y0, y1 := max(0, int(cy-reach)), min(Size-1, int(cy+reach+1))
	for y := y0; y <= y1; y++ {
		for x := x0; x <= x1; x++ {
			dx, dy := float64(x)-cx, float64(y)-cy
			f(y*Size+x, dy*p.cos+dx*p.sin, dx*p.cos-dy*p.sin)
		}
	}
}

// spot draws a soft ellipse into a mask: half axes a and b, a turned by tilt
// from the rolling direction, height at its centre.
func (p *plate) spot(mask layer, u, v, a, b, tilt, height float64) {
	s, c := math.Sincos(tilt)
	p.within(u, v, 1.3*max(a, b)+1, func(i int, du, dv float64) {
		d := math.Hypot((du*c+dv*s)/a, (dv*c-du*s)/b)
		mask[i] = max(mask[i], height*noise.Smoothstep(1.25, 0.6, d))
	})
}

// dab draws one touch of a line of half width w into a mask.
func (p *plate) dab(mask layer, u, v, w, height float64) {
	p.within(u, v, w+1, func(i int, du, dv float64) {
		mask[i] = max(mask[i], height*noise.Smoothstep(w+0.7, w-0.7, math.Hypot(du, dv)))
	})
}

// blur is a Gaussian with one deviation per direction, in pixels. The border
// pixel is repeated outwards.
func (l layer) blur(down, across float64) {
	l.convolve(gaussian(across), 1, Size)
	l.convolve(gaussian(down), Size, 1)
}

func gaussian(deviation float64) []float64 {
	k := make([]float64, 2*int(math.Ceil(2.5*deviation))+1)
	sum := 0.0
	for i := range k {
		d := float64(i - len(k)/2)
		k[i] = math.Exp(-d * d / (2*deviation*deviation + 1e-9))
		sum += k[i]
	}
	for i := range k {
		k[i] /= sum
	}
	return k
}

// convolve runs along lines whose pixels are step apart and whose starts are
// next apart.
func (l layer) convolve(kernel []float64, step, next int) {
	half := len(kernel) / 2
	line := make([]float64, Size+2*half)
	for n := range Size {
		for i := range line {
			line[i] = l[n*next+min(max(i-half, 0), Size-1)*step]
		}
		for i := range Size {
			sum := 0.0
			for j, k := range kernel {
				sum += k * line[i+j]
			}
			l[n*next+i*step] = sum
		}
	}
}

// normalize gives a layer mean 0 and the wanted standard deviation.
func (l layer) normalize(deviation float64) {
	sum, squares := 0.0, 0.0
	for _, v := range l {
		sum += v
		squares += v * v
	}
	mean := sum / float64(len(l))
	scale := deviation / math.Sqrt(squares/float64(len(l))-mean*mean+1e-12)
	for i := range l {
		l[i] = (l[i] - mean) * scale
	}
}

// photograph is the camera: lens blur, exposure, sensor noise, 8 bits.
func (p *plate) photograph() *image.Gray {
	lens := p.uniform(0.3, 0.9)
	p.pix.blur(lens, lens)
	level := p.uniform(55, 190)       // grey level of bare steel
	contrast := p.uniform(0.75, 1.25) // of everything on it
	sensor := p.logUniform(0.8, 3.5)
	img := image.NewGray(image.Rect(0, 0, Size, Size))
	for i, v := range p.pix {
		grey := level*(1+contrast*(v-1)) + sensor*p.r.NormFloat64()
		img.Pix[i] = uint8(math.Round(min(max(grey, 0), 255)))
	}
	return img
}
