package hdf5

import (
	"errors"
	"fmt"
)

const (
	layoutCompact    = 0
	layoutContiguous = 1
	layoutChunked    = 2
)

// Dataset is an array of numbers.
type Dataset struct {
	*object
	Shape    []int // empty for a scalar
	datatype datatype
	count    uint64
	stored   uint64 // bytes in the file

	layout  byte
	addr    uint64  // contiguous
	compact []byte  // compact
	chunks  *chunks // chunked
}

// Type names the stored type: "float32", "int64", "string".
func (d *Dataset) Type() string { return d.datatype.String() }

// Count is the number of elements.
func (d *Dataset) Count() int { return int(d.count) }

// Stored is the number of bytes that the values take in the file.
func (d *Dataset) Stored() int64 { return int64(d.stored) }

func (o *object) asDataset() (*Dataset, error) {
	d := &Dataset{object: o}
	space, err := o.find(messageDataspace, "dataspace")
	if err != nil {
		return nil, err
	}
	datatype, err := o.find(messageDatatype, "datatype")
	if err != nil {
		return nil, err
	}
	layout, err := o.find(messageLayout, "layout")
	if err != nil {
		return nil, err
	}
	if space == nil || datatype == nil || layout == nil {
		return nil, fmt.Errorf("%s is not a dataset", o.path)
	}
	dims, err := parseDataspace(space)
	if err != nil {
		return nil, err
	}
	if d.datatype, err = parseDatatype(datatype); err != nil {
		return nil, err
	}
	if d.count, err = elements(dims, o.f.maxDecoded()/uint64(d.datatype.size)); err != nil {
		return nil, space.fail("%v in a file of %d bytes", err, o.f.size)
	}
	for _, n := range dims {
		if n > o.f.maxDecoded() { // possible beside a zero
			return nil, space.fail("a dimension of %d does not fit in a file of %d bytes", n, o.f.size)
		}
		d.Shape = append(d.Shape, int(n))
	}
	if err := d.readLayout(layout, dims); err != nil {
		return nil, err
	}
	return d, nil
}

func (d *Dataset) readLayout(c *cursor, dims []uint64) error {
	version := c.u8()
	if version != 3 && version != 4 {
		return c.fail("version %d is not supported (3 and 4 are)", version)
	}
	d.layout = c.u8()
	need := d.count * uint64(d.datatype.size)
	switch d.layout {
	case layoutCompact:
		d.compact = c.take(int(c.u16()))
		d.stored = uint64(len(d.compact))
	case layoutContiguous:
		d.addr, d.stored = c.u64(), c.u64()
		if c.err == nil && need > 0 {
			if d.addr == undefined {
				return c.fail("no values were ever written to %s", d.path)
			}
			if err := d.f.inside(d.addr, d.stored); err != nil {
				return c.fail("values of %s: %v", d.path, err)
			}
		}
	case layoutChunked:
		if version == 4 {
			return c.fail("the chunk indexes of version 4 are not supported; " +
				"write the file again with the default libver of h5py (\"earliest\")")
		}
		return d.readChunked(c, dims)
	default:
		return c.fail("layout class %d is not supported (0 to 2 are)", d.layout)
	}
	if c.err == nil && d.stored < need {
		return c.fail("%s of shape %v needs %d bytes, the file has %d", d.path, d.Shape, need, d.stored)
	}
	return c.err
}

// Float32s reads all values in row-major order. Wider numbers are rounded; those beyond float32 become infinite.
func (d *Dataset) Float32s() ([]float32, error) {
	values, err := d.float32s()
	if err != nil {
		return nil, fmt.Errorf("hdf5: dataset %s: %w", d.path, err)
	}
	return values, nil
}

func (d *Dataset) float32s() ([]float32, error) {
	if d.datatype.class != integer && d.datatype.class != float {
		return nil, fmt.Errorf("it holds %s, not numbers", d.datatype)
	}
	values := make([]float32, d.count)
	if d.count == 0 {
		return values, nil
	}
	switch d.layout {
	case layoutCompact:
		d.datatype.float32s(values, d.compact)
	case layoutContiguous:
		const piece = 1 << 16 // elements: the raw bytes need not all be in memory at once
		buffer := make([]byte, min(piece, len(values))*d.datatype.size)
		for at := 0; at < len(values); at += piece {
			part := values[at:min(at+piece, len(values))]
			raw := buffer[:len(part)*d.datatype.size]
			if err := d.f.readAt(raw, d.addr+uint64(at*d.datatype.size)); err != nil {
				return nil, err
			}
			d.datatype.float32s(part, raw)
		}
	case layoutChunked:
		raw, err := d.readChunks()
		if err != nil {
			return nil, err
		}
		d.datatype.float32s(values, raw)
	default:
		return nil, errors.New("unknown layout")
	}
	return values, nil
}
