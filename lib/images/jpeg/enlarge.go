package jpeg

import "bytes"

// rows gives a function for the rows of a component in the resolution of the picture. A row is valid until the next call.
//
// Planes of half the resolution are interpolated: the nearest sample counts three times as much as the next, in each
// direction. All others are repeated, and so are those too narrow for it. libjpeg-turbo does so, and rounds up and down
// by turns.
func (f *file) rows(c *component) func(y int) []uint8 {
	if c.samples == nil {
		grey := bytes.Repeat([]byte{128}, f.width)
		return func(int) []uint8 { return grey }
	}
	row := func(y int) []uint8 { return c.samples[8*c.wide*min(max(y, 0), c.height-1):][:c.width] }
	h, v := f.maxH/c.h, f.maxV/c.v
	out := make([]uint8, h*c.width)
	switch {
	case h == 1 && v == 1:
		return row
	case h == 1 && v == 2:
		return func(y int) []uint8 {
			near, far := row(y/2), row(y/2-1+y%2*2)
			for x := range out {
				out[x] = uint8((3*uint(near[x]) + uint(far[x]) + 1 + uint(y%2)) >> 2)
			}
			return out
		}
	case h == 2 && v == 1 && c.width > 2:
		return func(y int) []uint8 {
			widen(out, row(y))
			return out
		}
	case h == 2 && v == 2 && c.width > 2:
		return func(y int) []uint8 {
			widenTwo(out, row(y/2), row(y/2-1+y%2*2))
			return out
		}
	}
	return func(y int) []uint8 {
		from := row(y / v)
		for x := range out {
			out[x] = from[x/h]
		}
		return out
	}
}

// widen doubles the width of a row.
func widen(out, row []uint8) {
	last := len(row) - 1
	out[0], out[2*last+1] = row[0], row[last]
	for x := range last {
		left, right := uint(row[x]), uint(row[x+1])
		out[2*x+1] = uint8((3*left + right + 2) >> 2)
		out[2*x+2] = uint8((3*right + left + 1) >> 2)
	}
}

// widenTwo doubles the width of what lies between two rows.
func widenTwo(out, near, far []uint8) {
	last := len(near) - 1
	far = far[:len(near)]
	left := 3*uint(near[0]) + uint(far[0])
	out[0] = uint8((4*left + 8) >> 4)
	for x := range last {
		right := 3*uint(near[x+1]) + uint(far[x+1])
		out[2*x+1] = uint8((3*left + right + 7) >> 4)
		out[2*x+2] = uint8((3*right + left + 8) >> 4)
		left = right
	}
	out[2*last+1] = uint8((4*left + 7) >> 4)
}
