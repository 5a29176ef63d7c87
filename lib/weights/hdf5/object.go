package hdf5

import "fmt"

// Kinds of object header messages (specification, section IV.A.2).
const (
	messageDataspace    = 0x01
	messageLinkInfo     = 0x02
	messageDatatype     = 0x03
	messageFillValue    = 0x05
	messageLink         = 0x06
	messageLayout       = 0x08
	messageFilters      = 0x0B
	messageAttribute    = 0x0C
	messageContinuation = 0x10
	messageSymbolTable  = 0x11
	messageAttrInfo     = 0x15

	flagShared = 0x02
)

type message struct {
	kind  uint16
	flags byte
	body  []byte
	at    uint64
}

// object is what groups and datasets have in common: an object header, which is a list of messages.
type object struct {
	f        *File
	addr     uint64
	path     string
	messages []message
}

// header reads the object header at addr, with its continuation blocks.
func (f *File) header(addr uint64, path string) (*object, error) {
	o := &object{f: f, addr: addr, path: path}
	c, err := f.metadata(addr, min(16, uint64(f.size)), "object header of "+path)
	if err != nil {
		return nil, err
	}
	walk := walker{o: o, seen: map[uint64]bool{}}
	if c.left() >= 4 && string(c.b[:4]) == "OHDR" {
		err = walk.version2(addr)
	} else {
		err = walk.version1(c)
	}
	if err != nil {
		return nil, err
	}
	return o, nil
}

// walker goes through the blocks of one object header. Their sizes together cannot exceed the file's, or they overlap.
type walker struct {
	o     *object
	seen  map[uint64]bool
	total uint64
}

func (w *walker) block(addr, n uint64) (*cursor, error) {
	what := "object header of " + w.o.path
	if w.seen[addr] {
		return nil, fmt.Errorf("%s: its continuation blocks form a cycle at byte %d", what, addr)
	}
	w.seen[addr] = true
	if w.total += n; n > uint64(w.o.f.size) || w.total > uint64(w.o.f.size) {
		return nil, fmt.Errorf("%s: its blocks claim %d bytes, more than the file of %d bytes has", what, w.total, w.o.f.size)
	}
	return w.o.f.metadata(addr, n, what)
}

func (w *walker) version1(c *cursor) error {
	if version := c.u8(); version != 1 {
		return c.fail("version %d is not known (1 and 2 are); the file is damaged", version)
	}
	c.skip(7)
	size := c.u32()
	if c.err != nil {
		return c.err
	}
	blocks := [][2]uint64{{c.at + 16, uint64(size)}}
	for len(blocks) > 0 {
		b, err := w.block(blocks[0][0], blocks[0][1])
		if err != nil {
			return err
		}
		blocks = blocks[1:]
		for b.left() >= 8 {
			kind, size, flags := b.u16(), b.u16(), b.u8()
			b.skip(3)
			at := b.at + uint64(b.pos)
			body := b.take(int(size))
			if b.err != nil {
				return b.err
			}
			if blocks, err = w.add(message{kind, flags, body, at}, blocks); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *walker) version2(addr uint64) error {
	f := w.o.f
	c, err := f.metadata(addr, min(34, uint64(f.size)-addr), "object header of "+w.o.path)
	if err != nil {
		return err
	}
	c.skip(4)
	if version := c.u8(); version != 2 {
		return c.fail("version %d is not known (1 and 2 are)", version)
	}
	flags := c.u8()
	if flags&0x20 != 0 {
		c.skip(16) // times
	}
	if flags&0x10 != 0 {
		c.skip(4) // attribute storage thresholds
	}
	size := c.uint(1 << (flags & 3))
	if c.err != nil {
		return c.err
	}
	blocks := [][2]uint64{{addr + uint64(c.pos), size}}
	for first := true; len(blocks) > 0; first = false {
		b, err := w.block(blocks[0][0], blocks[0][1])
		if err != nil {
			return err
		}
		blocks = blocks[1:]
		if !first { // continuation blocks have a signature before and a checksum behind
			if string(b.take(4)) != "OCHK" || b.left() < 4 {
				return b.fail("a continuation block at byte %d does not start with \"OCHK\"", b.at)
			}
			b.b = b.b[:len(b.b)-4]
		}
		headerSize := 4
		if flags&0x04 != 0 {
			headerSize = 6
		}
		for b.left() >= headerSize {
			kind, size, messageFlags := uint16(b.u8()), b.u16(), b.u8()
			b.skip(headerSize - 4)
			at := b.at + uint64(b.pos)
			body := b.take(int(size))
			if b.err != nil {
				return b.err
			}
			if blocks, err = w.add(message{kind, messageFlags, body, at}, blocks); err != nil {
				return err
			}
		}
	}
	return nil
}

// add keeps a message, or queues the block that it continues in.
func (w *walker) add(m message, blocks [][2]uint64) ([][2]uint64, error) {
	if m.kind != messageContinuation {
		w.o.messages = append(w.o.messages, m)
		return blocks, nil
	}
	c := w.o.cursor(m, "continuation")
	next := [2]uint64{c.u64(), c.u64()}
	return append(blocks, next), c.err
}

func (o *object) cursor(m message, what string) *cursor {
	return &cursor{b: m.body, at: m.at, what: what + " message of " + o.path}
}

// find returns the first message of a kind, nil if there is none.
func (o *object) find(kind uint16, what string) (*cursor, error) {
	for _, m := range o.messages {
		if m.kind != kind {
			continue
		}
		c := o.cursor(m, what)
		if m.flags&flagShared != 0 {
			return nil, c.fail("it is shared with another object, which is not supported")
		}
		return c, nil
	}
	return nil, nil
}

func (o *object) has(kind uint16) bool {
	for _, m := range o.messages {
		if m.kind == kind {
			return true
		}
	}
	return false
}
