package weights

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/weights/hdf5"
)

func readTree(t *testing.T, datasets ...string) (*Checkpoint, error) {
	t.Helper()
	tree := &hdf5.Tree{}
	for i, path := range datasets {
		if err := tree.Dataset(path, []int{1}, []float32{float32(i)}); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := hdf5.Write(&b, tree); err != nil {
		t.Fatal(err)
	}
	return Read(bytes.NewReader(b.Bytes()), int64(b.Len()), "x.weights.h5")
}

func paths(layers []Layer) (found []string) {
	for _, l := range layers {
		for _, x := range l.Tensors {
			found = append(found, l.Name+":"+x.Name)
		}
	}
	return found
}

func TestVariablesAreThoseOfLayersInCountedOrder(t *testing.T) {
	for name, c := range map[string]struct{ datasets, want []string }{
		"counted": {
			[]string{"layers/conv2d_10/vars/0", "layers/conv2d_2/vars/10", "layers/conv2d_2/vars/9", "layers/conv2d/vars/0"},
			[]string{"layers/conv2d:0", "layers/conv2d_2:9", "layers/conv2d_2:10", "layers/conv2d_10:0"},
		},
		"parts of a layer": {
			[]string{"layers/multi_head_attention/query_dense/vars/0", "layers/multi_head_attention/key_dense/vars/0"},
			[]string{"layers/multi_head_attention/key_dense:0", "layers/multi_head_attention/query_dense:0"},
		},
		"beside layers": {
			[]string{"layers/dense/vars/0", "optimizer/vars/0", "metrics/mean/vars/0", "vars/0"},
			[]string{"layers/dense:0"},
		},
		"random generators": {
			[]string{"layers/dropout/seed_generator/vars/0", "layers/random_flip/generator/vars/0", "layers/generator/vars/0"},
			[]string{"layers/generator:0"},
		},
		"TensorFlow 2.13": {
			[]string{"_layer_checkpoint_dependencies/functional/_layer_checkpoint_dependencies/dense/vars/0"},
			[]string{"layers/functional/layers/dense:0"},
		},
	} {
		got, err := readTree(t, c.datasets...)
		if err != nil || !slices.Equal(paths(got.Layers), c.want) {
			t.Errorf("%s: got %v, %v; want %v", name, paths(got.Layers), err, c.want)
		}
	}
}

func TestVariablesElsewhereAreRefused(t *testing.T) {
	for _, path := range []string{"layers/dense/0", "layers/vars"} {
		_, err := readTree(t, "layers/a/vars/0", path)
		if err == nil || !strings.Contains(err.Error(), path+" is a dataset") {
			t.Errorf("%s: got %v", path, err)
		}
	}
}

// TestLayersOfAnyNameKeepTheFormat: a layer may be named as a group of another format.
func TestLayersOfAnyNameKeepTheFormat(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.h5")
	want := []Layer{{Name: layersGroup}, {Name: weightsGroup}, {Name: oldLayersGroup}}
	if err := Save(path, want); err != nil {
		t.Fatal(err)
	}
	c, err := Open(path)
	if err != nil || c.Format != KerasWeights {
		t.Fatal(fmt.Sprint(c), err)
	}
	equalLayers(t, c.Layers, want)
}
