package classifier

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/internal/onnxrun"
	"github.com/transfer-learning-go/defects/lib/layer"
)

func TestONNXFilesPredictTheSame(t *testing.T) {
	m := newSmall(t, 1)
	path := filepath.Join(t.TempDir(), "small.onnx")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	file, err := onnxrun.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := file.Metadata["classes"]; got != `["flat","lines","spots"]` || file.Metadata["notice"] != m.Notice() {
		t.Errorf("%v", file.Metadata)
	}
	x := numbers{"few", []int{0, 1, 2}, golden.Uniform("few", 3*40*40*3, 0, 255)}
	want, err := m.Predict(t.Context(), x)
	if err != nil {
		t.Fatal(err)
	}
	got, err := file.Run(onnxrun.Tensor{Dims: []int{3, 40, 40, 3}, Floats: x.values})
	if err != nil {
		t.Fatal(err)
	}
	if d := golden.Difference(got.Floats, slices.Concat(want.Probabilities...)); !(d <= 1e-5) {
		t.Errorf("probabilities differ by %.2g", d)
	}
}

func TestONNXOfWhatIsNoClassifierIsRefused(t *testing.T) {
	m := newSmall(t, 1)
	last := *m.Layers[len(m.Layers)-1]
	last.Op = layer.Dense{Units: 3, Activation: "tanh"}
	m.Layers[len(m.Layers)-1] = &last
	err := m.Save(filepath.Join(t.TempDir(), "small.onnx"))
	if err == nil || !strings.Contains(err.Error(), "without a softmax") {
		t.Error(err)
	}
}
