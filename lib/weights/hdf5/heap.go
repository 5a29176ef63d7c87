package hdf5

import "strings"

// localHeap returns the data segment of a local heap: the names of one group. Names are cut out of this one string,
// so entries that overlap take no memory of their own.
func (f *File) localHeap(addr uint64, path string) (string, error) {
	what := "local heap of " + path
	head, err := f.signed(addr, 32, "HEAP", what)
	if err != nil {
		return "", err
	}
	head.skip(4)
	size := head.u64()
	head.skip(8)
	data := head.u64()
	c, err := f.metadata(data, size, what)
	if err != nil {
		return "", err
	}
	return string(c.b), nil
}

// globalHeap is a collection of objects that attributes and datasets point into.
type globalHeap struct {
	addr    uint64
	data    string
	objects map[uint32][2]int // index → start and end in data
}

// globalObject returns the object with an index in the collection at addr.
func (f *File) globalObject(addr uint64, index uint32) (string, error) {
	const what = "global heap collection"
	if f.heap.objects == nil || f.heap.addr != addr {
		f.heap = globalHeap{}
		head, err := f.signed(addr, 16, "GCOL", what)
		if err != nil {
			return "", err
		}
		head.skip(4)
		size := head.u64()
		c, err := f.metadata(addr, size, what)
		if err != nil {
			return "", err
		}
		c.skip(16)
		heap := globalHeap{addr: addr, data: string(c.b), objects: map[uint32][2]int{}}
		for c.left() >= 16 {
			id := uint32(c.u16())
			c.skip(6)
			size := c.u64()
			if id == 0 { // the rest is free
				break
			}
			if size > uint64(c.left()) {
				return "", c.fail("object %d claims %d bytes, %d are left", id, size, c.left())
			}
			heap.objects[id] = [2]int{c.pos, c.pos + int(size)}
			c.skip(int(size))
			c.align()
		}
		if c.err != nil {
			return "", c.err
		}
		f.heap = heap
	}
	span, ok := f.heap.objects[index]
	if !ok {
		return "", (&cursor{at: addr, what: what}).fail("it has no object %d", index)
	}
	return strings.Clone(f.heap.data[span[0]:span[1]]), nil
}
