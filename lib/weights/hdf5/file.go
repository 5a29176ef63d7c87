// Package hdf5 reads and writes the part of the HDF5 file format that Keras checkpoints use.
//
// It follows the HDF5 File Format Specification, version 3.0: superblocks 0 to 3, object headers 1 and 2, groups as
// symbol tables or compact links, contiguous, compact and chunked data, string attributes. Opaque elements of two
// bytes are read as bfloat16, since h5py stores Keras's so. What it does not read (dense groups, the chunk indexes of
// version 4 layouts, committed datatypes, soft links) is an error that says so.
//
// A file may come from anywhere, so nothing in it is trusted. Every address and length is checked against the size
// of the file before memory is taken, trees must get shallower with each step, and the metadata that one file can
// make the reader go through is limited. A bad file gives an error, never a panic.
package hdf5

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

const (
	signature = "\x89HDF\r\n\x1a\n"
	undefined = ^uint64(0) // the address of what does not exist

	maxName  = 4096 // bytes in the name of a link
	maxDepth = 32   // components in a path, and levels in a B-tree
)

// File is an open HDF5 file. It is not safe for concurrent use.
type File struct {
	r      io.ReaderAt
	size   int64
	budget int64 // metadata bytes that may still be read
	root   *Group
	heap   globalHeap // the collection read last: neighbouring strings share one
}

// Open reads the superblock and the root group of the file of size bytes behind r. A file that is shorter than its
// superblock says is refused as truncated.
func Open(r io.ReaderAt, size int64) (*File, error) {
	f := &File{r: r, size: size, budget: 1<<20 + 64*size}
	root, err := f.superblock()
	if err != nil {
		return nil, fmt.Errorf("hdf5: %w", err)
	}
	if f.root, err = f.group(root, "/"); err != nil {
		return nil, fmt.Errorf("hdf5: %w", err)
	}
	return f, nil
}

// Root is the group "/".
func (f *File) Root() *Group { return f.root }

// superblock returns the address of the root group's object header.
func (f *File) superblock() (root uint64, err error) {
	head := make([]byte, min(f.size, 128))
	if _, err := f.r.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	if !bytes.HasPrefix(head, []byte(signature)) {
		if len(head) < len(signature) {
			return 0, fmt.Errorf("the file is truncated: it has only %d bytes", f.size)
		}
		return 0, fmt.Errorf("not an HDF5 file: it starts with %q", head[:min(len(head), 16)])
	}
	c := &cursor{b: head, pos: len(signature)}
	version := c.u8()
	var offsetSize, lengthSize byte
	switch version {
	case 0, 1:
		c.skip(4)
		offsetSize, lengthSize = c.u8(), c.u8()
		c.skip(9)
		if version == 1 {
			c.skip(4)
		}
	case 2, 3:
		offsetSize, lengthSize = c.u8(), c.u8()
		c.skip(1)
	default:
		return 0, fmt.Errorf("superblock version %d is not known (0 to 3 are)", version)
	}
	base := c.u64()
	c.skip(8)
	end := c.u64()
	if version < 2 {
		c.skip(8 + 8) // driver information, name of the root's symbol table entry
	}
	root = c.u64()
	switch {
	case c.err != nil:
		return 0, fmt.Errorf("the file is truncated inside its superblock: it has only %d bytes", f.size)
	case offsetSize != 8 || lengthSize != 8:
		return 0, fmt.Errorf("addresses of %d bytes and lengths of %d bytes are not supported (8 and 8 are)", offsetSize, lengthSize)
	case base != 0:
		return 0, fmt.Errorf("base address %d is not supported (0 is)", base)
	case end > uint64(f.size):
		return 0, fmt.Errorf("the file is truncated: it should have %d bytes and has %d", end, f.size)
	}
	return root, nil
}

// metadata reads n bytes of structure (not of tensor values) at addr.
func (f *File) metadata(addr, n uint64, what string) (*cursor, error) {
	if err := f.inside(addr, n); err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	if f.budget -= int64(n) + 16; f.budget < 0 {
		return nil, fmt.Errorf("%s at byte %d: the file sends the reader over the same bytes again and again; it is damaged or hostile", what, addr)
	}
	b := make([]byte, n)
	if err := f.readAt(b, addr); err != nil {
		return nil, fmt.Errorf("%s at byte %d: %w", what, addr, err)
	}
	return &cursor{b: b, at: addr, what: what}, nil
}

// signed reads n bytes at addr that must start with a signature, and skips it.
func (f *File) signed(addr, n uint64, signature, what string) (*cursor, error) {
	c, err := f.metadata(addr, n, what)
	if err != nil {
		return nil, err
	}
	if got := string(c.take(len(signature))); got != signature {
		return nil, fmt.Errorf("%s at byte %d: it starts with %q, not with %q", what, addr, got, signature)
	}
	return c, nil
}

func (f *File) inside(addr, n uint64) error {
	size := uint64(f.size)
	if addr == undefined {
		return errors.New("its address is not defined")
	}
	if addr > size || n > size-addr {
		return fmt.Errorf("bytes %d to %d lie outside the file of %d bytes", addr, addr+n, f.size)
	}
	return nil
}

func (f *File) readAt(b []byte, addr uint64) error {
	n, err := f.r.ReadAt(b, int64(addr))
	if n == len(b) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// maxDecoded is the largest decoded size of a compressed dataset: a few kilobytes of deflate can claim gigabytes,
// weights never do.
func (f *File) maxDecoded() uint64 { return uint64(max(64<<20, 16*f.size)) }
