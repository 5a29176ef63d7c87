package jpeg

import "encoding/binary"

// sequential reads one block of a sequential scan (F.2.2) into one that is all zero, and multiplies it. last is the
// place of the last coefficient that is not 0, in the zigzag sequence; −1 if there is a wrong code.
func (b *bits) sequential(block, multipliers *[64]int16, dc, ac *code, prediction *int32) (last int) {
	size, ok := b.symbol(dc)
	if !ok {
		return -1
	}
	*prediction += b.value(uint(size))
	block[0] = int16(*prediction) * multipliers[0]

	window, n, at := b.window, b.n, b.at
	for k := 1; k < 64; k++ {
		if n < 32 {
			window |= binary.BigEndian.Uint64(b.data[at:]) >> n
			at += int(63-n) >> 3
			n |= 56
		}
		entry := ac.lookup[window>>(64-lookupBits)]
		symbol, length := uint(entry>>8&0xff), uint(entry&0xff)
		value := int32(entry) >> 16
		if value == 0 {
			if entry == 0 {
				var s uint8
				if s, length = ac.find(window); length == 0 {
					return -1
				}
				symbol = uint(s)
			}
			if symbol&15 == 0 {
				window, n = window<<length, n-length
				if symbol != 0xf0 { // end of block
					break
				}
				k += 15
				continue
			}
			value = extend(window<<length, symbol&15)
		}
		length += symbol & 15
		window, n = window<<length, n-length
		k += int(symbol >> 4)
		place := natural[k&127] & 63
		block[place] = int16(value) * multipliers[place]
		last = k
	}
	b.window, b.n, b.at = window, n, at
	return last
}
