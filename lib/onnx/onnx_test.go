package onnx_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/internal/onnxrun"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/onnx"
)

// keras is what a whole backbone gives in Keras, with the weights of filled.
type keras struct {
	Name          string
	Alpha         float64
	Input         int
	Classes       int
	Published     bool
	Probabilities []float32
	layers        layer.List
	pixels        []float32 // of two images
}

func backbonesOfKeras(t *testing.T) (all []keras) {
	t.Helper()
	golden.Read(t, "../backbone/testdata/activations.json.gz", &all)
	all = slices.DeleteFunc(all, func(k keras) bool { return k.Published })
	for i := range all {
		k := &all[i]
		b, err := backbone.New(k.Name, backbone.Config{Alpha: k.Alpha, Input: k.Input, IncludeTop: true, Classes: k.Classes})
		if err != nil {
			t.Fatal(err)
		}
		low, high := float32(-1), float32(1)
		if b.Preprocess() == nil {
			low, high = 0, 255
		}
		k.layers, k.pixels = b.Layers, golden.Uniform("images", 2*k.Input*k.Input*3, low, high)
	}
	return all
}

func TestBackbonesEqualKeras(t *testing.T) {
	for _, k := range backbonesOfKeras(t) {
		if k.Name == "resnet50v2" {
			continue // it takes many seconds, and has nothing that mixed does not have
		}
		_, m := save(t, &onnx.Model{Name: k.Name, Layers: k.layers, Values: filled(k.layers)})
		got := compute(t, m, k.pixels[:len(k.pixels)/2], k.layers[0].Shape)
		if d := golden.Difference(got, k.Probabilities[:k.Classes]); !(d <= 1e-5) {
			t.Errorf("%s: probabilities differ by %.2g", k.Name, d)
		}
	}
}

func TestBackbonesEqualKerasInONNXRuntime(t *testing.T) {
	r := onnxrun.Start(t, "../..")
	for _, k := range backbonesOfKeras(t) {
		path, _ := save(t, &onnx.Model{Name: k.Name, Layers: k.layers, Values: filled(k.layers)})
		got, apart := r.Run(t, path, k.pixels)
		d := golden.Difference(got, k.Probabilities)
		if !(max(d, apart) <= 1e-5) {
			t.Errorf("%s: probabilities differ by %.2g, of images one by one by %.2g", k.Name, d, apart)
		}
		t.Logf("%s: probabilities differ by %.2g", k.Name, d)
	}
}

func TestFileSaysWhatItHolds(t *testing.T) {
	ls := mixed(t)
	_, m := save(t, &onnx.Model{Name: "steel", Layers: ls, Values: filled(ls), Notice: "random weights",
		Classes: []string{"a", "b \"c\"", "ß", "d\xff", ""}})
	if m.IR != 8 || m.Opset != 17 || m.Name != "steel" || m.Producer == "" {
		t.Errorf("%d, %d, %q, %q", m.IR, m.Opset, m.Name, m.Producer)
	}
	want := map[string]string{"classes": `["a","b \"c\"","ß","d\ufffd",""]`, "notice": "random weights"}
	if !reflect.DeepEqual(m.Metadata, want) {
		t.Errorf("metadata %q, want %q", m.Metadata, want)
	}
	ports := append(m.Inputs, m.Outputs...)
	if len(ports) != 2 || ports[0].Name != "pixels" || !slices.Equal(ports[0].Dims, []string{"n", "13", "12", "3"}) ||
		ports[1].Name != "probabilities" || !slices.Equal(ports[1].Dims, []string{"n", "5"}) ||
		!strings.Contains(ports[1].Doc, "2 ß") || !strings.Contains(m.Doc, "pixels [n, 13, 12, 3]: 0…255") || !strings.Contains(m.Doc, "random weights") {
		t.Errorf("%+v, %q", ports, m.Doc)
	}
	// Images are turned round once, and only for what needs another order: see mixed.
	b := &layer.Builder{}
	layer.Sequential(layer.Input{Shape: []int{8, 8, 3}}, layer.Rescaling{Scale: 2}, layer.ZeroPadding2D{Pad: [4]int{0, 1, 0, 1}},
		layer.Conv2D{Filters: 4, Kernel: 3, Strides: 2, NoBias: true}, layer.BatchNormalization{}, layer.ReLU{MaxValue: 6},
		layer.GlobalAveragePooling2D{}, layer.Dense{Units: 2})(b)
	_, m = save(t, &onnx.Model{Layers: b.List, Values: filled(b.List)})
	var ops []string
	for _, n := range m.Nodes {
		ops = append(ops, n.Op)
	}
	if got := strings.Join(ops, " "); got != "Mul Add Transpose Conv BatchNormalization Clip GlobalAveragePool Reshape Gemm" {
		t.Error(got)
	}
	if m.Outputs[0].Name != "output" || m.Metadata["classes"] != "" {
		t.Errorf("%+v, %v", m.Outputs, m.Metadata)
	}
}

// strange is a layer of a class that is not known.
type strange struct{ layer.Softmax }

func (strange) Class() string                                     { return "Strange" }
func (strange) Build(_ *layer.Call, in []*graph.Node) *graph.Node { return in[0] }
func (strange) Output(in [][]int) ([]int, error)                  { return in[0], nil }

func network(ops ...layer.Op) layer.List {
	b := &layer.Builder{}
	layer.Sequential(append([]layer.Op{layer.Input{Shape: []int{6, 6, 3}}}, ops...)...)(b)
	return b.List
}

func TestWhatCannotBeWrittenIsNamed(t *testing.T) {
	convolutions := network(layer.Conv2D{Filters: 2, Kernel: 3}, layer.BatchNormalization{}, layer.Flatten{}, layer.Dense{Units: 2})
	folded, values := convolutions.Fold(filled(convolutions))
	tall := network(layer.GeneralConv2D{Filters: 2, Kernel: [2]int{3, 1}}, layer.BatchNormalization{})
	foldedTall, tallValues := tall.Fold(filled(tall))
	short := filled(convolutions)
	short["conv2d"][0] = short["conv2d"][0][1:]
	for says, m := range map[string]*onnx.Model{
		"layer strange (Strange): layers of this class cannot be written as ONNX": {Layers: network(strange{})},
		"layer conv2d (Conv2D): the list is folded":                               {Layers: folded, Values: values},
		"layer conv2d (Conv2D): the list is folded for inference":                 {Layers: foldedTall, Values: tallValues},
		"layer conv2d (Conv2D): its weight kernel: 53 values":                     {Layers: convolutions, Values: short},
		"layer conv2d (Conv2D): it has 2 weights, but values for 0":               {Layers: convolutions},
		"computes nothing": {Layers: network(layer.Dropout{Rate: 0.5})},
	} {
		path := filepath.Join(t.TempDir(), "model.onnx")
		err := onnx.Save(path, m)
		if err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), path) {
			t.Errorf("%v, want %q", err, says)
		}
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: a file is there: %v", says, err)
		}
	}
}
