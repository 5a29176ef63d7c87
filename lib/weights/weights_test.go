package weights

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestOpenEqualsKeras compares files with what Keras and h5py find in them: see
// scripts/oracle/goldens/keras_weights.py.
func TestOpenEqualsKeras(t *testing.T) {
	goldens, err := filepath.Glob("testdata/*.json")
	if err != nil || len(goldens) < 14 {
		t.Fatal("the goldens are missing: run scripts/oracle goldens --only keras_weights", err)
	}
	for _, golden := range goldens {
		t.Run(filepath.Base(golden), func(t *testing.T) {
			b, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			var want Checkpoint
			if err := json.Unmarshal(b, &want); err != nil {
				t.Fatal(err)
			}
			got, err := Open(filepath.Join("testdata", want.Path))
			if err != nil {
				t.Fatal(err)
			}
			equalLayers(t, got.Layers, want.Layers)
			if got.Format != want.Format || !slices.Equal(got.Notes, want.Notes) || !bytes.Equal(got.Config, want.Config) {
				t.Errorf("got %q, %q and %d bytes of configuration; want %q, %q and %d",
					got.Format, got.Notes, len(got.Config), want.Format, want.Notes, len(want.Config))
			}
		})
	}
}

func equalLayers(t *testing.T, got, want []Layer) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got %d layers, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i].Name != want[i].Name || len(got[i].Tensors) != len(want[i].Tensors) {
			t.Fatalf("layer %d: got %s with %d tensors, want %s with %d",
				i, got[i].Name, len(got[i].Tensors), want[i].Name, len(want[i].Tensors))
		}
		for j, w := range want[i].Tensors {
			g := got[i].Tensors[j]
			sameBits := slices.EqualFunc(g.Data, w.Data, func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) })
			if g.Name != w.Name || !slices.Equal(g.Shape, w.Shape) || !sameBits {
				t.Errorf("layer %s: got %v, want %v", want[i].Name, g, w)
			}
		}
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	folder := t.TempDir()
	whole, err := os.ReadFile("testdata/keras3_weights.h5")
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, b []byte) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, b, 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for path, want := range map[string]string{
		filepath.Join(folder, "absent.h5"):                     "no such file",
		folder:                                                 "is a folder",
		write("empty.h5", nil):                                 "truncated",
		write("page.h5", []byte("<html><body>")):               "a web page in place of a model",
		write("short.h5", whole[:50]):                          "truncated",
		write("cut.h5", whole[:len(whole)-1]):                  "truncated: it should have",
		"testdata/refused_dense_group.h5":                      "fractal heap",
		"testdata/refused_soft_link.h5":                        "/a is a soft or external link",
		"testdata/refused_lzf.h5":                              "filter 32000 is not supported",
		"testdata/refused_latest_chunks.h5":                    "chunk indexes of version 4",
		"testdata/refused_nan.h5":                              "a/kernel (2 of 3)",
		"testdata/refused_no_keras.h5":                         "no attribute layer_names, and neither of the groups",
		"testdata/refused_quantized.weights.h5":                "layers/dense\": \"0\" has the type int8: quantized",
		"testdata/refused_bytes.h5":                            "uint8: quantized",
		"testdata/refused_layer_cycle.weights.h5":              "nested more than 24 deep",
		write("model.weights.json", []byte("{\"shards\": 2}")): "shards",
		"testdata/refused_cycle.h5":                            "41 components",
		"testdata/refused_same_data.h5":                        "claim more data than the file has",
	} {
		_, err := Open(path)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v, want %q", path, err, want)
		}
	}
}

// TestPublishedFileOpens needs a folder ../shared/data beside the module with the file that Keras publishes.
func TestPublishedFileOpens(t *testing.T) {
	const file = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.h5"
	path := filepath.Join("..", "..", "..", "shared", "data", file)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("needs the published file %s: %v", file, err)
	}
	c, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	tensors, parameters := 0, 0
	for _, l := range c.Layers {
		tensors += len(l.Tensors)
		for _, x := range l.Tensors {
			parameters += len(x.Data)
		}
	}
	if len(c.Layers) != 154 || tensors != 260 || parameters != 410208 {
		t.Errorf("got %d layers, %d tensors, %d parameters; want 154, 260, 410208", len(c.Layers), tensors, parameters)
	}
	saved := filepath.Join(t.TempDir(), "again.h5")
	if err := Save(saved, c.Layers); err != nil {
		t.Fatal(err)
	}
	again, err := Open(saved)
	if err != nil {
		t.Fatal(err)
	}
	equalLayers(t, again.Layers, c.Layers)
}

func TestTensorNamesAreTheVariablesOwn(t *testing.T) {
	for _, c := range []struct {
		layer       string
		paths, want []string
	}{
		{"conv", []string{"conv/kernel:0", "conv/bias:0"}, []string{"kernel", "bias"}},
		{"conv", []string{"conv/conv/kernel:0"}, []string{"kernel"}},
		{"conv", []string{"sequential/conv/kernel"}, []string{"kernel"}},
		{"heads", []string{"heads/query/kernel:0", "heads/key/kernel:0", "heads/scale:0"}, []string{"query/kernel", "key/kernel", "scale"}},
		{"heads", []string{"vit/heads/query/kernel", "vit/heads/key/kernel"}, []string{"query/kernel", "key/kernel"}},
		{"base", []string{"Conv1/kernel:0", "bn_Conv1/gamma:0", "last/kernel:0"}, []string{"Conv1/kernel", "bn_Conv1/gamma", "last/kernel"}},
	} {
		if got, err := tensorNames(c.layer, c.paths); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, %v; want %q", c.layer, got, err, c.want)
		}
	}
	for _, paths := range [][]string{{"a/kernel:0", "a/kernel:0"}, {"a/kernel:0", "a/kernel"}, {""}, {":0"}} {
		if got, err := tensorNames("a", paths); err == nil {
			t.Errorf("%q gave %q", paths, got)
		}
	}
}
