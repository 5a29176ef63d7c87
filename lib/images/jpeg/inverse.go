package jpeg

// The inverse cosine transforms (A.3.3), in whole numbers. Each goes through the columns, then through the rows. Numbers
// wrap around and are limited as in libjpeg-turbo's code for vector instructions, which holds them in 16 bits. That
// shows in damaged files alone.

// fast is the transform of Y. Arai, T. Agui and M. Nakajima (A Fast DCT-SQ Scheme for Images, Transactions of the IEICE
// E71(11), 1988; figure 4-8 in W. Pennebaker and J. Mitchell, JPEG: Still Image Data Compression Standard, 1993), whose
// factors have 8 bits behind the point and whose products are rounded down. Coefficients have been multiplied by
// aanScales, with two bits behind the point.
func fast(out []uint8, stride int, block *[64]int16) {
	var columns [64]int16
	aan(&columns, block)
	aan(block, &columns)
	for y := range 8 {
		line, from := out[y*stride:][:8:8], block[8*y:][:8:8]
		for x, v := range from {
			line[x] = sample(int32(v) >> 5)
		}
	}
}

func fastConstant(dc int16) uint8 { return sample(int32(dc) >> 5) }

// aan transforms each column of from to a row of to.
func aan(to, from *[64]int16) {
	for i := range 8 {
		x0, x1, x2, x3 := from[i], from[8+i], from[16+i], from[24+i]
		x4, x5, x6, x7 := from[32+i], from[40+i], from[48+i], from[56+i]
		row := (*[8]int16)(to[8*i:])
		if x1|x2|x3|x4|x5|x6|x7 == 0 {
			*row = [8]int16{x0, x0, x0, x0, x0, x0, x0, x0}
			continue
		}
		// The even part.
		a, b := x0+x4, x0-x4
		c := x2 + x6
		d := times(x2-x6, root2) - c
		e0, e3 := a+c, a-c
		e1, e2 := b+d, b-d
		// The odd part.
		p, m := x5+x3, x5-x3
		s, t := x1+x7, x1-x7
		o7 := s + p
		z := times(m+t, cos1)
		o6 := times(m, -sum) - m + z - o7
		o5 := times(s-p, root2) - o6
		o4 := times(t, difference) - z + o5

		row[0], row[7] = e0+o7, e0-o7
		row[1], row[6] = e1+o6, e1-o6
		row[2], row[5] = e2+o5, e2-o5
		row[4], row[3] = e3+o4, e3-o4
	}
}

// The factors of the fast transform, in units of 1/256, and six bits more for times.
const (
	root2      = 362 << 6         // √2
	cos1       = 473 << 6         // 2·cos(π/8)
	difference = 277 << 6         // √2·(cos(π/8) − sin(π/8))·√2
	sum        = (669 - 256) << 6 // √2·(cos(π/8) + sin(π/8))·√2, less 1
)

// times is x·factor/256, rounded down.
func times(x int16, factor int32) int16 { return int16(int32(x<<2) * factor >> 16) }

// accurate is the transform of C. Loeffler, A. Ligtenberg and G. Moschytz (Practical Fast 1-D DCT Algorithms with 11
// Multiplications, ICASSP 1989), whose factors have 13 bits behind the point. Numbers between columns and rows have two,
// and are rounded.
func accurate(out []uint8, stride int, block *[64]int16) {
	var columns [64]int16
	if onlyFirstRow(block) { // then a number too large wraps around, else it is limited
		for i, v := range block[:8] {
			v <<= 2
			*(*[8]int16)(columns[8*i:]) = [8]int16{v, v, v, v, v, v, v, v}
		}
	} else {
		llm(&columns, block, 13-2)
	}
	llm(block, &columns, 13+2+3)
	for y := range 8 {
		line, from := out[y*stride:][:8:8], block[8*y:][:8:8]
		for x, v := range from {
			line[x] = sample(int32(v))
		}
	}
}

func onlyFirstRow(block *[64]int16) bool {
	for _, v := range block[8:] {
		if v != 0 {
			return false
		}
	}
	return true
}

func accurateConstant(dc int16) uint8 { return sample((int32(dc<<2) + 1<<4) >> 5) }

// The factors of the accurate transform, in units of 1/8192, are sums and differences of √2·cos(kπ/16), which are rounded
// each by itself, so that not all of them can be computed from the others.
const (
	f0298 = 2446  // √2·(−c1+c3+c5−c7)
	f0390 = 3196  // √2·(c3−c5)
	f0541 = 4433  // √2·c6
	f0765 = 6270  // √2·(c2−c6)
	f0899 = 7373  // √2·(c3−c7)
	f1175 = 9633  // √2·c3
	f1501 = 12299 // √2·(c1+c3−c5−c7)
	f1847 = 15137 // √2·(c2+c6)
	f1961 = 16069 // √2·(c3+c5)
	f2053 = 16819 // √2·(c1+c3−c5+c7)
	f2562 = 20995 // √2·(c1+c3)
	f3072 = 25172 // √2·(c1+c3+c5−c7)
)

// llm transforms each column of from to a row of to, and drops bits with rounding.
func llm(to, from *[64]int16, drop uint) {
	half := int32(1) << (drop - 1)
	for i := range 8 {
		x0, x1, x2, x3 := from[i], from[8+i], from[16+i], from[24+i]
		x4, x5, x6, x7 := from[32+i], from[40+i], from[48+i], from[56+i]
		row := (*[8]int16)(to[8*i:])
		if x1|x2|x3|x4|x5|x6|x7 == 0 {
			v := limit((int32(x0)<<13 + half) >> drop)
			*row = [8]int16{v, v, v, v, v, v, v, v}
			continue
		}
		// The even part.
		a, b := int32(x0+x4)<<13+half, int32(x0-x4)<<13+half
		c := int32(x2)*(f0541+f0765) + int32(x6)*f0541
		d := int32(x2)*f0541 + int32(x6)*(f0541-f1847)
		e0, e3 := a+c, a-c
		e1, e2 := b+d, b-d
		// The odd part.
		p, q := int32(x7+x3), int32(x5+x1)
		z3 := p*(f1175-f1961) + q*f1175
		z4 := p*f1175 + q*(f1175-f0390)
		o0 := int32(x7)*(f0298-f0899) - int32(x1)*f0899 + z3
		o1 := int32(x5)*(f2053-f2562) - int32(x3)*f2562 + z4
		o2 := int32(x3)*(f3072-f2562) - int32(x5)*f2562 + z3
		o3 := int32(x1)*(f1501-f0899) - int32(x7)*f0899 + z4

		row[0], row[7] = limit((e0+o3)>>drop), limit((e0-o3)>>drop)
		row[1], row[6] = limit((e1+o2)>>drop), limit((e1-o2)>>drop)
		row[2], row[5] = limit((e2+o1)>>drop), limit((e2-o1)>>drop)
		row[3], row[4] = limit((e3+o0)>>drop), limit((e3-o0)>>drop)
	}
}

// limit is the number of 16 bits that is nearest.
func limit(v int32) int16 { return int16(min(max(v, -1<<15), 1<<15-1)) }

// sample undoes the level shift (A.3.1).
func sample(v int32) uint8 { return clamp(v + 128) }

func clamp(v int32) uint8 {
	if uint32(v) > 255 {
		return uint8(^v >> 31) // 0 below, 255 above
	}
	return uint8(v)
}

// fill makes a block of one value.
func fill(out []uint8, stride int, v uint8) {
	for y := range 8 {
		*(*[8]uint8)(out[y*stride:]) = [8]uint8{v, v, v, v, v, v, v, v}
	}
}
