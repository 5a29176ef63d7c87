package weights

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const goldens = "testdata/safetensors" // made by scripts/oracle/goldens/safetensors_files.py

// readGolden is what Python reads in a file: its tensors by their whole names.
func readGolden(t *testing.T, name string) (notes []string, tensors map[string]Tensor) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(goldens, name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	want := struct {
		Notes   []string
		Tensors map[string]Tensor
	}{}
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	return want.Notes, want.Tensors
}

// byFullName undoes the grouping into layers.
func byFullName(t *testing.T, layers []Layer) map[string]Tensor {
	t.Helper()
	tensors := map[string]Tensor{}
	names := map[string]bool{}
	for _, l := range layers {
		if names[l.Name] {
			t.Errorf("two layers are named %q", l.Name)
		}
		names[l.Name] = true
		for _, x := range l.Tensors {
			tensors[strings.TrimPrefix(l.Name+"."+x.Name, ".")] = x
		}
	}
	return tensors
}

func TestOpenEqualsPythonsSafetensors(t *testing.T) {
	for name, file := range map[string]string{
		"float32": "float32.safetensors", "float16": "float16.safetensors", "bfloat16": "bfloat16.safetensors",
		"float64": "float64.safetensors", "mixed": "mixed.safetensors", "sharded": "sharded/" + safetensorsIndex,
	} {
		t.Run(name, func(t *testing.T) {
			c, err := Open(filepath.Join(goldens, file))
			if err != nil {
				t.Fatal(err)
			}
			notes, want := readGolden(t, name)
			if c.Format != Safetensors || !slices.Equal(c.Notes, notes) || c.Config != nil || c.Extra != nil {
				t.Errorf("got %q, %q; want %q", c.Format, c.Notes, notes)
			}
			got := byFullName(t, c.Layers)
			if len(got) != len(want) {
				t.Errorf("got %d tensors, want %d", len(got), len(want))
			}
			for name, w := range want {
				g := got[name]
				same := slices.EqualFunc(g.Data, w.Data, func(a, b float32) bool {
					return math.Float32bits(a) == math.Float32bits(b)
				})
				if !same || !slices.Equal(g.Shape, w.Shape) || g.Shape == nil {
					t.Errorf("%s: got %v, want %v", name, g, w)
				}
			}
		})
	}
}

func TestSafetensorsHaveOneLayerPerModule(t *testing.T) {
	c, err := Open(filepath.Join(goldens, "float32.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range c.Layers {
		for _, x := range l.Tensors {
			got = append(got, l.Name+" "+x.Name)
		}
	}
	want := []string{
		" cls_token",
		"vit.embeddings.patch_embeddings.projection bias",
		"vit.embeddings.patch_embeddings.projection weight",
		"vit.empty weight",
		"vit.encoder.layer.0.attention.attention.query bias",
		"vit.encoder.layer.0.attention.attention.query weight",
		"vit.encoder.layer.10.layernorm_before weight",
		"vit.encoder.layer.2.layernorm_before weight",
		"vit.extremes weight",
		"vit scale",
	}
	if !slices.Equal(got, want) || len(c.Layers) != 8 {
		t.Errorf("got %d layers with %q", len(c.Layers), got)
	}
}

func TestSavedSafetensorsHavePythonsBytes(t *testing.T) {
	file := filepath.Join(goldens, "float32.safetensors")
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	c, err := Open(file)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "new", "model.safetensors")
	if err := SaveSafetensors(path, c.Layers); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v, got %q, want %q", err, got, want)
	}
}

func TestSavedSafetensorsReadBack(t *testing.T) {
	for name, layers := range map[string][]Layer{
		"none": nil,
		"one of each kind": {
			{Name: "z", Tensors: []Tensor{{Name: "weight", Shape: nil, Data: []float32{3}}}},
			{Tensors: []Tensor{{Name: "größe \"<&>\"", Shape: []int{1, 2}, Data: []float32{1, -math.MaxFloat32}}}},
			{Name: "a..b", Tensors: []Tensor{
				{Name: "weight", Shape: []int{0, 4}, Data: []float32{}}, {Name: "bias", Shape: []int{1}, Data: []float32{0}}}},
		},
		"several pieces": {{Tensors: []Tensor{{Name: "x", Shape: []int{3, 50_000}, Data: counted(150_000)}}}},
	} {
		path := filepath.Join(t.TempDir(), "x")
		if err := SaveSafetensors(path, layers); err != nil {
			t.Fatal(name, err)
		}
		c, err := Open(path)
		if err != nil {
			t.Fatal(name, err)
		}
		equalLayers(t, c.Layers, layers)
		if b, err := os.ReadFile(path); err != nil || binary.LittleEndian.Uint64(b)%8 != 0 {
			t.Errorf("%s: the data is not aligned: %v", name, err)
		}
	}
}

func counted(n int) []float32 {
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(i)
	}
	return values
}

func TestSaveSafetensorsRefusesWhatDoesNotReadBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.safetensors")
	one := func(layer, name string, shape []int, data ...float32) []Layer {
		return []Layer{{Name: layer, Tensors: []Tensor{{Name: name, Shape: shape, Data: data}}}}
	}
	scalar := func(layer, name string) []Layer { return one(layer, name, nil, 1) }
	for _, c := range []struct {
		want   string
		layers []Layer
	}{
		{"infinite values in a/b (1 of 1)", one("a", "b", nil, float32(math.Inf(1)))},
		{"infinite values in b (1 of 1)", one("", "b", nil, float32(math.NaN()))},
		{`tensor "a.b": shape [2 2] needs 4 values, not 1`, one("a", "b", []int{2, 2}, 1)},
		{"shape [-1]", one("a", "b", []int{-1})},
		{"shape [4294967296 4294967296]", one("a", "b", []int{1 << 32, 1 << 32})},
		{"65 dimensions", one("a", "b", slices.Repeat([]int{1}, 65), 1)},
		{`two tensors are named "a.b"`, append(scalar("a", "b"), scalar("a", "b")...)},
		{"does not read back", scalar("a", "b.c")},
		{"does not read back", scalar("a", "")},
		{"does not read back", scalar(".a", "b")},
		{"does not read back", scalar("a", "\xff")},
	} {
		err := SaveSafetensors(path, c.layers)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 0 {
		t.Errorf("refused files left %v behind", entries)
	}
}

// TestHeaderLengthMayLookLikeAnotherFormat: of "{" and "PK" bytes.
func TestHeaderLengthMayLookLikeAnotherFormat(t *testing.T) {
	for _, length := range []int{'{', 'P' | 'K'<<8} {
		header := fmt.Sprintf("%-*s", length, `{"a.weight":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`)
		b := safetensorsBytes(header, 4)
		c, err := Read(bytes.NewReader(b), int64(len(b)), "a")
		if err != nil || len(c.Layers) != 1 {
			t.Errorf("%q: got %v", b[:10], err)
		}
	}
}

// TestTensorsMayLieInAnyOrder: that of the header is kept, and empty ones take no place.
func TestTensorsMayLieInAnyOrder(t *testing.T) {
	b := safetensorsBytes("{"+entry("c", 1, 8, 12)+","+entry("a", 2, 0, 8)+","+entry("b", 0, 0, 0)+"}", 12)
	b[len(b)-1] = 0x40 // the highest byte of 2
	c, err := Read(bytes.NewReader(b), int64(len(b)), "a")
	if err != nil {
		t.Fatal(err)
	}
	equalLayers(t, c.Layers, []Layer{{Tensors: []Tensor{{Name: "c", Shape: []int{1}, Data: []float32{2}},
		{Name: "a", Shape: []int{2}, Data: make([]float32, 2)}, {Name: "b", Shape: []int{0}}}}})
}

// safetensorsBytes is a file with n zeros of data.
func safetensorsBytes(header string, n int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, n)...)
}
