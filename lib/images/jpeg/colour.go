package jpeg

import (
	"bytes"
	"image"
)

// picture puts the components together.
func (f *file) picture() image.Image {
	size := image.Rect(0, 0, f.width, f.height)
	c, rgb := f.components, f.rgb()
	if len(c) == 1 || len(c) == 3 && !rgb && c[1].empty() && c[2].empty() {
		return f.grey()
	}
	img := image.NewRGBA(size)
	rows := make([]func(int) []uint8, len(c))
	for i := range c {
		rows[i] = f.rows(c[i])
	}
	for y := range f.height {
		out := img.Pix[y*img.Stride:][:4*f.width]
		first, second, third := rows[0](y), rows[1](y), rows[2](y)
		if rgb {
			for x := range f.width {
				*(*[4]uint8)(out[4*x:]) = [4]uint8{first[x], second[x], third[x], 255}
			}
		} else {
			colours(out, first[:f.width], second, third)
		}
		if len(rows) == 4 {
			f.ink(out, rows[3](y), rgb)
		}
	}
	return img
}

// Luminance is that of ITU-R BT.601, with 16 bits behind the point: libjpeg's rgb_gray_convert and Pillow's convert("L").
func Luminance(r, g, b uint8) uint8 {
	return uint8((19595*uint32(r) + 38470*uint32(g) + 7471*uint32(b) + 1<<15) >> 16)
}

// grey is the picture without its colours: the luminance alone, or what that of red, green and blue is.
func (f *file) grey() *image.Gray {
	grey := image.NewGray(image.Rect(0, 0, f.width, f.height))
	first := f.rows(f.components[0])
	if len(f.components) == 1 || !f.rgb() {
		for y := range f.height {
			copy(grey.Pix[y*grey.Stride:][:f.width], first(y))
		}
		return grey
	}
	second, third := f.rows(f.components[1]), f.rows(f.components[2])
	for y := range f.height {
		red, green, blue := first(y), second(y), third(y)
		for x := range f.width {
			grey.Pix[y*grey.Stride+x] = Luminance(red[x], green[x], blue[x])
		}
	}
	return grey
}

// empty reports whether all samples are 128, as those of a colour plane of a grey picture.
func (c *component) empty() bool {
	if c.samples == nil {
		return true
	}
	for y := range c.height {
		for _, v := range c.samples[8*c.wide*y:][:c.width] {
			if v != 128 {
				return false
			}
		}
	}
	return true
}

// rgb reports whether the first three components are red, green and blue, or cyan, magenta and yellow, rather than a
// luminance and colour differences. JFIF knows the latter alone; Adobe's marker tells.
func (f *file) rgb() bool {
	switch {
	case len(f.components) == 4:
		return !f.adobe || f.transform == 0
	case f.jfif:
		return false
	case f.adobe:
		return f.transform == 0
	}
	var names []byte
	for _, c := range f.components {
		names = append(names, c.id)
	}
	return bytes.Equal(names, []byte("RGB"))
}

// colours converts a row as JFIF and ITU-R BT.601 define it, with 16 bits behind the point.
func colours(out, luminance, blue, red []uint8) {
	blue, red = blue[:len(luminance)], red[:len(luminance)]
	out = out[:4*len(luminance)]
	for x, l := range luminance {
		y, cb, cr := int32(l), int32(blue[x])-128, int32(red[x])-128
		pixel := (*[4]uint8)(out[4*x:])
		pixel[0] = clamp(y + (91881*cr+1<<15)>>16)
		pixel[1] = clamp(y + (-22554*cb-46802*cr+1<<15)>>16)
		pixel[2] = clamp(y + (116130*cb+1<<15)>>16)
		pixel[3] = 255
	}
}

// ink makes colours from cyan, magenta, yellow and black. Adobe's files hold what ink leaves of the light, others the ink;
// Pillow takes all for Adobe's. In YCCK, which is not cmy, out holds the opposite.
func (f *file) ink(out, black []uint8, cmy bool) {
	for x := range f.width {
		k := uint(black[x])
		pixel := (*[4]uint8)(out[4*x:])
		for i, v := range pixel[:3] {
			if !cmy {
				v = 255 - v
			}
			c := uint(v)
			switch {
			case !f.fast:
				t := (255-c)*k + 128
				pixel[i] = uint8(k - (t>>8+t)>>8)
			case f.adobe:
				pixel[i] = uint8(c * k / 255)
			default:
				pixel[i] = uint8((255 - c) * (255 - k) / 255)
			}
		}
	}
}
