package keras

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/transfer-learning-go/defects/lib/device"
	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/weights"
)

// prediction is what Keras gives for golden.Uniform numbers.
type prediction struct {
	Shape   []int
	Classes int
	Values  []float32
}

// unpack writes testdata/models.zip, made by scripts/oracle/goldens/keras_files.py, into a folder.
func unpack(t testing.TB) (folder string, predictions map[string]prediction) {
	t.Helper()
	return unzip(t, "testdata/models.zip")
}

// unzip writes the models of a zip file into a folder.
func unzip(t testing.TB, path string) (folder string, predictions map[string]prediction) {
	t.Helper()
	folder = t.TempDir()
	for _, f := range golden.Unzip(t, path) {
		if f.Name == "predictions.json" {
			if err := json.Unmarshal(f.Content, &predictions); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.WriteFile(filepath.Join(folder, f.Name), f.Content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder, predictions
}

func open(t *testing.T, path string) *Model {
	t.Helper()
	m, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// predict gives the output of a model for inputs [n, …].
func predict(t *testing.T, m *Model, v layer.Values, shape []int, x []float32) []float32 {
	t.Helper()
	d, err := device.Open()
	if err != nil {
		t.Fatal(err)
	}
	exec, err := NewExec(d.Backend, func(in []*Node) *Node {
		weight := func(l *layer.Layer, i int) *Node {
			return Reshape(Const(in[0].Graph(), v[l.Name][i]), l.W[i].Shape...)
		}
		return m.Layers.Build(&layer.Env{Weight: weight}, in[0])
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	out, err := exec.Call(tensors.FromFlatDataAndDimensions(x, shape...))
	if err != nil {
		t.Fatal(err)
	}
	y, err := tensors.CopyFlatData[float32](out[0])
	if err != nil {
		t.Fatal(err)
	}
	return y
}

func (p prediction) input(name string) []float32 {
	n := 1
	for _, d := range p.Shape {
		n *= d
	}
	return golden.Uniform(name+"/x", n, 0, 255)
}

func TestModelsOfKerasPredictTheSame(t *testing.T) {
	folder, predictions := unpack(t)
	for name, want := range predictions {
		for _, extension := range []string{".h5", ".keras"} {
			t.Run(name+extension, func(t *testing.T) {
				m := open(t, filepath.Join(folder, name+extension))
				tolerance := 1e-5
				if strings.HasSuffix(name, "float16") { // Keras computes in float16, too
					tolerance = 5e-3
					notes := strings.Join(m.Notes, "\n")
					if !strings.Contains(notes, "float16 were converted") || !strings.Contains(notes, "in the file with the policy float16") {
						t.Errorf("the notes do not speak of float16: %q", notes)
					}
				}
				if d := golden.Difference(predict(t, m, m.Values, want.Shape, want.input(name)), want.Values); d > tolerance {
					t.Errorf("probabilities differ by %v", d)
				}
			})
		}
	}
}

// matchAny takes the weights of a known architecture from a checkpoint of any format: weights alone, whole models and
// .keras archives.
func matchAny(ls layer.List, nested []layer.Nested, c *weights.Checkpoint) (layer.Values, error) {
	file, err := expand(&Model{Layers: ls, Nested: nested})
	if err != nil {
		return nil, err
	}
	v, err := match(file.Layers, file.Nested, c)
	if err != nil {
		return nil, err
	}
	_, tables := collapse(file)
	takeTables(v, tables)
	return v, nil
}

// TestWeightsAloneFitTheirArchitecture takes the values from another file than the layers.
func TestWeightsAloneFitTheirArchitecture(t *testing.T) {
	folder, predictions := unpack(t)
	for name, want := range predictions {
		architecture := filepath.Join(folder, name+".h5")
		files, _ := filepath.Glob(filepath.Join(folder, name+".*"))
		for _, file := range files {
			m := open(t, architecture)
			c, err := weights.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			v, err := matchAny(m.Layers, m.Nested, c)
			if err != nil {
				t.Errorf("%s: %v", file, err)
				continue
			}
			if !reflect.DeepEqual(v, m.Values) {
				t.Errorf("%s: other values than %s", file, architecture)
			}
		}
		_ = want
	}
}

func TestLessonModelKeepsItsParts(t *testing.T) {
	folder, _ := unpack(t)
	for _, file := range []string{"lesson-keras3.h5", "lesson-keras3.keras", "lesson-keras2.h5", "lesson-keras2.keras"} {
		m := open(t, filepath.Join(folder, file))
		var got []string
		for _, l := range m.Layers {
			flags := ""
			if l.Frozen {
				flags += " frozen"
			}
			if l.Inference {
				flags += " inference"
			}
			got = append(got, fmt.Sprintf("%s(%s)%s", l.Op.Class(), strings.Join(l.Inputs, " "), flags))
		}
		if m.Layers[1].Op != (layer.Resizing{Height: 16, Width: 16}) ||
			m.Layers[2].Op != (layer.Rescaling{Scale: 1 / 127.5, Offset: -1}) {
			t.Errorf("%s: preprocessing is %+v, %+v", file, m.Layers[1].Op, m.Layers[2].Op)
		}
		resize, scale := m.Layers[1].Name, m.Layers[2].Name
		want := []string{"InputLayer()", "Resizing(pixels)", "Rescaling(" + resize + ")",
			"InputLayer(" + scale + ") inference", "Conv2D(image) frozen inference",
			"BatchNormalization(base_conv) frozen inference", "ReLU(conv_bn) frozen inference",
			"DepthwiseConv2D(conv_relu) inference", "BatchNormalization(depthwise) inference",
			"Add(conv_bn depthwise_bn) inference", "Conv2D(add) inference", "BatchNormalization(features) inference",
			"GlobalAveragePooling2D(features_bn)", "Dropout(pool)", "Dense(dropout)", "Dropout(conv)", "Dense(dropout_1)"}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %q\nwant %q", file, got, want)
		}
		if !reflect.DeepEqual(m.Nested, []layer.Nested{{Name: "base", Start: 3, End: 12}}) {
			t.Errorf("%s: nested models %v", file, m.Nested)
		}
	}
}

func TestOpenSaveOpenIsTheSame(t *testing.T) {
	folder, predictions := unpack(t)
	for name := range predictions {
		for _, from := range []string{".h5", ".keras"} {
			m := open(t, filepath.Join(folder, name+from))
			m.Extra, m.Training = []byte(`{"classes":["a","b"]}`), nil // models come uncompiled
			for _, to := range []string{".h5", ".keras"} {
				path := filepath.Join(t.TempDir(), "saved"+to)
				if err := Save(path, m); err != nil {
					t.Errorf("%s to %s: %v", name+from, to, err)
					continue
				}
				again := open(t, path)
				again.Notes, again.Format = m.Notes, m.Format
				if !reflect.DeepEqual(again, m) {
					t.Errorf("%s to %s: another model\n%s", name+from, to, difference(again, m))
				}
			}
			path := filepath.Join(t.TempDir(), "saved.weights.h5")
			if err := Save(path, m); err != nil {
				t.Fatal(err)
			}
			c, err := weights.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			v, err := matchAny(m.Layers, m.Nested, c)
			if err != nil || !reflect.DeepEqual(v, m.Values) {
				t.Errorf("%s to .weights.h5: other values, %v", name+from, err)
			}
		}
	}
}

func difference(a, b *Model) string {
	for i := range min(len(a.Layers), len(b.Layers)) {
		if !reflect.DeepEqual(a.Layers[i], b.Layers[i]) {
			return fmt.Sprintf("%+v\n%+v", *a.Layers[i], *b.Layers[i])
		}
	}
	return fmt.Sprintf("%s %v %d layers %s\n%s %v %d layers %s", a.Name, a.Nested, len(a.Layers), a.Extra, b.Name, b.Nested,
		len(b.Layers), b.Extra)
}

// A base is found in the file of the model that it is nested in, whatever the format.
func TestWeightsOfANestedModelFitItsArchitecture(t *testing.T) {
	folder, _ := unpack(t)
	for _, ending := range []string{".h5", ".keras", ".weights.h5"} {
		m := open(t, filepath.Join(folder, "lesson-keras3.h5"))
		n := m.Nested[0]
		base := slices.Clone(m.Layers[n.Start:n.End])
		c, err := weights.Open(filepath.Join(folder, "lesson-keras3"+ending))
		if err != nil {
			t.Fatal(err)
		}
		v, err := Match(base, c)
		if err != nil {
			t.Errorf("%s: %v", ending, err)
			continue
		}
		for _, l := range base {
			if len(l.W) > 0 && !reflect.DeepEqual(v[l.Name], m.Values[l.Name]) {
				t.Errorf("%s: other values of %s", ending, l.Name)
			}
		}
		_, err = Match(base[:len(base)-1], c)
		if err == nil || !strings.Contains(err.Error(), "missing layer") {
			t.Errorf("%s: without its last layer: %v", ending, err)
		}
	}
}
