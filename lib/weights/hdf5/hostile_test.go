package hdf5

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// visit reads everything that the API gives access to, each object once.
func visit(f *File) (errs []error) {
	seen := map[uint64]bool{}
	note := func(err error) {
		if err != nil {
			errs = append(errs, err)
		}
	}
	var attributes = func(o *object) {
		for _, m := range o.messages {
			if m.kind == messageAttribute {
				name, _, err := parseAttribute(o.cursor(m, "attribute"))
				if note(err); err == nil {
					_, err = o.Strings(name)
					note(err)
				}
			}
		}
	}
	var walk func(g *Group)
	walk = func(g *Group) {
		if seen[g.addr] || len(seen) > 100 {
			return
		}
		seen[g.addr] = true
		attributes(g.object)
		for _, name := range g.Names() {
			if sub, err := g.Group(name); err == nil {
				walk(sub)
				continue
			}
			d, err := g.Dataset(name)
			if note(err); err != nil || seen[d.object.addr] || len(seen) > 100 {
				continue
			}
			seen[d.object.addr] = true
			attributes(d.object)
			_, err = d.Float32s()
			note(err)
		}
	}
	walk(f.Root())
	return errs
}

func smallFile(t testing.TB) []byte { return fileWith(t, nil) }

// fileWith has three tensors, and attributes of n bytes.
func fileWith(t testing.TB, attributes map[string]int) []byte {
	t.Helper()
	tree := &Tree{Attributes: []Attribute{{Name: "layer_names", Values: []string{"conv", "bn"}}}}
	for name, n := range attributes {
		tree.Attributes = append(tree.Attributes, Attribute{Name: name, Values: []string{strings.Repeat("x", n)}, Scalar: true})
	}
	for _, path := range []string{"conv/kernel", "bn/gamma", "bn/beta"} {
		if err := tree.Dataset(path, []int{2, 3}, []float32{1, 2, 3, 4, 5, 6}); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := Write(&b, tree); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// find returns where pattern lies for the nth time, counted from 0.
func find(t *testing.T, b []byte, pattern string, n int) int {
	t.Helper()
	at := -1
	for range n + 1 {
		i := bytes.Index(b[at+1:], []byte(pattern))
		if i < 0 {
			t.Fatalf("no %q number %d", pattern, n)
		}
		at += 1 + i
	}
	return at
}

func TestHostileFilesGiveErrors(t *testing.T) {
	const rootAddress, rootTree = 64, 80 // in the superblock
	le := binary.LittleEndian
	for name, c := range map[string]struct {
		spoil func(b []byte)
		want  string
	}{
		"terabytes of values": {func(b []byte) {
			at := find(t, b, "\x01\x02\x00\x00\x00\x00\x00\x00\x02\x00", 0) // a dataspace of rank 2
			le.PutUint64(b[at+8:], 1<<40)
		}, "more elements than the"},
		"a shape that overflows": {func(b []byte) {
			at := find(t, b, "\x01\x02\x00\x00\x00\x00\x00\x00\x02\x00", 0)
			le.PutUint64(b[at+8:], 1<<63)
			le.PutUint64(b[at+16:], 2)
		}, "more elements than the"},
		"values beyond the end": {func(b []byte) {
			at := find(t, b, "\x03\x01\x60\x00", 0) // a contiguous layout
			le.PutUint64(b[at+2:], uint64(len(b)-8))
		}, "outside the file"},
		"fewer values than the shape": {func(b []byte) {
			at := find(t, b, "\x03\x01\x60\x00", 0)
			le.PutUint64(b[at+10:], 4)
		}, "needs 24 bytes, the file has 4"},
		"a tree whose node is its own child": {func(b []byte) {
			tree := le.Uint64(b[rootTree:])
			b[tree+5] = 1
			le.PutUint64(b[tree+32:], tree)
		}, "cycle"},
		"a tree of impossible depth": {func(b []byte) {
			b[le.Uint64(b[rootTree:])+5] = 200
		}, "levels are more than"},
		"a node with 65,535 members": {func(b []byte) {
			le.PutUint16(b[find(t, b, "SNOD", 2)+6:], 0xFFFF)
		}, "outside the file"},
		"a name outside the heap": {func(b []byte) {
			le.PutUint64(b[find(t, b, "SNOD", 2)+8:], 1<<50)
		}, "name lies at byte"},
		"a heap of exabytes": {func(b []byte) {
			le.PutUint64(b[find(t, b, "HEAP", 2)+8:], 1<<60)
		}, "outside the file"},
		"an attribute with 2³¹ strings": {func(b []byte) {
			at := find(t, b, "layer_names", 0)
			le.PutUint64(b[at+16+8+8:], 1<<30)
		}, "strings need"},
		"a header of gigabytes": {func(b []byte) {
			le.PutUint32(b[le.Uint64(b[rootAddress:])+8:], 0xFFFFFFF0)
		}, "more than the file"},
		"a header that continues in itself": {func(b []byte) {
			root := le.Uint64(b[rootAddress:])
			le.PutUint16(b[root+16:], messageContinuation)
			le.PutUint64(b[root+24:], root+16)
			le.PutUint64(b[root+32:], 24)
		}, "cycle"},
		"a member that is its own parent": {func(b []byte) {
			node := find(t, b, "SNOD", 2)
			le.PutUint64(b[node+16:], le.Uint64(b[rootAddress:]))
			le.PutUint64(b[node+56:], 1<<40)
		}, "outside the file"},
	} {
		t.Run(name, func(t *testing.T) {
			b := smallFile(t)
			c.spoil(b)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			f, err := Open(bytes.NewReader(b), int64(len(b)))
			errs := []error{err}
			if err == nil {
				errs = visit(f)
			}
			runtime.ReadMemStats(&after)
			if used := after.TotalAlloc - before.TotalAlloc; used > 4<<20 {
				t.Errorf("it took %d bytes for a file of %d", used, len(b))
			}
			for _, err := range errs {
				if strings.Contains(err.Error(), c.want) {
					return
				}
			}
			t.Errorf("got %v, want %q", errs, c.want)
		})
	}
}

// TestDeflateBombIsRefused: a chunk of a few bytes that claims a gigabyte.
func TestDeflateBombIsRefused(t *testing.T) {
	b, err := os.ReadFile("../testdata/compressed.h5")
	if err != nil {
		t.Fatal(err)
	}
	f, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	d, err := f.Root().Dataset("gzip/gzip/kernel:0")
	if err != nil {
		t.Fatal(err)
	}
	d.chunks.bytes--
	if _, err := d.Float32s(); err == nil || !strings.Contains(err.Error(), "decodes to") {
		t.Errorf("a chunk that decodes to more than its size gives %v", err)
	}
}

// TestAnySpoiledByteIsSurvived sets every byte of a file to several values. Panics and endless loops fail it.
func TestAnySpoiledByteIsSurvived(t *testing.T) {
	whole := smallFile(t)
	errors := 0
	for i := range whole {
		for _, v := range []byte{0, 1, 0x7F, 0xFF, whole[i] + 1, whole[i] ^ 0x80} {
			b := bytes.Clone(whole)
			b[i] = v
			if f, err := Open(bytes.NewReader(b), int64(len(b))); err != nil || len(visit(f)) > 0 {
				errors++
			}
		}
	}
	if errors < 1000 {
		t.Errorf("only %d of %d spoiled files gave an error", errors, 6*len(whole))
	}
	for i := range whole {
		if _, err := Open(bytes.NewReader(whole[:i]), int64(i)); err == nil {
			t.Fatalf("a file cut after %d of %d bytes opens", i, len(whole))
		}
	}
}

// FuzzOpen: whatever the bytes are, reading them ends, without a panic and without much memory. It starts from the
// goldens and from testdata/fuzz.
func FuzzOpen(f *testing.F) {
	f.Add(smallFile(f))
	goldens, _ := filepath.Glob("../testdata/*.h5")
	for _, golden := range goldens {
		b, err := os.ReadFile(golden)
		if err != nil {
			f.Fatal(err)
		}
		if len(b) < 12<<10 { // larger ones make the fuzzer slow
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		visit(file)
	})
}
