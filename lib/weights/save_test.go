package weights

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func constantLayers(value float32) []Layer {
	layers := make([]Layer, 20)
	for i := range layers {
		data := make([]float32, 3*3*16*8)
		for j := range data {
			data[j] = value
		}
		layers[i] = Layer{Name: fmt.Sprintf("layers/conv2d_%d", i), Tensors: []Tensor{{Name: "0", Shape: []int{3, 3, 16, 8}, Data: data}}}
	}
	return layers
}

const (
	someConfig = `{"class_name": "Functional", "config": {"name": "größer <&>"}}`
	someExtra  = `{"classes":["a < b","größer"]}`
)

// writers take layers like those of constantLayers, whose names suit all of them.
var writers = map[string]func(path string, layers []Layer) error{
	KerasWeights:   Save,
	KerasModel:     func(p string, l []Layer) error { return SaveModel(p, l, []byte(someConfig), []byte(someExtra)) },
	KerasVariables: SaveVariables,
	Safetensors:    SaveSafetensors,
	".keras":       func(p string, l []Layer) error { return SaveArchive(p, l, []byte(someConfig), []byte(someExtra)) },
}

func TestSavedFilesReadBack(t *testing.T) {
	for writer, save := range writers {
		path := filepath.Join(t.TempDir(), "new", "w")
		if err := save(path, constantLayers(0.5)); err != nil {
			t.Fatal(writer, err)
		}
		c, err := Open(path)
		if err != nil {
			t.Fatal(writer, err)
		}
		equalLayers(t, c.Layers, constantLayers(0.5))
		config, extra, format := someConfig, someExtra, writer
		switch writer {
		case KerasWeights, KerasVariables, Safetensors:
			config, extra = "", ""
		case ".keras":
			format = KerasVariables
		}
		if string(c.Config) != config || string(c.Extra) != extra || c.Format != format || c.Notes != nil {
			t.Errorf("%s: got %q, %s, %s, %q", writer, c.Format, c.Config, c.Extra, c.Notes)
		}
	}
}

// TestLongConfigurationReadsBack: that of ResNet50V2 is longer than an HDF5 attribute can be.
func TestLongConfigurationReadsBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.h5")
	config := fmt.Sprintf(`{"name": %q}`, strings.Repeat("x", 200_000))
	if err := SaveModel(path, constantLayers(1), []byte(config), nil); err != nil {
		t.Fatal(err)
	}
	if c, err := Open(path); err != nil || string(c.Config) != config || c.Extra != nil {
		t.Error(err)
	}
}

func TestSavedLayersReadBack(t *testing.T) {
	long := make([]Layer, 1000) // layer_names of more than 64,512 bytes
	for i := range long {
		long[i].Name = fmt.Sprintf("%s_%d", strings.Repeat("x", 100), i)
	}
	for name, layers := range map[string][]Layer{
		"none": nil,
		"one of each kind": {
			{Name: "relu"},
			{Name: "scale", Tensors: []Tensor{{Name: "value", Shape: nil, Data: []float32{3}}}},
			{Name: "empty", Tensors: []Tensor{{Name: "kernel", Shape: []int{0, 4}, Data: []float32{}}}},
			{Name: "heads", Tensors: []Tensor{
				{Name: "query/kernel", Shape: []int{1, 2}, Data: []float32{1, 2}},
				{Name: "key/kernel", Shape: []int{2}, Data: []float32{-1, math.MaxFloat32}}}},
		},
		"constant":   constantLayers(0.5),
		"long names": long,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "new", "w.h5")
			if err := Save(path, layers); err != nil {
				t.Fatal(err)
			}
			c, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			equalLayers(t, c.Layers, layers)
		})
	}
}

func TestSaveRefusesBadLayers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.h5")
	one := func(shape []int, data ...float32) Layer {
		return Layer{Name: "a", Tensors: []Tensor{{Name: "kernel", Shape: shape, Data: data}}}
	}
	nan := float32(math.NaN())
	for want, layers := range map[string][]Layer{
		"a/kernel (1 of 2)":              {one([]int{2}, 1, nan)},
		"needs 4 values, not 1":          {one([]int{2, 2}, 1)},
		`two layers are named "a"`:       {{Name: "a"}, {Name: "a"}},
		"cannot be the name of a member": {{Name: ""}},
		`"a/kernel:0" is added twice`:    {{Name: "a", Tensors: slices.Repeat(one([]int{1}, 1).Tensors, 2)}},
		"cannot have shape [-1]":         {one([]int{-1})},
		"member":                         {{Name: strings.Repeat("x", 5000)}},
	} {
		if err := Save(path, layers); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 0 {
		t.Errorf("refused files left %v behind", entries)
	}
}

func TestSaveModelAndArchiveRefuseBadJSON(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.h5")
	good, bad := []byte(someConfig), []byte(`{"a": `)
	for i, err := range []error{
		SaveModel(path, nil, nil, nil), SaveModel(path, nil, bad, nil), SaveModel(path, nil, good, bad),
		SaveArchive(path, nil, nil, nil), SaveArchive(path, nil, bad, nil), SaveArchive(path, nil, good, bad),
		SaveVariables(path, []Layer{{Name: "conv2d"}}), SaveArchive(path, []Layer{{Name: "conv2d"}}, good, nil),
	} {
		want := "is not JSON"
		if i >= 6 {
			want = `layer "conv2d": in this format`
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d: got %v, want %q", i, err, want)
		}
	}
}
