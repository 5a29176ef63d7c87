package hdf5

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// Group is a folder of groups and datasets, with attributes.
type Group struct {
	*object
	links map[string]link
	names []string
}

type link struct {
	addr uint64
	soft bool
}

// group reads the object at addr, which must be a group, and the names in it.
func (f *File) group(addr uint64, path string) (*Group, error) {
	o, err := f.header(addr, path)
	if err != nil {
		return nil, err
	}
	return o.asGroup()
}

func (o *object) asGroup() (*Group, error) {
	if o.has(messageLayout) {
		return nil, fmt.Errorf("%s is a dataset, not a group", o.path)
	}
	g := &Group{object: o, links: map[string]link{}}
	for _, read := range []func() error{g.readSymbolTable, g.readLinkInfo, g.readLinks} {
		if err := read(); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// Names lists the members in the order of the file: sorted by name, except in files that keep creation order.
func (g *Group) Names() []string { return slices.Clone(g.names) }

// Has reports whether the group has a direct member of this name.
func (g *Group) Has(name string) bool {
	_, ok := g.links[name]
	return ok
}

// Group opens a group by its path from here, "block/conv". An absent one is an fs.ErrNotExist.
func (g *Group) Group(path string) (*Group, error) {
	o, err := g.open(path)
	if err != nil {
		return nil, fmt.Errorf("hdf5: %w", err)
	}
	sub, err := o.asGroup()
	if err != nil {
		return nil, fmt.Errorf("hdf5: %w", err)
	}
	return sub, nil
}

// Dataset opens a dataset by its path from here, "block/conv/kernel:0". An absent one is an fs.ErrNotExist.
func (g *Group) Dataset(path string) (*Dataset, error) {
	o, err := g.open(path)
	if err != nil {
		return nil, fmt.Errorf("hdf5: %w", err)
	}
	d, err := o.asDataset()
	if err != nil {
		return nil, fmt.Errorf("hdf5: %w", err)
	}
	return d, nil
}

func (g *Group) open(path string) (*object, error) {
	parts := strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
	if len(parts) == 0 || len(parts) > maxDepth {
		return nil, fmt.Errorf("%s: a path of %d components cannot be opened (1 to %d can)", g.path, len(parts), maxDepth)
	}
	for i, part := range parts {
		l, ok := g.links[part]
		child := strings.TrimSuffix(g.path, "/") + "/" + part
		switch {
		case !ok:
			return nil, fmt.Errorf("%s has no member %q: %w", g.path, part, fs.ErrNotExist)
		case l.soft:
			return nil, fmt.Errorf("%s is a soft or external link, which is not supported", child)
		}
		o, err := g.f.header(l.addr, child)
		if err != nil || i == len(parts)-1 {
			return o, err
		}
		if g, err = o.asGroup(); err != nil {
			return nil, err
		}
	}
	panic("unreachable")
}

func (g *Group) add(name string, l link) error {
	if name == "" || len(name) > maxName {
		return fmt.Errorf("%s has a member with a name of %d bytes (1 to %d are possible)", g.path, len(name), maxName)
	}
	if _, twice := g.links[name]; twice {
		return fmt.Errorf("%s has two members named %q", g.path, name)
	}
	g.links[name] = l
	g.names = append(g.names, name)
	return nil
}

// readSymbolTable reads an old-style group: a B-tree of symbol table nodes, whose names lie in a local heap.
func (g *Group) readSymbolTable() error {
	c, err := g.find(messageSymbolTable, "symbol table")
	if c == nil || err != nil {
		return err
	}
	tree, heap := c.u64(), c.u64()
	if c.err != nil {
		return c.err
	}
	names, err := g.f.localHeap(heap, g.path)
	if err != nil {
		return err
	}
	return g.f.walkTree(tree, 0, 8, "group B-tree of "+g.path, func(_ *cursor, node uint64) error {
		return g.readNode(node, names)
	})
}

func (g *Group) readNode(addr uint64, names string) error {
	const entry = 40
	what := "symbol table node of " + g.path
	head, err := g.f.signed(addr, 8, "SNOD", what)
	if err != nil {
		return err
	}
	head.skip(2)
	count := head.u16()
	c, err := g.f.metadata(addr+8, entry*uint64(count), what)
	if err != nil {
		return err
	}
	for range count {
		offset, addr, cached := c.u64(), c.u64(), c.u32()
		c.skip(20)
		if offset >= uint64(len(names)) {
			return c.fail("a name lies at byte %d of a local heap of %d bytes", offset, len(names))
		}
		name, _, ended := strings.Cut(names[offset:min(uint64(len(names)), offset+maxName+1)], "\x00")
		if !ended {
			return c.fail("the name at byte %d of the local heap does not end", offset)
		}
		if err := g.add(name, link{addr, cached == 2}); err != nil {
			return err
		}
	}
	return nil
}

// readLinkInfo refuses new-style groups that are too large for link messages: they keep their links in a fractal heap.
func (g *Group) readLinkInfo() error {
	c, err := g.find(messageLinkInfo, "link info")
	if c == nil || err != nil {
		return err
	}
	c.skip(1)
	if flags := c.u8(); flags&1 != 0 {
		c.skip(8)
	}
	heap := c.u64()
	if c.err == nil && heap != undefined {
		return c.fail("the group keeps its links in a fractal heap, which is not supported; " +
			"write the file again with the default libver of h5py (\"earliest\")")
	}
	return c.err
}

// readLinks reads the links of a new-style group that are messages of its header.
func (g *Group) readLinks() error {
	for _, m := range g.messages {
		if m.kind != messageLink {
			continue
		}
		c := g.cursor(m, "link")
		if version := c.u8(); version != 1 {
			return c.fail("version %d is not known (1 is)", version)
		}
		flags, kind := c.u8(), byte(0)
		if flags&0x08 != 0 {
			kind = c.u8()
		}
		if flags&0x04 != 0 {
			c.skip(8) // creation order
		}
		if flags&0x10 != 0 {
			c.skip(1) // character set
		}
		length := c.uint(1 << (flags & 3))
		if length > maxName {
			return c.fail("a name of %d bytes is longer than the %d that are possible", length, maxName)
		}
		name, l := string(c.take(int(length))), link{soft: kind != 0}
		if !l.soft {
			l.addr = c.u64()
		}
		if c.err != nil {
			return c.err
		}
		if err := g.add(name, l); err != nil {
			return err
		}
	}
	return nil
}
