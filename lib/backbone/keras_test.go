package backbone

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/transfer-learning-go/defects/lib/device"
	"github.com/transfer-learning-go/defects/lib/files"
	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/weights"
)

// variant chooses a backbone in testdata.
type variant struct {
	Name    string
	Alpha   float64
	Input   int
	Top     bool
	Classes int
	// Published says that it has the layers that Keras makes for its published weights, where they are others.
	Published bool
}

func (v variant) build(t *testing.T) *Backbone {
	t.Helper()
	c := Config{Alpha: v.Alpha, Input: v.Input, IncludeTop: v.Top, Classes: v.Classes}
	b, err := New(v.Name, c)
	if err != nil {
		t.Fatal(err)
	}
	if !v.Published {
		return b
	}
	c.Weights = filepath.Join(t.TempDir(), "published.h5")
	if err := weights.Save(c.Weights, b.Layers.Checkpoint(filled(b.Layers))); err != nil {
		t.Fatal(err)
	}
	if b, err = New(v.Name, c); err != nil {
		t.Fatal(err)
	}
	return b
}

// table is one row of testdata/tables.json.gz, made by scripts/oracle/goldens/keras_tables.py.
type table struct {
	variant
	Params, Trainable int
	Layers            []struct {
		Name, Class string
		Output      []int
		Params      int
		Inputs      []string
		Weights     [][2]any // name, shape
	}
}

func TestBackbonesHaveKerasLayers(t *testing.T) {
	var tables []table
	golden.Read(t, "testdata/tables.json.gz", &tables)
	for _, want := range tables {
		b := want.build(t)
		what := fmt.Sprintf("%s of %d pixels, top %v", b, want.Input, want.Top)
		if p, n := b.Layers.Params(), b.Layers.TrainableParams(); p != want.Params || n != want.Trainable {
			t.Errorf("%s: %d parameters, %d trainable; Keras has %d, %d", what, p, n, want.Params, want.Trainable)
		}
		if len(b.Layers) != len(want.Layers) {
			t.Errorf("%s: %d layers, Keras has %d", what, len(b.Layers), len(want.Layers))
			continue
		}
		for i, w := range want.Layers {
			l := b.Layers[i]
			if l.Name != w.Name || l.Op.Class() != w.Class || l.Params() != w.Params || !slices.Equal(l.Shape, w.Output) ||
				!slices.Equal(l.Inputs, w.Inputs) {
				t.Errorf("%s layer %d: %s (%s) %v, %d parameters, reads %v; Keras has %+v",
					what, i, l.Name, l.Op.Class(), l.Shape, l.Params(), l.Inputs, w)
			}
			requireWeights(t, what, l, w.Weights)
		}
	}
}

// requireWeights compares the weights of a layer with rows of name and shape.
func requireWeights(t *testing.T, what string, l *layer.Layer, want [][2]any) {
	t.Helper()
	if len(l.W) != len(want) {
		t.Errorf("%s layer %s: %d weights, Keras has %d", what, l.Name, len(l.W), len(want))
		return
	}
	for j, row := range want {
		var shape []int
		for _, d := range row[1].([]any) {
			shape = append(shape, int(d.(float64)))
		}
		if l.W[j].Name != row[0] || !slices.Equal(l.W[j].Shape, shape) {
			t.Errorf("%s layer %s: weight %s%v, Keras has %v", what, l.Name, l.W[j].Name, l.W[j].Shape, row)
		}
	}
}

// The tables beside the checkout are an independent description of the lesson's backbones.
func TestLessonsBackbonesEqualTheTables(t *testing.T) {
	for file, v := range map[string]variant{
		"mobilenet_v2_1.00_224.json": {Name: "mobilenetv2"},
		"mobilenet_v2_0.35_224.json": {Name: "mobilenetv2", Alpha: 0.35},
		"resnet50v2_200.json":        {Name: "resnet50v2"},
	} {
		path := filepath.Join(files.ModuleRoot(), "..", "shared", "oracle", file)
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Skipf("needs %s: %v", path, err)
		}
		var want struct {
			Params int
			Layers []struct {
				Name, Type string
				Output     []int
				Params     int
				Weights    [][2]any
			}
		}
		if err := json.Unmarshal(raw, &want); err != nil {
			t.Fatal(err)
		}
		b := v.build(t)
		if b.Layers.Params() != want.Params || len(b.Layers) != len(want.Layers) {
			t.Fatalf("%s: %d parameters in %d layers, want %d in %d", file, b.Layers.Params(), len(b.Layers), want.Params,
				len(want.Layers))
		}
		for i, w := range want.Layers {
			l := b.Layers[i]
			if l.Name != w.Name || l.Op.Class() != w.Type || l.Params() != w.Params || !slices.Equal(l.Shape, w.Output) {
				t.Errorf("%s layer %d: %s (%s) %v, %d parameters, want %+v", file, i, l.Name, l.Op.Class(), l.Shape,
					l.Params(), w)
			}
			requireWeights(t, file, l, w.Weights)
		}
	}
}

// filled gives each weight its values of golden.Weight.
func filled(ls layer.List) layer.Values {
	v := layer.Values{}
	for _, l := range ls {
		for _, w := range l.W {
			v[l.Name] = append(v[l.Name], golden.Weight(l.Name, w.Name, w.Shape))
		}
	}
	return v
}

// activations computes the outputs of layers by name, for images [batch, input, input, 3].
func activations(t testing.TB, ls layer.List, v layer.Values, names []string, batch int, pixels []float32) map[string][]float32 {
	t.Helper()
	d, err := device.Open()
	if err != nil {
		t.Fatal(err)
	}
	exec, err := NewExec(d.Backend, func(in []*Node) []*Node {
		next := 1
		nodes := map[string][]*Node{}
		for _, l := range ls {
			nodes[l.Name] = in[next : next+len(l.W)]
			next += len(l.W)
		}
		env := &layer.Env{Weight: func(l *layer.Layer, i int) *Node { return nodes[l.Name][i] }}
		all := ls.BuildAll(env, in[0])
		out := make([]*Node, len(names))
		for i, name := range names {
			out[i] = all[name]
		}
		return out
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	args := []any{tensors.FromFlatDataAndDimensions(pixels, append([]int{batch}, ls[0].Shape...)...)}
	for _, l := range ls {
		for i, w := range l.W {
			args = append(args, tensors.FromFlatDataAndDimensions(v[l.Name][i], w.Shape...))
		}
	}
	out, err := exec.Call(args...)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string][]float32{}
	for i, name := range names {
		if values[name], err = tensors.CopyFlatData[float32](out[i]); err != nil {
			t.Fatal(err)
		}
		out[i].MustFinalizeAll()
	}
	return values
}

// testdata/activations.json.gz is made by scripts/oracle/goldens/keras_activations.py.
func TestBackbonesEqualKerasLayerByLayer(t *testing.T) {
	var variants []struct {
		variant
		Layers []struct {
			Name string
			golden.Checksums
		}
		Features, Probabilities []float32
	}
	golden.Read(t, "testdata/activations.json.gz", &variants)
	for _, want := range variants {
		b := want.build(t)
		if len(want.Layers) != len(b.Layers) {
			t.Fatalf("%s: %d layers, Keras has %d", b, len(b.Layers), len(want.Layers))
		}
		var names []string
		for _, l := range b.Layers {
			names = append(names, l.Name)
		}
		low, high := float32(-1), float32(1)
		if b.Preprocess() == nil {
			low, high = 0, 255
		}
		pixels := golden.Uniform("images", 2*want.Input*want.Input*3, low, high)
		got := activations(t, b.Layers, filled(b.Layers), names, 2, pixels)
		for _, w := range want.Layers {
			if d := w.Relative(w.Name, got[w.Name]); !(d <= 1e-5) {
				t.Errorf("%s: %s differs from Keras's by %.2g of its largest value, %.3g", b, w.Name, d, w.Largest)
			}
		}
		for i, w := range [][]float32{want.Features, want.Probabilities} {
			l := b.Layers[len(b.Layers)-2+i]
			if d := golden.Relative(got[l.Name], w); d > 1e-5 {
				t.Errorf("%s: %s differs from Keras's by %.2g of its largest value", b, l.Name, d)
			}
		}
	}
}
