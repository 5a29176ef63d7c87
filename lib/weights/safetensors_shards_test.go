package weights

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// writeFiles makes a folder of files.
func writeFiles(t *testing.T, files map[string][]byte) string {
	t.Helper()
	folder := t.TempDir()
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(folder, name), b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func indexOf(t *testing.T, weightMap map[string]string) []byte {
	t.Helper()
	b, err := json.Marshal(map[string]any{"metadata": map[string]int{"total_size": 8}, "weight_map": weightMap})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestFolderOpensItsCheckpoint(t *testing.T) {
	single, one := safetensorsBytes("{"+entry("whole", 1, 0, 4)+"}", 4), safetensorsBytes("{"+entry("one", 1, 0, 4)+"}", 4)
	index := indexOf(t, map[string]string{"one": "1.safetensors"})
	for name, c := range map[string]struct {
		files             map[string][]byte
		file, firstTensor string
	}{
		"one file": {map[string][]byte{safetensorsFile: single}, safetensorsFile, "whole"},
		"shards":   {map[string][]byte{safetensorsIndex: index, "1.safetensors": one}, safetensorsIndex, "one"},
		"both":     {map[string][]byte{safetensorsFile: single, safetensorsIndex: index}, safetensorsFile, "whole"},
	} {
		folder := writeFiles(t, c.files)
		got, err := Open(folder)
		if err != nil {
			t.Fatal(name, err)
		}
		if got.Path != filepath.Join(folder, c.file) || got.Layers[0].Tensors[0].Name != c.firstTensor {
			t.Errorf("%s: got %s with %v", name, got.Path, got.Layers)
		}
	}
}

// TestModuleInTwoShardsIsOneLayer, and an index may be called anything.
func TestModuleInTwoShardsIsOneLayer(t *testing.T) {
	folder := writeFiles(t, map[string][]byte{
		"1": safetensorsBytes("{"+entry("a.weight", 1, 0, 4)+"}", 4),
		"2": safetensorsBytes("{"+entry("b.weight", 1, 0, 4)+","+entry("a.bias", 1, 4, 8)+"}", 8),
		"x": indexOf(t, map[string]string{"a.weight": "1", "a.bias": "2", "b.weight": "2"}),
	})
	c, err := Open(filepath.Join(folder, "x"))
	if err != nil {
		t.Fatal(err)
	}
	zero := func(name string) Tensor { return Tensor{Name: name, Shape: []int{1}, Data: []float32{0}} }
	equalLayers(t, c.Layers, []Layer{
		{Name: "a", Tensors: []Tensor{zero("weight"), zero("bias")}}, {Name: "b", Tensors: []Tensor{zero("weight")}}})
}

func TestBadShardsGiveErrors(t *testing.T) {
	shard := safetensorsBytes("{"+entry("a", 1, 0, 4)+","+entry("b", 1, 4, 8)+"}", 8)
	nan := bytes.Clone(shard)
	copy(nan[len(nan)-4:], "\x00\x00\xc0\x7f")
	index := func(weightMap map[string]string) []byte { return indexOf(t, weightMap) }
	promised := index(map[string]string{"a": "1", "b": "1"})
	for name, c := range map[string]struct {
		index, shard []byte
		want         string
	}{
		"missing shards": {
			index(map[string]string{"a": "1", "b": "3.safetensors", "c": "2.safetensors", "d": "3.safetensors"}), shard,
			"2 of the 3 shards that it names are missing in its folder: 2.safetensors, 3.safetensors; get them, too",
		},
		"lacking tensors": {
			index(map[string]string{"a": "1", "b": "1", "d": "1", "c": "1"}), shard,
			"shard 1: it lacks what the index promises: c, d; get",
		},
		"unlisted tensors": {
			index(map[string]string{"a": "1"}), shard, "shard 1: it has what the index does not say: b; get",
		},
		"truncated shard": {promised, shard[:len(shard)-1], `shard 1: its header: tensor "b" should end`},
		"a pointer":       {promised, []byte("version https://git-lfs.github.com/spec/v1\n"), "shard 1: it is a pointer of Git LFS"},
		"index as shard":  {promised, promised, "shard 1: it is no safetensors file: it starts with"},
		"NaN":             {promised, nan, "NaN or infinite values in b (1 of 1)"},
		"tensor twice":    {[]byte(`{"weight_map":{"a":"1","a":"1"}}`), shard, `its weight_map: "a" is there twice`},
		"map twice":       {[]byte(`{"weight_map":{},"weight_map":{}}`), shard, `"weight_map" is there twice`},
		"map, a list":     {[]byte(`{"weight_map":[]}`), shard, `its weight_map: there should be "{"`},
		"shard, a number": {[]byte(`{"weight_map":{"a":1}}`), shard, `its weight_map: "a": there should be a text, and there is 1`},
		"no map":          {[]byte(`{"metadata":{}}`), shard, "it is JSON, not weights"},
		"cut off":         {promised[:len(promised)-1], shard, "it is not JSON; the file is damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			folder := writeFiles(t, map[string][]byte{safetensorsIndex: c.index, "1": c.shard})
			path := filepath.Join(folder, safetensorsIndex)
			for _, open := range []string{folder, path} {
				_, err := Open(open)
				if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
					t.Errorf("got %v, want %q", err, c.want)
				}
			}
		})
	}
	for _, leaving := range []string{"../1", "/etc/passwd", "a/1", `..\1`, `C:\1`, "C:1", "..", ".", ""} {
		folder := writeFiles(t, map[string][]byte{safetensorsIndex: index(map[string]string{"a": leaving})})
		if _, err := Open(folder); err == nil || !strings.Contains(err.Error(), "is no file name in the folder of the index") {
			t.Errorf("%q: got %v", leaving, err)
		}
	}
}

func TestIndexWithoutFolderSaysHowToOpenIt(t *testing.T) {
	for _, b := range [][]byte{
		indexOf(t, map[string]string{"a": "1"}),
		[]byte(`{"m":   {}, "weight_map": {"a": "1"}}`), // the brace stands where a header of safetensors has its own
	} {
		_, err := Read(bytes.NewReader(b), int64(len(b)), "x")
		if err == nil || !strings.Contains(err.Error(), "open it by its path") {
			t.Errorf("got %v", err)
		}
	}
}
