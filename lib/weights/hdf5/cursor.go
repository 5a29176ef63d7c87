package hdf5

import (
	"encoding/binary"
	"fmt"
)

// A cursor walks over the little-endian fields of one structure. The first step past its end sets err; from then on
// every field reads as zero, so a parser checks err once, before it uses what it has read.
type cursor struct {
	b    []byte
	pos  int
	err  error
	at   uint64 // where b lies in the file, for errors
	what string
}

func (c *cursor) left() int { return len(c.b) - c.pos }

func (c *cursor) take(n int) []byte {
	if c.err != nil {
		return nil
	}
	if n < 0 || n > c.left() {
		c.err = fmt.Errorf("%s at byte %d: it ends after %d bytes, in the middle of a field", c.what, c.at, len(c.b))
		return nil
	}
	b := c.b[c.pos : c.pos+n]
	c.pos += n
	return b
}

func (c *cursor) skip(n int) { c.take(n) }

// align skips to the next multiple of 8, as version 1 structures are padded. The last padding may be missing.
func (c *cursor) align() { c.skip(min(-c.pos&7, c.left())) }

// uint reads an unsigned integer of 1, 2, 4 or 8 bytes.
func (c *cursor) uint(width int) uint64 {
	var wide [8]byte
	copy(wide[:], c.take(width))
	return binary.LittleEndian.Uint64(wide[:])
}

func (c *cursor) u8() byte    { return byte(c.uint(1)) }
func (c *cursor) u16() uint16 { return uint16(c.uint(2)) }
func (c *cursor) u32() uint32 { return uint32(c.uint(4)) }
func (c *cursor) u64() uint64 { return c.uint(8) }

// fail makes an error that says where the structure lies.
func (c *cursor) fail(format string, args ...any) error {
	return fmt.Errorf("%s at byte %d: %s", c.what, c.at, fmt.Sprintf(format, args...))
}
