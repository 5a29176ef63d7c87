//go:build unix

package layer

import (
	"math"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/transfer-learning-go/defects/lib/device"
)

// A list that would take XLA 12 s or more of processor time to compile, and ten times as long to run, if depthwise
// convolutions were lowered the obvious way.
func TestLayersCompileQuickly(t *testing.T) {
	b := &Builder{}
	b.Add("image", Input{Shape: []int{128, 128, 3}})
	b.Add("", Conv2D{Filters: 64, Kernel: 3, Padding: "same", Activation: "relu"})
	for range 3 {
		Sequential(DepthwiseConv2D{Kernel: 5, Padding: "same"}, ReLU{}, BatchNormalization{}, MaxPooling2D{Pool: 2})(b)
	}
	Sequential(AveragePooling2D{Pool: 3, Strides: 2, Padding: "same"}, GlobalAveragePooling2D{},
		Dense{Units: 3, Activation: "softmax"})(b)
	if b.Err != nil {
		t.Fatal(b.Err)
	}
	took := compiling(t, b.List, 32)
	t.Logf("%.2f s of processor time", took)
	if took > 4 {
		t.Errorf("compiling takes %.1f s of processor time, more than 4", took)
	}
}

// compiling is the processor time, in s, that it takes to compile the list for inference.
func compiling(t *testing.T, ls List, batch int) float64 {
	t.Helper()
	d, err := device.Open()
	if err != nil {
		t.Fatal(err)
	}
	in := []shapes.Shape{shapes.Make(dtypes.Float32, append([]int{batch}, ls[0].Shape...)...)}
	for _, l := range ls {
		for _, w := range l.W {
			in = append(in, shapes.Make(dtypes.Float32, w.Shape...))
		}
	}
	p := ls.Parameters(filled(ls))
	defer p.Finalize()
	exec, err := graph.NewExec(d.Backend, func(in []*graph.Node) *graph.Node { return ls.Build(p.Env(in[1:]), in[0]) })
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	start := processorTime(t)
	if _, err := exec.Compile(in...); err != nil {
		t.Fatal(err)
	}
	return processorTime(t) - start
}

// What stands for a boundary between layers must not hide that a training has diverged.
func TestUnmergedKeepsEveryValue(t *testing.T) {
	x := []float32{-2, 0, 3, float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN())}
	got := run(t, func(in []*graph.Node) []*graph.Node {
		y := unmerged(in[0])
		return []*graph.Node{y, graph.Gradient(graph.ReduceAllSum(graph.Square(y)), in[0])[0]}
	}, tensors.FromFlatDataAndDimensions(x, len(x)))
	for i, v := range got[0] {
		if v != x[i] && !math.IsNaN(float64(x[i])) || math.IsNaN(float64(v)) != math.IsNaN(float64(x[i])) {
			t.Errorf("%v becomes %v", x[i], v)
		}
	}
	for i, v := range got[1][:3] {
		if v != 2*x[i] {
			t.Errorf("the gradient at %v is %v", x[i], v)
		}
	}
	if !math.IsNaN(float64(got[1][5])) {
		t.Errorf("the gradient at NaN is %v", got[1][5])
	}
}
