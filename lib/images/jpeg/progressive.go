package jpeg

// band is what a progressive scan transmits of each block (G.1.1.1).
type band struct {
	first, last int  // places in the zigzag sequence
	low         uint // the lowest bit
	refines     bool // the bits above were transmitted before
}

// progressive reads what one scan has of a block. endRun is the number of blocks that have nothing more in this band.
func (b *bits) progressive(block *[64]int16, s *band, dc, ac *code, prediction *int32, endRun *uint32) (ok bool) {
	switch {
	case s.first == 0 && s.refines:
		block[0] |= int16(b.take(1) << s.low)
		return true
	case s.first == 0:
		size, ok := b.symbol(dc)
		if ok {
			*prediction += b.value(uint(size))
			block[0] = int16(*prediction << s.low)
		}
		return ok
	case s.refines:
		return b.refine(block, s, ac, endRun)
	case *endRun > 0:
		*endRun--
		return true
	}
	for k := s.first; k <= s.last; k++ { // G.1.2.2
		symbol, ok := b.symbol(ac)
		if !ok {
			return false
		}
		run, size := int(symbol>>4), uint(symbol&15)
		if size == 0 && run < 15 {
			*endRun = 1<<run + b.take(uint(run)) - 1
			return true
		}
		k += run
		if size > 0 {
			block[natural[k&127]&63] = int16(b.value(size) << s.low)
		}
	}
	return true
}

// refine reads one more bit of the coefficients that are not 0, and those that are 1 or −1 in this bit (G.1.2.3).
func (b *bits) refine(block *[64]int16, s *band, ac *code, endRun *uint32) (ok bool) {
	one := int16(1) << s.low
	k := s.first
	for *endRun == 0 && k <= s.last {
		symbol, ok := b.symbol(ac)
		if !ok {
			return false
		}
		run, size := int(symbol>>4), symbol&15
		if size > 1 {
			return false
		}
		value := int16(0)
		if size == 1 {
			if value = one; b.take(1) == 0 {
				value = -one
			}
		} else if run < 15 {
			*endRun = 1<<run + b.take(uint(run))
			break
		}
		for ; k <= s.last; k++ { // over coefficients that have been there, and over run zeros
			c := &block[natural[k&127]&63]
			if *c != 0 {
				b.correct(c, one)
			} else if run--; run < 0 {
				*c = value
				k++
				break
			}
		}
		if run >= 0 { // more zeros than the band has
			return false
		}
	}
	if *endRun > 0 {
		for ; k <= s.last; k++ {
			if c := &block[natural[k&127]&63]; *c != 0 {
				b.correct(c, one)
			}
		}
		*endRun--
	}
	return true
}

// correct reads one more bit of a coefficient that is not 0.
func (b *bits) correct(c *int16, one int16) {
	if b.take(1) == 0 || *c&one != 0 {
		return
	}
	if *c > 0 {
		*c += one
	} else {
		*c -= one
	}
}
