package weights

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// One bit is flipped at many places of a file of each kind: reading it must fail, or give what was written.
func TestFlippedBitsAreNoticed(t *testing.T) {
	dense := []Tensor{{Name: "kernel", Shape: []int{3, 2}, Data: []float32{1, 2, 3, 4, 5, 6}},
		{Name: "bias", Shape: []int{2}, Data: []float32{-1, math.MaxFloat32}}}
	numbered := []Tensor{{Name: "0", Shape: []int{3, 2}, Data: dense[0].Data}, {Name: "1", Shape: []int{2}, Data: dense[1].Data}}
	config, extra := []byte(`{"class_name": "Sequential", "config": {"units": 9}}`), []byte(`{"classes": ["a", "b"]}`)
	for name, save := range map[string]func(path string) error{
		"weights.h5": func(path string) error { return Save(path, []Layer{{Name: "relu"}, {Name: "dense", Tensors: dense}}) },
		"model.h5": func(path string) error {
			return SaveModel(path, []Layer{{Name: "relu"}, {Name: "dense", Tensors: dense}}, config, extra)
		},
		"model.weights.h5": func(path string) error {
			return SaveVariables(path, []Layer{{Name: "layers/dense_1", Tensors: numbered}, {Name: "layers/dense", Tensors: numbered}})
		},
		"model.keras": func(path string) error {
			return SaveArchive(path, []Layer{{Name: "layers/dense", Tensors: numbered}}, config, extra)
		},
	} {
		path := filepath.Join(t.TempDir(), name)
		if err := save(path); err != nil {
			t.Fatal(err)
		}
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		read := func(b []byte) (*Checkpoint, error) { return Read(bytes.NewReader(b), int64(len(b)), path) }
		want, err := read(whole)
		if err != nil {
			t.Fatal(err)
		}
		noticed := 0
		for bit := range 8 * len(whole) {
			if bit%7 != 0 {
				continue
			}
			damaged := bytes.Clone(whole)
			damaged[bit/8] ^= 1 << (bit % 8)
			got, err := read(damaged)
			if err != nil {
				noticed++
				continue
			}
			if !sameValues(got.Layers, want.Layers) || !bytes.Equal(got.Config, want.Config) || !bytes.Equal(got.Extra, want.Extra) {
				t.Errorf("%s: bit %d of byte %d is flipped, and other things are read", name, bit%8, bit/8)
			}
		}
		if noticed < len(whole)/20 {
			t.Errorf("%s: only %d of %d flips are noticed", name, noticed, len(whole)*8/7)
		}
	}
}

// sameValues compares what a model takes from a checkpoint: layers by name, their tensors in order.
func sameValues(a, b []Layer) bool {
	values := func(layers []Layer) map[string][][]float32 {
		byName := map[string][][]float32{}
		for _, l := range layers {
			for _, t := range l.Tensors {
				byName[l.Name] = append(byName[l.Name], t.Data)
			}
		}
		return byName
	}
	return reflect.DeepEqual(values(a), values(b))
}
