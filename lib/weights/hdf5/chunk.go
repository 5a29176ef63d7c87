package hdf5

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
)

const (
	filterDeflate    = 1
	filterShuffle    = 2
	filterFletcher32 = 3
)

// chunks describes a dataset that is cut into boxes of equal shape, each compressed by itself.
type chunks struct {
	shape   []uint64 // of one chunk
	bytes   uint64   // of one chunk, decoded
	filters []uint16
	list    []chunk
}

type chunk struct {
	offset []uint64 // of its first element
	addr   uint64
	size   uint32
	mask   uint32 // bit i: filter i was skipped
}

func (d *Dataset) readChunked(c *cursor, dims []uint64) error {
	rank := int(c.u8()) - 1 // the last "dimension" is the size of an element
	tree := c.u64()
	if c.err == nil && rank != len(dims) || rank < 1 {
		return c.fail("chunks have %d dimensions, the dataset has %d", rank, len(dims))
	}
	if d.count == 0 {
		return c.err
	}
	ch := &chunks{shape: make([]uint64, rank)}
	needed, limit := uint64(1), d.f.maxDecoded()
	for i := range ch.shape {
		ch.shape[i] = uint64(c.u32())
		if c.err != nil || ch.shape[i] == 0 {
			return c.fail("chunks of shape %v are not possible", ch.shape)
		}
		needed *= (dims[i] + ch.shape[i] - 1) / ch.shape[i] // at most count, which is bounded
	}
	n, err := elements(ch.shape, limit/uint64(d.datatype.size))
	if err != nil {
		return c.fail("chunks of %s: %v", d.path, err)
	}
	ch.bytes = n * uint64(d.datatype.size)
	keySize := 8 + 8*(rank+1)
	if needed > limit/ch.bytes || needed > uint64(d.f.size)/uint64(keySize+8) {
		return c.fail("%s of shape %v needs %d chunks of %d bytes, too many for a file of %d bytes", d.path, d.Shape, needed, ch.bytes, d.f.size)
	}
	if ch.filters, err = d.readFilters(); err != nil {
		return err
	}
	seen := map[string]bool{}
	err = d.f.walkTree(tree, 1, keySize, "chunk index of "+d.path, func(key *cursor, child uint64) error {
		k := chunk{size: key.u32(), mask: key.u32(), addr: child, offset: make([]uint64, rank)}
		for i := range k.offset {
			k.offset[i] = key.u64()
			if k.offset[i] >= dims[i] || k.offset[i]%ch.shape[i] != 0 {
				return key.fail("a chunk at %v does not belong to shape %v", k.offset, d.Shape)
			}
		}
		if at := fmt.Sprint(k.offset); seen[at] {
			return key.fail("two chunks at %v", k.offset)
		} else {
			seen[at] = true
		}
		d.stored += uint64(k.size)
		if err := d.f.inside(k.addr, uint64(k.size)); err != nil || d.stored > uint64(d.f.size) {
			return key.fail("the chunk at %v claims bytes that the file of %d bytes does not have", k.offset, d.f.size)
		}
		ch.list = append(ch.list, k)
		return nil
	})
	if err != nil {
		return err
	}
	if uint64(len(ch.list)) != needed {
		return c.fail("%s has %d of its %d chunks: it was not written to its end", d.path, len(ch.list), needed)
	}
	d.chunks = ch
	return nil
}

func (d *Dataset) readFilters() ([]uint16, error) {
	c, err := d.find(messageFilters, "filter pipeline")
	if c == nil || err != nil {
		return nil, err
	}
	version, count := c.u8(), c.u8()
	switch version {
	case 1:
		c.skip(6)
	case 2:
	default:
		return nil, c.fail("version %d is not known (1 and 2 are)", version)
	}
	var filters []uint16
	for range count {
		id, nameSize := c.u16(), 0
		if version == 1 || id >= 256 {
			nameSize = int(c.u16())
		}
		c.skip(2) // flags
		values := int(c.u16())
		if version == 1 {
			nameSize = (nameSize + 7) &^ 7
			values += values & 1
		}
		c.skip(nameSize + 4*values)
		if c.err != nil {
			return nil, c.err
		}
		switch id {
		case filterDeflate, filterShuffle, filterFletcher32:
			filters = append(filters, id)
		default:
			return nil, c.fail("filter %d is not supported (deflate, shuffle and fletcher32 are)", id)
		}
	}
	return filters, nil
}

// readChunks puts the decoded chunks together, in row-major order.
func (d *Dataset) readChunks() ([]byte, error) {
	ch, size := d.chunks, d.datatype.size
	raw := make([]byte, d.count*uint64(size))
	for _, k := range ch.list {
		box, err := d.decode(k)
		if err != nil {
			return nil, fmt.Errorf("chunk at %v: %w", k.offset, err)
		}
		d.place(raw, box, k.offset)
	}
	return raw, nil
}

// place copies a chunk, row by row, into the array; what sticks out at the far edges is left out.
func (d *Dataset) place(raw, box []byte, offset []uint64) {
	shape, size, last := d.chunks.shape, d.datatype.size, len(offset)-1
	row := int(min(shape[last], uint64(d.Shape[last])-offset[last])) * size
	at := make([]uint64, len(offset)) // inside the chunk; the last stays 0
	for {
		from, to := uint64(0), uint64(0)
		for i := range at {
			from = from*shape[i] + at[i]
			to = to*uint64(d.Shape[i]) + offset[i] + at[i]
		}
		copy(raw[int(to)*size:][:row], box[int(from)*size:])
		i := last - 1
		for ; i >= 0; i-- {
			if at[i]++; at[i] < shape[i] && offset[i]+at[i] < uint64(d.Shape[i]) {
				break
			}
			at[i] = 0
		}
		if i < 0 {
			return
		}
	}
}

// decode reads one chunk and undoes its filters, last one first. The result has exactly the size of a chunk.
func (d *Dataset) decode(k chunk) ([]byte, error) {
	b := make([]byte, k.size)
	if err := d.f.readAt(b, k.addr); err != nil {
		return nil, err
	}
	for i := len(d.chunks.filters) - 1; i >= 0; i-- {
		if i < 32 && k.mask>>i&1 != 0 {
			continue
		}
		switch d.chunks.filters[i] {
		case filterFletcher32: // the checksum is not checked: deflate has its own
			if len(b) < 4 {
				return nil, fmt.Errorf("%d bytes have no room for a checksum", len(b))
			}
			b = b[:len(b)-4]
		case filterDeflate:
			z, err := zlib.NewReader(bytes.NewReader(b))
			if err != nil {
				return nil, err
			}
			limit := int64(d.chunks.bytes) + 4 // fletcher32 may come before deflate
			if b, err = io.ReadAll(io.LimitReader(z, limit+1)); err != nil {
				return nil, err
			}
		case filterShuffle:
			b = unshuffle(b, d.datatype.size)
		}
	}
	if uint64(len(b)) != d.chunks.bytes {
		return nil, fmt.Errorf("it decodes to %d bytes instead of %d", len(b), d.chunks.bytes)
	}
	return b, nil
}

// unshuffle undoes the filter that stores all first bytes of the elements, then all second bytes, and so on.
func unshuffle(b []byte, size int) []byte {
	n := len(b) / size
	out := make([]byte, len(b))
	for i := range n {
		for j := range size {
			out[i*size+j] = b[j*n+i]
		}
	}
	copy(out[n*size:], b[n*size:])
	return out
}
