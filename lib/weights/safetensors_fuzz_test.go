package weights

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
)

// FuzzSafetensors: whatever header and data are, reading them ends without a panic, and what reads can be saved and
// reads back. FuzzRead tries other lengths of the header.
func FuzzSafetensors(f *testing.F) {
	files, err := filepath.Glob(filepath.Join(goldens, "*.safetensors"))
	if err != nil || len(files) == 0 {
		f.Fatal("the goldens are missing: run scripts/oracle goldens --only safetensors_files", err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		end := lengthBytes + binary.LittleEndian.Uint64(b)
		f.Add(b[lengthBytes:end], b[end:])
	}
	f.Add([]byte("{"+entry("a", 1, 0, 4)+","+entry("b.c", 2, 4, 12)+"}"), make([]byte, 12))
	f.Fuzz(func(t *testing.T, header, data []byte) {
		b := append(safetensorsBytes(string(header), 0), data...)
		c := &Checkpoint{}
		if c.readSafetensors(bytes.NewReader(b), int64(len(b))) != nil || checkFinite(c.Layers) != nil {
			return
		}
		again, err := safetensorsHeader(c.Layers)
		if err != nil {
			t.Fatal(err)
		}
		values := 0
		for _, l := range c.Layers {
			for _, x := range l.Tensors {
				values += len(x.Data)
			}
		}
		if values > len(data)/2 {
			t.Errorf("%d bytes of data gave %d values", len(data), values)
		}
		var read Checkpoint
		saved := safetensorsBytes(string(again), 4*values)
		if err := read.readSafetensors(bytes.NewReader(saved), int64(len(saved))); err != nil {
			t.Fatal(err)
		}
		if len(read.Layers) != len(c.Layers) {
			t.Errorf("%d layers became %d", len(c.Layers), len(read.Layers))
		}
	})
}
