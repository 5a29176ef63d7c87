package hdf5

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
)

func TestHostileHeapsGiveErrors(t *testing.T) {
	le := binary.LittleEndian
	for name, c := range map[string]struct {
		spoil func(b []byte, heap, pointer int)
		want  string
	}{
		"a heap of exabytes":          {func(b []byte, heap, _ int) { le.PutUint64(b[heap+8:], 1<<60) }, "outside the file"},
		"an object of exabytes":       {func(b []byte, heap, _ int) { le.PutUint64(b[heap+24:], 1<<60) }, "claims"},
		"a string of gigabytes":       {func(b []byte, _, at int) { le.PutUint32(b[at:], 1<<31) }, "claim more bytes than the file"},
		"a string beyond its object":  {func(b []byte, _, at int) { le.PutUint32(b[at:], 70_001) }, "its heap object has 70000"},
		"a heap that is none":         {func(b []byte, _, at int) { le.PutUint64(b[at+4:], 0) }, `not with "GCOL"`},
		"an object that is not there": {func(b []byte, _, at int) { le.PutUint32(b[at+12:], 9) }, "no object 9"},
	} {
		b := fileWith(t, map[string]int{"model_config": 70_000})
		heap := find(t, b, "GCOL", 0)
		pointer := find(t, b, string(le.AppendUint64(nil, uint64(heap))), 0) - 4
		c.spoil(b, heap, pointer)
		f, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(name, err)
		}
		if _, err := f.Root().Strings("model_config"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}
