package jpeg

import "errors"

// lookupBits is the length of the longest codes that are found by one look into a table.
const lookupBits = 9

// code is a Huffman code.
type code struct {
	// lookup is by the next bits. An entry holds the length of the code in its lowest 8 bits, the symbol in the next 8 and,
	// if the coefficient that follows the code lies within the bits too, that coefficient in the highest 16. It is 0 where
	// the code is longer.
	lookup  [1 << lookupBits]uint32
	symbols [256]uint8
	// Of each length: the first 16 bits that are not below the codes of that length, and what leads from a code to the
	// index of its symbol.
	end   [17]uint32
	index [17]int32
}

// defineCodes reads Huffman tables (B.2.4.2).
func (f *file) defineCodes(p []byte) error {
	for len(p) > 0 {
		if len(p) < 17 {
			return errors.New("Huffman table of wrong length")
		}
		class, to := p[0]>>4, p[0]&15
		if class > 1 || to > 3 {
			return errors.New("wrong Huffman table")
		}
		total := 0
		for _, n := range p[1:17] {
			total += int(n)
		}
		if total == 0 || total > 256 || len(p) < 17+total {
			return errors.New("Huffman table of wrong length")
		}
		c, err := newCode(p[1:17], p[17:17+total])
		if err != nil {
			return err
		}
		if class == 0 {
			for _, symbol := range p[17 : 17+total] {
				if symbol > 15 {
					return errors.New("Huffman table for DC coefficients of more than 15 bits")
				}
			}
		}
		f.codes[class][to] = c
		p = p[17+total:]
	}
	return nil
}

// newCode makes the code that has so many symbols of each length (C.2).
func newCode(counts, symbols []byte) (*code, error) {
	c := &code{}
	copy(c.symbols[:], symbols)
	next, k := 0, 0 // the next code and its symbol
	for length := 1; length <= 16; length++ {
		n := int(counts[length-1])
		if next+n > 1<<length {
			return nil, errors.New("Huffman table with more codes than there can be")
		}
		c.index[length] = int32(k - next)
		if length <= lookupBits {
			for i := range n {
				c.fill(next+i, length, symbols[k+i])
			}
		}
		next, k = next+n, k+n
		c.end[length] = uint32(next) << (16 - length)
		next <<= 1
	}
	return c, nil
}

// fill makes the entries for one code.
func (c *code) fill(code, length int, symbol uint8) {
	spare := lookupBits - length
	size := int(symbol & 15)
	for rest := range 1 << spare {
		entry := uint32(symbol)<<8 | uint32(length)
		if 0 < size && size <= spare {
			value := rest >> (spare - size)
			if value < 1<<(size-1) {
				value -= 1<<size - 1
			}
			entry |= uint32(uint16(value)) << 16
		}
		c.lookup[code<<spare|rest] = entry
	}
}

// find gives the symbol whose code the window begins with, and the code's length, which is 0 if there is none.
func (c *code) find(window uint64) (symbol uint8, length uint) {
	if e := c.lookup[window>>(64-lookupBits)]; e != 0 {
		return uint8(e >> 8), uint(e & 0xff)
	}
	bits := uint32(window >> 48)
	for length := uint(lookupBits + 1); length <= 16; length++ {
		if bits < c.end[length] {
			return c.symbols[uint8(int32(bits>>(16-length))+c.index[length])], length
		}
	}
	return 0, 0
}
