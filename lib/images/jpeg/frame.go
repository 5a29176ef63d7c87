package jpeg

import (
	"errors"
	"fmt"
	"math"
)

// frame reads the frame header (B.2.2).
func (f *file) frame(p []byte) error {
	if f.components != nil {
		return errors.New("several frame headers")
	}
	if len(p) < 6 || len(p) != 6+3*int(p[5]) {
		return errors.New("frame header of wrong length")
	}
	if p[0] != 8 {
		return fmt.Errorf("%d bits per sample, only 8 are supported", p[0])
	}
	f.height, f.width = number(p[1:]), number(p[3:])
	if f.height == 0 || f.width == 0 {
		return fmt.Errorf("it claims %d×%d pixels", f.width, f.height)
	}
	if n := p[5]; n != 1 && n != 3 && n != 4 {
		return fmt.Errorf("%d components, only 1, 3 and 4 are supported", n)
	}
	for p = p[6:]; len(p) > 0; p = p[3:] {
		c := &component{id: p[0], h: int(p[1] >> 4), v: int(p[1] & 15), destination: p[2]}
		if c.h < 1 || c.h > 4 || c.v < 1 || c.v > 4 || c.destination > 3 {
			return errors.New("wrong description of a component")
		}
		for _, other := range f.components {
			if other.id == c.id {
				return errors.New("two components of one name")
			}
		}
		f.components = append(f.components, c)
		f.maxH, f.maxV = max(f.maxH, c.h), max(f.maxV, c.v)
	}
	for _, c := range f.components {
		if f.maxH%c.h != 0 || f.maxV%c.v != 0 {
			return fmt.Errorf("sampling factors %d×%d of %d×%d are not supported", c.h, c.v, f.maxH, f.maxV)
		}
		c.width, c.height = up(f.width*c.h, f.maxH), up(f.height*c.v, f.maxV)
		c.wide, c.high = up(c.width, 8), up(c.height, 8)
		c.allWide = up(f.width, 8*f.maxH) * c.h
	}
	return nil
}

// up divides and rounds up.
func up(a, b int) int { return (a + b - 1) / b }

// natural gives the place of a coefficient in its block, row by row, from its place in the zigzag sequence (figure A.6).
// A run of zeros can lead up to 15 places beyond the end in a damaged file; libjpeg takes the last place then.
var natural = func() (places [128]uint8) {
	x, y, dx := 0, 0, 1 // dx is 1 on the way up and right
	for i := range 64 {
		places[i] = uint8(8*y + x)
		switch nx, ny := x+dx, y-dx; {
		case nx > 7:
			y, dx = y+1, -dx
		case ny > 7:
			x, dx = x+1, -dx
		case ny < 0:
			x, dx = x+1, -dx
		case nx < 0:
			y, dx = y+1, -dx
		default:
			x, y = nx, ny
		}
	}
	for i := 64; i < len(places); i++ {
		places[i] = 63
	}
	return places
}()

// defineQuantization reads quantization tables (B.2.4.1).
func (f *file) defineQuantization(p []byte) error {
	for len(p) > 0 {
		wide, to := int(p[0]>>4), p[0]&15
		if wide > 1 || to > 3 || len(p) < 1+64*(1+wide) {
			return errors.New("wrong quantization table")
		}
		p = p[1:]
		t := new([64]uint16)
		for i := range 64 {
			if wide == 1 {
				t[natural[i]] = uint16(number(p[2*i:]))
			} else {
				t[natural[i]] = uint16(p[i])
			}
		}
		f.quantization[to] = t
		p = p[64*(1+wide):]
	}
	return nil
}

// aanScales are the factors that the transform of Arai, Agui and Nakajima leaves to quantization: products of those of the
// row and the column, √2·cos(kπ/16) or 1 for k = 0, in units of 1/16384.
var aanScales = func() (scales [64]int32) {
	one := func(k int) float64 {
		if k == 0 {
			return 1
		}
		return math.Sqrt2 * math.Cos(float64(k)*math.Pi/16)
	}
	for i := range scales {
		scales[i] = int32(math.Round(one(i/8) * one(i%8) * (1 << 14)))
	}
	return scales
}()

// begin fixes a component's quantization at its first scan: a table may be defined anew for later components.
func (f *file) begin(c *component) error {
	if c.multipliers != nil {
		return nil
	}
	q := f.quantization[c.destination]
	if q == nil {
		return errors.New("no quantization table")
	}
	c.multipliers = new([64]int16)
	for i, v := range q {
		if f.fast {
			c.multipliers[i] = int16((int32(v)*aanScales[i] + 1<<11) >> 12) // two bits behind the point
		} else {
			c.multipliers[i] = int16(v)
		}
	}
	return nil
}
