package onnxrun

import (
	"reflect"
	"testing"
)

// The file is of ONNX's own library: scripts/oracle/goldens/onnx_file.py.
func TestFilesOfONNXAreRead(t *testing.T) {
	m, err := Read("testdata/helper.onnx")
	if err != nil {
		t.Fatal(err)
	}
	want := &Model{IR: 8, Opset: 17, Producer: "helper", Doc: "two lines\nof it", Name: "small",
		Metadata: map[string]string{"classes": `["a","b"]`, "notice": "none"},
		Nodes: []Node{
			{"Reshape", []string{"x", "shape"}, []string{"flat"}, map[string]any{}},
			{"Softmax", []string{"flat"}, []string{"soft"}, map[string]any{"axis": -1}},
			{"LeakyRelu", []string{"soft"}, []string{"y"}, map[string]any{"alpha": float32(0.25), "list": []int{3, -1, 300},
				"word": "linear"}},
		},
		Constants: map[string]Tensor{"shape": {Dims: []int{2}, Ints: []int{0, -1}},
			"kernel": {Dims: []int{2, 3}, Floats: []float32{0.5, -1, 2, 0, 1e-3, 4}}},
		Inputs:  []Port{{"x", "pixels", 1, []string{"n", "2", "3"}}},
		Outputs: []Port{{"y", "", 1, []string{"n", "6"}}}}
	if !reflect.DeepEqual(m, want) {
		t.Errorf("%+v,\nwant %+v", m, want)
	}
}

func TestDamagedFilesAreErrors(t *testing.T) {
	for _, raw := range []string{"\x08", "\x3a\x05ab", "\x3a\x02\x0a\x7f"} {
		if m, err := decode([]byte(raw)); err == nil {
			t.Errorf("%q gives %+v", raw, m)
		}
	}
}
