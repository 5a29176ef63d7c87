package hdf5

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
)

// These two numbers stand in the superblock; the sizes of nodes follow from them. They are the library's defaults.
const (
	leafK     = 4  // a symbol table node holds up to 2·leafK members
	internalK = 16 // a B-tree node holds up to 2·internalK children

	superblockSize = 96
)

// Tree is a group to be written. The zero value is an empty group.
type Tree struct {
	Attributes []Attribute
	children   map[string]child
}

// Attribute holds one string if Scalar, else an array of them. They are stored with a fixed length, padded with NULs.
type Attribute struct {
	Name   string
	Values []string
	Scalar bool
}

type child struct {
	group *Tree
	array *array
}

type array struct {
	shape []int
	data  []float32
	addr  uint64
}

// Group returns the group at a path such as "block/conv", and makes it and its parents if they are not there.
func (t *Tree) Group(path string) (*Tree, error) {
	for part := range strings.SplitSeq(path, "/") {
		if err := checkName(part, path); err != nil {
			return nil, err
		}
		if t.children == nil {
			t.children = map[string]child{}
		}
		c, ok := t.children[part]
		if ok && c.group == nil {
			return nil, fmt.Errorf("hdf5: %q in %q is already a dataset", part, path)
		}
		if !ok {
			c.group = &Tree{}
			t.children[part] = c
		}
		t = c.group
	}
	return t, nil
}

// Dataset adds an array at a path such as "block/conv/kernel:0". The data is not copied: it must not change before
// Write has returned.
func (t *Tree) Dataset(path string, shape []int, data []float32) error {
	n := 1
	for _, d := range shape {
		if d < 0 || d > 0 && n > math.MaxInt32/d {
			return fmt.Errorf("hdf5: dataset %q cannot have shape %v", path, shape)
		}
		n *= d
	}
	if n != len(data) {
		return fmt.Errorf("hdf5: dataset %q of shape %v needs %d values, not %d", path, shape, n, len(data))
	}
	name := path
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		parent, err := t.Group(path[:i])
		if err != nil {
			return err
		}
		t, name = parent, path[i+1:]
	}
	if err := checkName(name, path); err != nil {
		return err
	}
	if _, twice := t.children[name]; twice {
		return fmt.Errorf("hdf5: %q is added twice", path)
	}
	if t.children == nil {
		t.children = map[string]child{}
	}
	t.children[name] = child{array: &array{shape: shape, data: data}}
	return nil
}

func checkName(name, path string) error {
	if name == "" || name == "." || len(name) > maxName || strings.ContainsRune(name, 0) {
		return fmt.Errorf("hdf5: %q in path %q cannot be the name of a member", name, path)
	}
	return nil
}

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
		body, err := encodeAttribute(a)
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

func encodeDataspace(shape []int) []byte {
	w := &writer{b: []byte{1, byte(len(shape)), 0, 0, 0, 0, 0, 0}}
	for _, d := range shape {
		w.u64(uint64(d))
	}
	return w.b
}

// float32Type is a little-endian IEEE 754 number: sign at bit 31, 8 bits of exponent at 23, 23 bits of mantissa at 0.
func float32Type() []byte {
	w := &writer{b: []byte{0x11, 0x20, 31, 0}}
	w.u32(4)
	w.u16(0)
	w.u16(32)
	w.b = append(w.b, 23, 8, 0, 23)
	w.u32(127)
	return w.b
}

func encodeAttribute(a Attribute) ([]byte, error) {
	size, space := 1, encodeDataspace(nil)
	if a.Scalar && len(a.Values) != 1 {
		return nil, fmt.Errorf("attribute %q is a scalar with %d values", a.Name, len(a.Values))
	}
	if !a.Scalar {
		space = encodeDataspace([]int{len(a.Values)})
	}
	for _, v := range a.Values {
		size = max(size, len(v))
	}
	w := &writer{b: []byte{1, 0}}
	w.u16(len(a.Name) + 1)
	w.u16(8)
	w.u16(len(space))
	w.b = append(w.b, a.Name...)
	w.zeros(1 + -(len(a.Name)+1)&7)
	w.b = append(w.b, 0x13, 0x11, 0, 0) // version 1, class string; NUL-padded, UTF-8
	w.u32(size)
	w.b = append(w.b, space...)
	for _, v := range a.Values {
		w.b = append(w.b, v...)
		w.zeros(size - len(v))
	}
	if len(w.b) > math.MaxUint16-7 {
		return nil, fmt.Errorf("attribute %q has %d bytes, more than the 64 KiB that one can have", a.Name, len(w.b))
	}
	return w.b, nil
}
