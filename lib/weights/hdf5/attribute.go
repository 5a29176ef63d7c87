package hdf5

import (
	"fmt"
	"io/fs"
	"math"
	"strings"
)

// Strings returns the values of a string attribute: one for a scalar, one per element for an array, none for an empty
// array of whatever type. An absent attribute is an fs.ErrNotExist.
func (o *object) Strings(name string) ([]string, error) {
	values, err := o.strings(name)
	if err != nil {
		return nil, fmt.Errorf("hdf5: attribute %q of %s: %w", name, o.path, err)
	}
	return values, nil
}

func (o *object) strings(name string) ([]string, error) {
	for _, m := range o.messages {
		if m.kind != messageAttribute {
			continue
		}
		c := o.cursor(m, "attribute")
		if m.flags&flagShared != 0 {
			return nil, c.fail("it is shared with another object, which is not supported")
		}
		if got, a, err := parseAttribute(c); err != nil {
			return nil, err
		} else if got == name {
			return o.values(a)
		}
	}
	if c, err := o.find(messageAttrInfo, "attribute info"); c != nil || err != nil {
		if err != nil {
			return nil, err
		}
		c.skip(1)
		if flags := c.u8(); flags&1 != 0 {
			c.skip(2)
		}
		if heap := c.u64(); c.err == nil && heap != undefined {
			return nil, c.fail("the attributes are kept in a fractal heap, which is not supported; " +
				"write the file again with the default libver of h5py (\"earliest\")")
		}
	}
	return nil, fs.ErrNotExist
}

type attribute struct {
	datatype datatype
	count    uint64
	data     *cursor
}

func parseAttribute(c *cursor) (name string, a attribute, err error) {
	version, flags := c.u8(), c.u8()
	nameSize, typeSize, spaceSize := int(c.u16()), int(c.u16()), int(c.u16())
	pad := func() {}
	switch version {
	case 1:
		pad, flags = c.align, 0
	case 2:
	case 3:
		c.skip(1) // character set of the name
	default:
		return "", a, c.fail("version %d is not known (1 to 3 are)", version)
	}
	part := func(n int) *cursor {
		at := c.at + uint64(c.pos)
		p := &cursor{b: c.take(n), at: at, what: c.what}
		pad()
		return p
	}
	name, _, _ = strings.Cut(string(part(nameSize).b), "\x00")
	datatype, space := part(typeSize), part(spaceSize)
	if c.err != nil {
		return "", a, c.err
	}
	if flags&3 != 0 {
		return "", a, c.fail("the datatype of %q is shared with another object, which is not supported", name)
	}
	if a.datatype, err = parseDatatype(datatype); err != nil {
		return "", a, err
	}
	dims, err := parseDataspace(space)
	if err != nil {
		return "", a, err
	}
	if a.count, err = elements(dims, math.MaxInt32); err != nil {
		return "", a, space.fail("%v", err)
	}
	a.data = part(c.left())
	return name, a, nil
}

func (o *object) values(a attribute) ([]string, error) {
	if a.count == 0 {
		return nil, nil
	}
	t := a.datatype
	if t.class != fixedString && t.class != variableString {
		return nil, a.data.fail("it holds %s, not strings", t)
	}
	if need := a.count * uint64(t.size); need > uint64(a.data.left()) {
		return nil, a.data.fail("%d strings need %d bytes, it has %d", a.count, need, a.data.left())
	}
	values := make([]string, a.count)
	total := uint64(0) // many elements can point at one long string
	for i := range values {
		if t.class == fixedString {
			values[i] = t.trim(string(a.data.take(t.size)))
			continue
		}
		length, addr, index := a.data.u32(), a.data.u64(), a.data.u32()
		if length == 0 {
			continue
		}
		if total += uint64(length); total > uint64(o.f.size) {
			return nil, a.data.fail("its strings claim more bytes than the file of %d bytes has", o.f.size)
		}
		s, err := o.f.globalObject(addr, index)
		if err != nil {
			return nil, err
		}
		if uint64(length) > uint64(len(s)) {
			return nil, a.data.fail("string %d claims %d bytes, its heap object has %d", i, length, len(s))
		}
		values[i], _, _ = strings.Cut(s[:length], "\x00")
	}
	return values, nil
}

// parseDataspace returns the dimensions: none for a scalar, a single zero for the null space.
func parseDataspace(c *cursor) ([]uint64, error) {
	version, rank, _ := c.u8(), c.u8(), c.u8()
	kind := byte(1)
	switch version {
	case 1:
		c.skip(5)
	case 2:
		kind = c.u8()
	default:
		return nil, c.fail("dataspace version %d is not known (1 and 2 are)", version)
	}
	if kind == 2 {
		return []uint64{0}, c.err
	}
	if rank > maxDepth {
		return nil, c.fail("%d dimensions are more than the %d that are possible", rank, maxDepth)
	}
	dims := make([]uint64, rank)
	for i := range dims {
		dims[i] = c.u64()
	}
	return dims, c.err
}

// elements multiplies dimensions; the product must not exceed limit.
func elements(dims []uint64, limit uint64) (uint64, error) {
	n := uint64(1)
	for _, d := range dims {
		if d == 0 {
			return 0, nil
		}
	}
	for _, d := range dims {
		if d > limit/n {
			return 0, fmt.Errorf("shape %v has more elements than the %d that fit", dims, limit)
		}
		n *= d
	}
	return n, nil
}
