package hdf5

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
)

// These two numbers stand in the superblock; the sizes of nodes follow from them. They are the library's defaults.
const (
	leafK     = 4  // a symbol table node holds up to 2·leafK members
	internalK = 16 // a B-tree node holds up to 2·internalK children

	superblockSize = 96
)

// Write writes a file that holds the tree below "/". The values come first, in the order of the sorted paths, then
// the structure that points to them: so one pass is enough.
func Write(w io.Writer, root *Tree) error {
	end := uint64(superblockSize)
	arrays := root.place(&end)
	m := &writer{base: end}
	addr, table, err := m.group(root, "/")
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 1<<16)
	if _, err := out.Write(superblock(addr, table, m.next())); err != nil {
		return err
	}
	var buffer [4]byte
	for _, a := range arrays {
		for _, v := range a.data {
			binary.LittleEndian.PutUint32(buffer[:], math.Float32bits(v))
			if _, err := out.Write(buffer[:]); err != nil {
				return err
			}
		}
		if _, err := out.Write(make([]byte, -4*len(a.data)&7)); err != nil {
			return err
		}
	}
	if _, err := out.Write(m.b); err != nil {
		return err
	}
	return out.Flush()
}

// place gives every array below t its address, beginning at *end.
func (t *Tree) place(end *uint64) (arrays []*array) {
	for _, name := range slices.Sorted(maps.Keys(t.children)) {
		c := t.children[name]
		if c.group != nil {
			arrays = append(arrays, c.group.place(end)...)
			continue
		}
		c.array.addr = *end
		*end += uint64(4*len(c.array.data)+7) &^ 7
		arrays = append(arrays, c.array)
	}
	return arrays
}

// symbolTable is where a group's members are.
type symbolTable struct{ tree, heap uint64 }

func superblock(root uint64, table symbolTable, end uint64) []byte {
	b := []byte(signature)
	b = append(b, 0, 0, 0, 0, 0, 8, 8, 0)
	b = binary.LittleEndian.AppendUint16(b, leafK)
	b = binary.LittleEndian.AppendUint16(b, internalK)
	b = binary.LittleEndian.AppendUint32(b, 0) // flags
	// Base, free space, end of file, driver; the root's entry: name, header, kind of cache, cache.
	for _, v := range []uint64{0, undefined, end, undefined, 0, root, 1, table.tree, table.heap} {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	return b
}

// writer builds the structure of a file, children before parents. Everything in it begins at a multiple of 8.
type writer struct {
	b    []byte
	base uint64 // address of b[0]
}

func (w *writer) next() uint64 { return w.base + uint64(len(w.b)) }

func (w *writer) u16(v int)    { w.b = binary.LittleEndian.AppendUint16(w.b, uint16(v)) }
func (w *writer) u32(v int)    { w.b = binary.LittleEndian.AppendUint32(w.b, uint32(v)) }
func (w *writer) u64(v uint64) { w.b = binary.LittleEndian.AppendUint64(w.b, v) }
func (w *writer) zeros(n int)  { w.b = append(w.b, make([]byte, n)...) }

// group writes the members of a group, then its heap, its tree and its object header.
func (w *writer) group(t *Tree, path string) (addr uint64, table symbolTable, err error) {
	members := make([]member, 0, len(t.children))
	for _, name := range slices.Sorted(maps.Keys(t.children)) {
		c, m := t.children[name], member{name: name}
		if c.group != nil {
			m.addr, _, err = w.group(c.group, path+name+"/")
		} else {
			m.addr, err = w.dataset(c.array)
		}
		if err != nil {
			return 0, table, err
		}
		members = append(members, m)
	}
	table.heap = w.heap(members)
	table.tree = w.tree(members)

	header := &writer{}
	header.u64(table.tree)
	header.u64(table.heap)
	messages := []message{{kind: messageSymbolTable, body: header.b}}
	for _, a := range t.Attributes {
		body, err := w.attribute(a)
		if err != nil {
			return 0, table, fmt.Errorf("hdf5: group %s: %w", path, err)
		}
		messages = append(messages, message{kind: messageAttribute, body: body})
	}
	return w.header(messages), table, nil
}

func (w *writer) dataset(a *array) (uint64, error) {
	layout := &writer{b: []byte{3, layoutContiguous}}
	if len(a.data) == 0 {
		layout.u64(undefined)
	} else {
		layout.u64(a.addr)
	}
	layout.u64(uint64(4 * len(a.data)))
	return w.header([]message{
		{kind: messageDataspace, body: encodeDataspace(a.shape)},
		{kind: messageDatatype, body: float32Type()},
		{kind: messageFillValue, body: []byte{2, 2, 2, 0}}, // version 2, allocated late, written if set, none set
		{kind: messageLayout, body: layout.b},
	}), nil
}

// header writes a version 1 object header.
func (w *writer) header(messages []message) uint64 {
	addr, size := w.next(), 0
	for _, m := range messages {
		size += 8 + (len(m.body)+7)&^7
	}
	w.u16(1)
	w.u16(len(messages))
	w.u32(1) // references
	w.u32(size)
	w.u32(0)
	for _, m := range messages {
		w.u16(int(m.kind))
		w.u16((len(m.body) + 7) &^ 7)
		w.u32(0)
		w.b = append(w.b, m.body...)
		w.zeros(-len(m.body) & 7)
	}
	return addr
}
