package onnx_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/internal/onnxrun"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/onnx"
)

// kerasCase is one layer on inputs of these shapes, with the values that it has in Keras: see package layer's tests.
type kerasCase struct {
	Name string
	Op   struct {
		Class  string `json:"class_name"`
		Config json.RawMessage
	}
	Shapes    [][]int
	Low, High float32
	Output    []int
	Values    []float32
}

// ours are layers that Keras has no class for.
var ours = map[string]layer.Op{"ClassToken": layer.ClassToken{}, "PositionEmbedding": layer.PositionEmbedding{}}

func (c kerasCase) op(t *testing.T) layer.Op {
	t.Helper()
	if op, ok := ours[c.Op.Class]; ok {
		return op
	}
	f := layer.NewFields(c.Name, c.Op.Class, c.Op.Config)
	f.Common()
	op, ok := layer.Read(c.Op.Class, f)
	if !ok || f.Problems != nil {
		t.Fatal(ok, f.Problems)
	}
	return op
}

// network is the layer as a network of one input. Several inputs of the layer are cut out of that.
func (c kerasCase) network(t *testing.T) (ls layer.List, pixels []float32) {
	t.Helper()
	b := &layer.Builder{}
	batch, each := c.Shapes[0][0], 0
	rows := make([][]float32, batch)
	for i, shape := range c.Shapes {
		x := golden.Uniform(fmt.Sprintf("%s/x%d", c.Name, i), layer.Size(shape), c.Low, c.High)
		each += len(x) / batch
		for row := range rows {
			rows[row] = append(rows[row], x[row*len(x)/batch:(row+1)*len(x)/batch]...)
		}
	}
	var inputs []string
	if len(c.Shapes) == 1 {
		inputs = []string{b.Add("x", layer.Input{Shape: c.Shapes[0][1:]})}
	} else {
		all := b.Add("x", layer.Input{Shape: []int{each, 1}})
		begin := 0
		for _, shape := range c.Shapes {
			n := layer.Size(shape[1:])
			b.Add("", layer.Cropping1D{Cropping: [2]int{begin, each - begin - n}}, all)
			inputs = append(inputs, b.Add("", layer.Reshape{Shape: shape[1:]}))
			begin += n
		}
	}
	b.Add(c.Name, c.op(t), inputs...)
	if b.Err != nil {
		t.Fatal(b.Err)
	}
	return b.List, slices.Concat(rows...)
}

func filled(ls layer.List) layer.Values {
	v := layer.Values{}
	for _, l := range ls {
		for _, w := range l.W {
			v[l.Name] = append(v[l.Name], golden.Weight(l.Name, w.Name, w.Shape))
		}
	}
	return v
}

func kerasCases(t *testing.T) []kerasCase {
	t.Helper()
	var all struct{ Cases []kerasCase }
	golden.Read(t, "../layer/testdata/layers.json.gz", &all)
	var small []kerasCase
	golden.Read(t, "../layer/testdata/small_layers.json.gz", &small)
	return append(all.Cases, small...)
}

// nothing lists layers that compute nothing in inference. StochasticDepth is read as a Dropout.
var nothing = []string{"Dropout", "StochasticDepth"}

// idle reports whether the layer computes nothing, which no file holds.
func (c kerasCase) idle() bool {
	return slices.Contains(nothing, c.Op.Class) || c.Op.Class == "Resizing" && slices.Equal(c.Shapes[0], c.Output)
}

// save writes a network to a file and reads it.
func save(t *testing.T, m *onnx.Model) (path string, read *onnxrun.Model) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "model.onnx")
	if err := onnx.Save(path, m); err != nil {
		t.Fatal(err)
	}
	read, err := onnxrun.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, read
}

// compute runs a file as ONNX's documentation says.
func compute(t *testing.T, m *onnxrun.Model, x []float32, shape []int) []float32 {
	t.Helper()
	out, err := m.Run(onnxrun.Tensor{Dims: append([]int{len(x) / layer.Size(shape)}, shape...), Floats: x})
	if err != nil {
		t.Fatal(err)
	}
	return out.Floats
}

// tolerance is relative to the largest value. Positions of pixels are rounded to float32 in Keras and here, which ONNX does
// not ask for: its own operator is used for bilinear resizing.
func (c kerasCase) tolerance(t *testing.T) float64 {
	if _, ok := c.op(t).(layer.Resizing); ok {
		return 1e-4
	}
	return 2e-6
}

func TestLayersEqualKeras(t *testing.T) {
	for _, c := range kerasCases(t) {
		if c.idle() {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			ls, x := c.network(t)
			_, m := save(t, &onnx.Model{Name: "one layer", Layers: ls, Values: filled(ls)})
			if d := golden.Relative(compute(t, m, x, ls[0].Shape), c.Values); !(d <= c.tolerance(t)) {
				t.Errorf("differs by %.2g of the largest value", d)
			}
		})
	}
}

// ONNX Runtime gives what Keras gives, and ONNX's own checker accepts the files.
func TestLayersEqualKerasInONNXRuntime(t *testing.T) {
	r := onnxrun.Start(t, "../..")
	worst := 0.0
	for _, c := range kerasCases(t) {
		if c.idle() {
			continue
		}
		ls, x := c.network(t)
		path, _ := save(t, &onnx.Model{Name: "one layer", Layers: ls, Values: filled(ls)})
		got, apart := r.Run(t, path, x)
		d := golden.Relative(got, c.Values)
		if !(d <= 2*c.tolerance(t)) || !(apart <= 1e-5*float64(max(c.High, 1))) {
			t.Errorf("%s: differs by %.2g of the largest value; images one by one differ by %.2g", c.Name, d, apart)
		}
		worst = max(worst, d)
	}
	t.Logf("the largest difference is %.2g of the largest value", worst)
}

// Each class of layers that files can hold has a case above.
func TestAllClassesAreTried(t *testing.T) {
	tried := append([]string{"InputLayer"}, nothing...)
	for _, c := range kerasCases(t) {
		tried = append(tried, c.Op.Class)
	}
	for _, class := range layer.Classes() {
		if !slices.Contains(tried, class) {
			t.Errorf("no case of keras_layers.py or keras_small_layers.py has a %s, so nobody knows whether it can be written as ONNX", class)
		}
	}
}
