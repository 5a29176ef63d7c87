package layer

import (
	"math"
	"testing"
	gotime "time"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/transfer-learning-go/defects/lib/device"
)

// Lists of which one would take XLA half a minute to compile, or ten times as long to run, if each of its layers were
// lowered the obvious way.
func TestLayersCompileQuickly(t *testing.T) {
	depthwise := func(kernel int) Op { return DepthwiseConv2D{Kernel: kernel, Padding: "same"} }
	for name, block := range map[string][]Op{
		"activation before normalization": {depthwise(3), ReLU{}, BatchNormalization{}, MaxPooling2D{Pool: 2}},
		"no activation":                   {depthwise(5), BatchNormalization{}, MaxPooling2D{Pool: 2}},
		"swish":                           {depthwise(5), BatchNormalization{}, Activation{Activation: "swish"}},
		"average over padded windows":     {depthwise(3), ReLU{}, AveragePooling2D{Pool: 3, Strides: 2, Padding: "same"}},
	} {
		b := &Builder{}
		b.Add("image", Input{Shape: []int{128, 128, 3}})
		b.Add("", Conv2D{Filters: 64, Kernel: 3, Padding: "same", Activation: "relu"})
		for range 3 {
			Sequential(block...)(b)
		}
		Sequential(GlobalAveragePooling2D{}, Dense{Units: 3, Activation: "softmax"})(b)
		if b.Err != nil {
			t.Fatal(b.Err)
		}
		took := compiling(t, b.List, 32)
		t.Logf("%s: %v", name, took)
		if limit := 5 * gotime.Second; took > limit {
			t.Errorf("%s: compiling takes %v, more than %v", name, took, limit)
		}
	}
}

// compiling is the time that it takes to compile the list for inference.
func compiling(t *testing.T, ls List, batch int) gotime.Duration {
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
	start := gotime.Now()
	if _, err := exec.Compile(in...); err != nil {
		t.Fatal(err)
	}
	return gotime.Since(start)
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
