package hdf5

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
)

type class byte

const (
	integer class = iota
	float
	fixedString
	variableString
	otherClass
)

// datatype says how one element is stored.
type datatype struct {
	class    class
	size     int
	order    binary.ByteOrder
	signed   bool
	mantissa byte // bits of a float's mantissa
	padding  byte // of a fixed string: 0 NUL-terminated, 1 NUL-padded, 2 space-padded
	code     byte // HDF5's number of the class, for errors
}

func (t datatype) String() string {
	switch t.class {
	case integer:
		if t.signed {
			return fmt.Sprintf("int%d", 8*t.size)
		}
		return fmt.Sprintf("uint%d", 8*t.size)
	case float:
		if t.size == 2 && t.mantissa == 7 {
			return "bfloat16"
		}
		return fmt.Sprintf("float%d", 8*t.size)
	case fixedString:
		return fmt.Sprintf("string of %d bytes", t.size)
	case variableString:
		return "string"
	}
	return fmt.Sprintf("HDF5 class %d of %d bytes", t.code, t.size)
}

func parseDatatype(c *cursor) (datatype, error) {
	code, bits, size := c.u8(), uint32(c.uint(1))|uint32(c.u16())<<8, c.u32()
	if c.err != nil {
		return datatype{}, c.err
	}
	if size == 0 || size > math.MaxInt32 {
		return datatype{}, c.fail("elements of %d bytes are not possible", size)
	}
	t := datatype{class: otherClass, code: code & 0x0F, size: int(size), order: binary.LittleEndian}
	if bits&1 != 0 {
		t.order = binary.BigEndian
	}
	switch t.code {
	case 0:
		offset, precision := c.u16(), c.u16()
		whole := offset == 0 && int(precision) == 8*t.size
		if whole && (size == 1 || size == 2 || size == 4 || size == 8) {
			t.class, t.signed = integer, bits&8 != 0
		}
	case 1:
		c.skip(2)
		precision, _, exponent, mantissaAt, mantissa := c.u16(), c.u8(), c.u8(), c.u8(), c.u8()
		t.mantissa = mantissa
		switch [4]int{int(size), int(precision), int(exponent), int(mantissa)} {
		case [4]int{2, 16, 5, 10}, [4]int{2, 16, 8, 7}, [4]int{4, 32, 8, 23}, [4]int{8, 64, 11, 52}:
			if mantissaAt == 0 && bits&0x40 == 0 {
				t.class = float
			}
		}
	case 3:
		t.class, t.padding = fixedString, byte(bits&0x0F)
	case 5:
		if size == 2 { // NumPy has no bfloat16: h5py stores Keras's as bytes that mean nothing to HDF5
			t.class, t.mantissa = float, 7
		}
	case 9:
		if bits&0x0F == 1 && size == 16 {
			t.class = variableString
		}
	}
	return t, c.err
}

// trim removes the padding of a fixed string.
func (t datatype) trim(s string) string {
	switch t.padding {
	case 0:
		s, _, _ = strings.Cut(s, "\x00")
		return s
	case 2:
		return strings.TrimRight(s, " ")
	}
	return strings.TrimRight(s, "\x00")
}

// float32s decodes len(dst) elements. The caller has checked that src has as many and that the class is numeric.
func (t datatype) float32s(dst []float32, src []byte) {
	for i := range dst {
		b := src[i*t.size : (i+1)*t.size]
		var u uint64
		switch t.size {
		case 1:
			u = uint64(b[0])
		case 2:
			u = uint64(t.order.Uint16(b))
		case 4:
			u = uint64(t.order.Uint32(b))
		case 8:
			u = t.order.Uint64(b)
		}
		switch {
		case t.class == integer && t.signed:
			shift := 64 - 8*t.size
			dst[i] = float32(int64(u<<shift) >> shift)
		case t.class == integer:
			dst[i] = float32(u)
		case t.size == 8:
			dst[i] = float32(math.Float64frombits(u))
		case t.size == 4:
			dst[i] = math.Float32frombits(uint32(u))
		case t.mantissa == 7: // bfloat16 is the upper half of a float32
			dst[i] = math.Float32frombits(uint32(u) << 16)
		default:
			dst[i] = Float16(uint16(u))
		}
	}
}

// Float16 widens an IEEE 754 half-precision number.
func Float16(h uint16) float32 {
	sign, exponent, mantissa := uint32(h&0x8000)<<16, uint32(h>>10&0x1F), uint32(h&0x3FF)
	switch exponent {
	case 0: // zero and subnormal: mantissa · 2⁻²⁴
		f := float32(mantissa) / (1 << 24)
		return math.Float32frombits(math.Float32bits(f) | sign)
	case 0x1F: // infinity and NaN
		return math.Float32frombits(sign | 0x7F800000 | mantissa<<13)
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | mantissa<<13)
}
