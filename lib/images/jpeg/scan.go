package jpeg

import (
	"bytes"
	"errors"
	"fmt"
)

// maxScans is far beyond what writers make. Each scan of a few bytes may lead through the whole picture.
const maxScans = 100

// part is what a scan has of a component.
type part struct {
	*component
	dc, ac     *code
	prediction int32 // of the DC coefficient
}

// scan reads a scan header (B.2.3) and the scan.
func (f *file) scan(p []byte) error {
	if f.components == nil {
		return errors.New("a scan without a frame header")
	}
	if f.scans++; f.scans > maxScans {
		return fmt.Errorf("more than %d scans", maxScans)
	}
	if len(p) < 1 || p[0] < 1 || p[0] > 4 || len(p) != 4+2*int(p[0]) {
		return errors.New("scan header of wrong length")
	}
	selectors, p := p[1:len(p)-3], p[len(p)-3:]
	s, err := f.band(p)
	if err != nil {
		return err
	}
	parts, err := f.parts(selectors, s)
	if err != nil {
		return err
	}
	// A scan of one component goes through its blocks, of several through MCUs of blocks of each (A.2).
	wide, high := parts[0].wide, parts[0].high
	if len(parts) > 1 {
		wide, high = up(f.width, 8*f.maxH), up(f.height, 8*f.maxV)
	}
	if s.first == 0 && !s.refines && (len(f.data)-f.at)*8 < wide*high*len(parts) { // each block has at least one bit
		return errShort
	}
	for _, part := range parts {
		if f.progressive && part.coefficients == nil {
			if s.first > 0 || s.refines {
				return errors.New("a progressive scan of a component without the one that comes first")
			}
			part.coefficients = make([][64]int16, part.allWide*up(f.height, 8*f.maxV)*part.v)
		}
	}
	return f.units(parts, s, wide, high)
}

// band reads the end of a scan header. Sequential scans have all of each block.
func (f *file) band(p []byte) (*band, error) {
	if !f.progressive {
		return &band{last: 63}, nil
	}
	high := uint(p[2] >> 4)
	s := &band{first: int(p[0]), last: int(p[1]), low: uint(p[2] & 15), refines: high != 0}
	if s.first > s.last || s.last > 63 || s.first == 0 && s.last != 0 || s.low > 13 || s.refines && high != s.low+1 {
		return nil, errors.New("wrong parameters of a progressive scan")
	}
	return s, nil
}

// parts reads which components a scan has, and with which codes.
func (f *file) parts(selectors []byte, s *band) ([]*part, error) {
	var parts []*part
	blocks := 0
	for ; len(selectors) > 0; selectors = selectors[2:] {
		var p *part
		for _, c := range f.components {
			if c.id == selectors[0] {
				p = &part{component: c}
			}
		}
		if p == nil {
			return nil, errors.New("a scan of an unknown component")
		}
		for _, other := range parts {
			if other.component == p.component {
				return nil, errors.New("a scan with one component twice")
			}
		}
		dc, ac := selectors[1]>>4, selectors[1]&15
		if dc > 3 || ac > 3 {
			return nil, errors.New("a scan with a wrong Huffman table")
		}
		p.dc, p.ac = f.codes[0][dc], f.codes[1][ac]
		if p.dc == nil && s.first == 0 && !s.refines || p.ac == nil && s.last > 0 {
			return nil, errors.New("a scan without its Huffman table")
		}
		if err := f.begin(p.component); err != nil {
			return nil, err
		}
		parts = append(parts, p)
		blocks += p.h * p.v
	}
	if len(parts) > 1 && (blocks > 10 || s.last > 0 && f.progressive) {
		return nil, errors.New("a scan of too many components")
	}
	return parts, nil
}

// units reads the entropy-coded segments of a scan, wide×high MCUs.
func (f *file) units(parts []*part, s *band, wide, high int) error {
	segment := f.next()
	endRun, left, restarts := uint32(0), f.restartInterval, 0
	for y := range high {
		for x := range wide {
			if f.restartInterval > 0 {
				if left == 0 {
					marker, err := f.marker()
					if err != nil {
						return err
					}
					if marker != byte(rst0+restarts&7) {
						return errors.New("wrong restart marker")
					}
					segment, endRun = f.next(), 0
					for _, p := range parts {
						p.prediction = 0
					}
					left, restarts = f.restartInterval, restarts+1
				}
				left--
			}
			if len(parts) == 1 {
				if err := f.block(&segment, parts[0], s, x, y, &endRun); err != nil {
					return err
				}
				continue
			}
			for _, p := range parts {
				for j := range p.v {
					for i := range p.h {
						if err := f.block(&segment, p, s, x*p.h+i, y*p.v+j, &endRun); err != nil {
							return err
						}
					}
				}
			}
		}
	}
	return nil
}

// block reads one block, at column x and row y of those of its component. Those of sequential scans become samples at
// once.
func (f *file) block(b *bits, p *part, s *band, x, y int, endRun *uint32) error {
	if f.progressive {
		block := &p.coefficients[y*p.allWide+x]
		if !b.progressive(block, s, p.dc, p.ac, &p.prediction, endRun) {
			return errCode
		}
	} else {
		var block [64]int16
		last := b.sequential(&block, p.multipliers, p.dc, p.ac, &p.prediction)
		if last < 0 {
			return errCode
		}
		if x < p.wide && y < p.high {
			f.inverse(p.component, &block, last == 0, x, y)
		}
	}
	if b.over() {
		return errShort
	}
	return nil
}

var errCode = errors.New("wrong Huffman code")

// inverse writes the samples of a block with multiplied coefficients; constant says that all but the first are 0.
func (f *file) inverse(c *component, block *[64]int16, constant bool, x, y int) {
	if c.samples == nil {
		if constant && block[0] == 0 {
			return
		}
		c.samples = bytes.Repeat([]byte{128}, 64*c.wide*c.high)
	}
	stride := 8 * c.wide
	out := c.samples[8*(y*stride+x):]
	switch {
	case constant && f.fast:
		fill(out, stride, fastConstant(block[0]))
	case constant:
		fill(out, stride, accurateConstant(block[0]))
	case f.fast:
		fast(out, stride, block)
	default:
		accurate(out, stride, block)
	}
}

// reconstruct makes the samples of a progressive file.
func (f *file) reconstruct() {
	for _, c := range f.components {
		if c.coefficients == nil {
			continue
		}
		for y := range c.high {
			for x := range c.wide {
				block := &c.coefficients[y*c.allWide+x]
				others := int16(0)
				for i, v := range block {
					block[i] = v * c.multipliers[i]
					if i > 0 {
						others |= v
					}
				}
				f.inverse(c, block, others == 0, x, y)
			}
		}
		c.coefficients = nil
	}
}
