package weights

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// FuzzRead: whatever the bytes are, reading them ends, without a panic and without much memory.
func FuzzRead(f *testing.F) {
	goldens, err := filepath.Glob("testdata/*.h5")
	if err != nil {
		f.Fatal(err)
	}
	for _, golden := range goldens {
		b, err := os.ReadFile(golden)
		if err != nil {
			f.Fatal(err)
		}
		if len(b) < 15<<10 { // larger ones make the fuzzer slow
			f.Add(b)
			parts := map[string][]byte{configMember: []byte("{}"), metadataMember: []byte("{}"), weightsMember: b}
			f.Add(pack(f, parts, zip.Store, nil))
			f.Add(pack(f, parts, zip.Deflate, nil))
		}
	}
	f.Add(safetensorsBytes("{"+entry("a.b", 1, 0, 4)+"}", 4))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Read(bytes.NewReader(b), int64(len(b)), "fuzz")
		if err != nil {
			return
		}
		for _, l := range c.Layers {
			for _, x := range l.Tensors {
				n := 1
				for _, d := range x.Shape {
					n *= d
				}
				if n != len(x.Data) {
					t.Errorf("%s/%s has shape %v and %d values", l.Name, x.Name, x.Shape, len(x.Data))
				}
			}
		}
	})
}
