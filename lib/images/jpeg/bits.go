package jpeg

import (
	"bytes"
	"encoding/binary"
)

// padding is what may be read behind the end of a segment, in zero bytes, before somebody looks whether it has ended:
// more than one block can take.
const padding = 512

// bits reads an entropy-coded segment, the highest bit of each byte first.
type bits struct {
	data   []byte // with padding
	size   int    // without padding, in bytes
	at     int    // the next byte that the window lacks
	window uint64 // the next bits, the first one highest
	n      uint   // how many they are at least
}

// next goes behind the entropy-coded segment that begins here, to the marker that ends it, and gives its bits without
// the zero bytes that are stuffed behind 0xff (B.1.1.5).
func (f *file) next() bits {
	if f.segment == nil {
		f.segment = make([]byte, 0, len(f.data)-f.at+padding)
	}
	s, rest := f.segment[:0], f.data[f.at:]
	for len(rest) > 0 {
		i := bytes.IndexByte(rest, 0xff)
		if i < 0 {
			i = len(rest)
		}
		s, rest = append(s, rest[:i]...), rest[i:]
		k := 1
		for k < len(rest) && rest[k] == 0xff {
			k++
		}
		if k >= len(rest) || rest[k] != 0 {
			break
		}
		s, rest = append(s, 0xff), rest[k+1:]
	}
	f.at = len(f.data) - len(rest)
	size := len(s)
	s = append(s, zeros[:]...)
	f.segment = s
	return bits{data: s, size: size}
}

var zeros [padding]byte

// fill makes sure that the window holds at least 56 bits.
func (b *bits) fill() {
	b.window |= binary.BigEndian.Uint64(b.data[b.at:]) >> b.n
	b.at += int(63-b.n) >> 3
	b.n |= 56
}

// over reports whether more bits were taken than there are.
func (b *bits) over() bool { return 8*b.at-int(b.n) > 8*b.size }

// drop takes n bits that the window holds.
func (b *bits) drop(n uint) {
	b.window <<= n
	b.n -= n
}

// take takes up to 16 bits.
func (b *bits) take(n uint) uint32 {
	if b.n < 32 {
		b.fill()
	}
	v := uint32(b.window >> (64 - n))
	b.drop(n)
	return v
}

// symbol takes a symbol; ok is false if none has these bits as its code.
func (b *bits) symbol(c *code) (symbol uint8, ok bool) {
	if b.n < 32 {
		b.fill()
	}
	symbol, length := c.find(b.window)
	b.drop(length)
	return symbol, length > 0
}

// value takes a number of so many bits, up to 15 (F.2.2.1, EXTEND).
func (b *bits) value(size uint) int32 {
	if b.n < 32 {
		b.fill()
	}
	v := extend(b.window, size)
	b.drop(size)
	return v
}

// extend gives the number whose size bits the window begins with: with a leading zero it is negative.
func extend(window uint64, size uint) int32 {
	positive := int32(int64(window) >> 63) // all ones, or 0
	return int32(window>>(64-size)) + (^positive & (1 - 1<<size))
}
