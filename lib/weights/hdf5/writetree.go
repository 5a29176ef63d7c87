package hdf5

// member is one entry of a group.
type member struct {
	name   string
	addr   uint64
	offset uint64 // of the name in the local heap
}

// heap writes the names of a group and sets their offsets. The empty name at 0 is the lower bound of all.
func (w *writer) heap(members []member) uint64 {
	segment := &writer{}
	segment.zeros(8)
	for i := range members {
		members[i].offset = segment.next()
		segment.b = append(segment.b, members[i].name...)
		segment.zeros(1 + -(len(members[i].name)+1)&7)
	}
	addr := w.next()
	w.b = append(w.b, "HEAP\x00\x00\x00\x00"...)
	w.u64(uint64(len(segment.b)))
	w.u64(1) // the library's mark for "no free list"
	w.u64(addr + 32)
	w.b = append(w.b, segment.b...)
	return addr
}

// branch is a subtree: all its names are at most the name at last.
type branch struct{ addr, last uint64 }

// tree writes the members, sorted by name, as symbol table nodes below as many levels of B-tree nodes as they need.
func (w *writer) tree(members []member) uint64 {
	var level []branch
	for len(members) > 0 {
		n := min(len(members), 2*leafK)
		level = append(level, branch{w.next(), members[n-1].offset})
		w.b = append(w.b, "SNOD\x01\x00"...)
		w.u16(n)
		for _, m := range members[:n] {
			w.u64(m.offset)
			w.u64(m.addr)
			w.zeros(24) // nothing cached
		}
		w.zeros(40 * (2*leafK - n)) // nodes have their full size
		members = members[n:]
	}
	for depth := 0; ; depth++ {
		level = w.level(level, depth)
		if len(level) == 1 {
			return level[0].addr
		}
	}
}

// level writes one level of B-tree nodes above the given children.
func (w *writer) level(children []branch, depth int) (nodes []branch) {
	const size = 24 + 8*(2*internalK) + 8*(2*internalK+1)
	first, lower := w.next(), uint64(0) // a child's names lie above the key before it
	for {
		n := min(len(children), 2*internalK)
		left, right := undefined, undefined
		if len(nodes) > 0 {
			left = w.next() - size
		}
		if n < len(children) {
			right = w.next() + size
		}
		node := branch{addr: first + uint64(len(nodes))*size}
		w.b = append(w.b, "TREE\x00"...)
		w.b = append(w.b, byte(depth))
		w.u16(n)
		w.u64(left)
		w.u64(right)
		w.u64(lower)
		for _, c := range children[:n] {
			w.u64(c.addr)
			w.u64(c.last)
			lower = c.last
		}
		w.zeros(16 * (2*internalK - n))
		node.last = lower
		nodes, children = append(nodes, node), children[n:]
		if len(children) == 0 {
			return nodes
		}
	}
}
