package hdf5

import "fmt"

// walkTree visits the children of the leaves of a version 1 B-tree, from left to right, with the key before each.
// kind is 0 for groups and 1 for chunks; a key has keySize bytes.
func (f *File) walkTree(root uint64, kind byte, keySize int, what string, visit func(key *cursor, child uint64) error) error {
	seen := map[uint64]bool{}
	var walk func(addr uint64, level int) error
	walk = func(addr uint64, level int) error {
		if seen[addr] {
			return fmt.Errorf("%s: its nodes form a cycle at byte %d", what, addr)
		}
		seen[addr] = true
		head, err := f.signed(addr, 24, "TREE", what)
		if err != nil {
			return err
		}
		gotKind, gotLevel, entries := head.u8(), int(head.u8()), head.u16()
		switch {
		case gotKind != kind:
			return head.fail("it is a tree of kind %d, not %d", gotKind, kind)
		case level >= 0 && gotLevel != level:
			return head.fail("a node of level %d stands where level %d belongs", gotLevel, level)
		case gotLevel >= maxDepth:
			return head.fail("%d levels are more than the %d that are possible", gotLevel, maxDepth)
		}
		c, err := f.metadata(addr+24, uint64(entries)*uint64(keySize+8), what)
		if err != nil {
			return err
		}
		for range entries {
			key := &cursor{b: c.take(keySize), at: c.at + uint64(c.pos), what: what}
			child := c.u64()
			if gotLevel > 0 {
				err = walk(child, gotLevel-1)
			} else if err = visit(key, child); err == nil {
				err = key.err
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	return walk(root, -1)
}
