package hdf5

import (
	"fmt"
	"math"
	"strings"
)

// Tree is a group to be written. The zero value is an empty group.
type Tree struct {
	Attributes []Attribute
	children   map[string]child
}

// Attribute holds one string if Scalar, else an array of them. They are stored with a fixed length, padded with NULs;
// where that would need more than the 64 KiB that an attribute can have, in a heap, as h5py does it.
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
