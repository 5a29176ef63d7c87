package hdf5

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestWrittenTreeReadsBack covers groups from empty to three B-tree levels (8·32·32 members and more).
func TestWrittenTreeReadsBack(t *testing.T) {
	for _, count := range []int{0, 1, 8, 9, 155, 256, 257, 8193} {
		t.Run(fmt.Sprint(count), func(t *testing.T) {
			tree, want := &Tree{}, []string{}
			for i := range count {
				name := fmt.Sprintf("layer_%d", rand.N(1<<40)) + fmt.Sprint(i)
				want = append(want, name)
				if err := tree.Dataset(name+"/kernel:0", []int{1, 2}, []float32{float32(i), -1}); err != nil {
					t.Fatal(err)
				}
			}
			tree.Attributes = []Attribute{{Name: "backend", Values: []string{"tensorflow"}, Scalar: true}}
			f := writeAndOpen(t, tree)
			slices.Sort(want)
			if got := f.Root().Names(); !slices.Equal(got, want) {
				t.Fatalf("got %d names, want %d, or another order", len(got), len(want))
			}
			for i, name := range want {
				if i%100 != 0 {
					continue
				}
				d, err := f.Root().Dataset(name + "/kernel:0")
				if err != nil {
					t.Fatal(err)
				}
				if v, err := d.Float32s(); err != nil || !slices.Equal(d.Shape, []int{1, 2}) || v[1] != -1 {
					t.Fatal(d.Shape, v, err)
				}
			}
			if v, err := f.Root().Strings("backend"); err != nil || !slices.Equal(v, []string{"tensorflow"}) {
				t.Error(v, err)
			}
		})
	}
}

func TestWrittenAttributesReadBack(t *testing.T) {
	long := strings.Repeat("größer ", 20_000) // beyond 64 KiB: it goes to a heap
	want := map[string][]string{"none": nil, "some": {"a", "größer", ""}, "nul": {"a\x00b"}, "long": {long},
		"long ones": {long, "", "x" + long}}
	tree := &Tree{}
	for name, values := range want {
		tree.Attributes = append(tree.Attributes, Attribute{Name: name, Values: values})
	}
	root := writeAndOpen(t, tree).Root()
	for name, values := range want {
		if got, err := root.Strings(name); err != nil || !slices.Equal(got, values) {
			t.Errorf("%s: got %q, %v; want %q", name, got, err, values)
		}
	}
	if _, err := root.Strings("absent"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an absent attribute gives %v", err)
	}
	for name, values := range map[string][]string{
		"5,000 strings, too many": append(make([]string, 5000), long),
		"70,000 strings":          append(make([]string, 70_000), long),
		"a NUL in a heap":         {long + "\x00"},
	} {
		refused := &Tree{Attributes: []Attribute{{Name: "a", Values: values}}}
		if err := Write(&bytes.Buffer{}, refused); err == nil || !strings.Contains(err.Error(), `attribute "a"`) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestTreeRefusesBadMembers(t *testing.T) {
	tree := &Tree{}
	if err := tree.Dataset("a/b", []int{2}, []float32{1, 2}); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"too few values":      tree.Dataset("c", []int{2, 2}, []float32{1}),
		"twice":               tree.Dataset("a/b", nil, []float32{1}),
		"below a dataset":     tree.Dataset("a/b/c", nil, []float32{1}),
		"negative":            tree.Dataset("d", []int{-1}, nil),
		"overflow":            tree.Dataset("e", []int{1 << 20, 1 << 20, 1 << 20, 1 << 20}, nil),
		"empty component":     tree.Dataset("f//g", nil, []float32{1}),
		"empty name":          tree.Dataset("", nil, []float32{1}),
		"NUL inside the name": tree.Dataset("h\x00", nil, []float32{1}),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func writeAndOpen(t *testing.T, tree *Tree) *File {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, tree); err != nil {
		t.Fatal(err)
	}
	f, err := Open(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return f
}
