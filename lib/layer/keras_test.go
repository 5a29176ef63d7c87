package layer

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/transfer-learning-go/defects/lib/device"
	"github.com/transfer-learning-go/defects/lib/internal/golden"
)

// kerasGolden is made by scripts/oracle/goldens/keras_layers.py.
type kerasGolden struct {
	Cases []kerasCase
	Step  struct {
		Loss          float64
		Probabilities []float32
		Values        map[string][]float32
	}
	Initial []struct {
		Shape               []int
		Low, High, Variance float64
	}
}

func readKeras(t *testing.T) (g kerasGolden) {
	golden.Read(t, "testdata/layers.json.gz", &g)
	return g
}

// run computes a graph of some inputs on the device and gives its outputs flat.
func run(t testing.TB, build func(inputs []*graph.Node) []*graph.Node, inputs ...*tensors.Tensor) [][]float32 {
	t.Helper()
	d, err := device.Open()
	if err != nil {
		t.Fatal(err)
	}
	exec, err := graph.NewExec(d.Backend, build)
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	args := make([]any, len(inputs))
	for i, x := range inputs {
		args[i] = x
	}
	out, err := exec.Call(args...)
	if err != nil {
		t.Fatal(err)
	}
	flat := make([][]float32, len(out))
	for i, y := range out {
		if flat[i], err = tensors.CopyFlatData[float32](y); err != nil {
			t.Fatal(err)
		}
	}
	return flat
}

// inference is an Env whose weights are constants of the graph.
func inference(g *graph.Graph, v Values) *Env {
	return &Env{Weight: func(l *Layer, i int) *graph.Node {
		return graph.Reshape(graph.Const(g, v[l.Name][i]), l.W[i].Shape...)
	}}
}

// filled gives each weight its values of golden.Weight.
func filled(ls List) Values {
	v := Values{}
	for _, l := range ls {
		for _, w := range l.W {
			v[l.Name] = append(v[l.Name], golden.Weight(l.Name, w.Name, w.Shape))
		}
	}
	return v
}

// stack is the model of training_step in keras_layers.py.
func stack(t testing.TB) List {
	t.Helper()
	norm, relu6 := BatchNormalization{Momentum: 0.999}, ReLU{MaxValue: 6}
	b := &Builder{}
	b.Add("image", Input{Shape: []int{9, 8, 3}})
	b.Add("conv", Conv2D{Filters: 4, Kernel: 3, Strides: 2, Padding: "same", NoBias: true})
	b.Add("conv_bn", norm)
	b.Add("relu", relu6)
	b.Add("expand", Conv2D{Filters: 6, Kernel: 1})
	b.Add("expand_bn", norm)
	b.Add("expand_relu", relu6)
	b.Add("depthwise", DepthwiseConv2D{Kernel: 3, Strides: 2, Padding: "same"})
	b.Add("depthwise_bn", norm)
	b.Add("depthwise_relu", relu6)
	b.Add("project", Conv2D{Filters: 4, Kernel: 1, NoBias: true})
	b.Add("second", DepthwiseConv2D{Kernel: 3, Padding: "same", NoBias: true})
	b.Add("second_bn", norm)
	b.Add("add", Add{}, "project", "second_bn")
	b.Add("pool", GlobalAveragePooling2D{})
	b.Add("dense", Dense{Units: 3, Activation: "softmax"})
	if b.Err != nil {
		t.Fatal(b.Err)
	}
	return b.List
}

// trainingStep gives loss, probabilities, and by "layer/weight" the gradient, or for statistics the new value.
func trainingStep(t *testing.T, ls List) (loss float32, probabilities []float32, values map[string][]float32) {
	x := tensors.FromFlatDataAndDimensions(golden.Uniform("training step/x", 6*9*8*3, -2, 2), 6, 9, 8, 3)
	v := filled(ls)
	var names []string
	out := run(t, func(in []*graph.Node) []*graph.Node {
		g := in[0].Graph()
		names = nil
		nodes, updates := map[string]*graph.Node{}, map[string]*graph.Node{}
		var trained []*graph.Node
		for _, l := range ls {
			for i, w := range l.W {
				n := graph.Reshape(graph.Const(g, v[l.Name][i]), w.Shape...)
				nodes[l.Name+"/"+w.Name] = n
				if !w.Statistic {
					trained = append(trained, n)
					names = append(names, l.Name+"/"+w.Name)
				}
			}
		}
		y := ls.Build(&Env{
			Training: true,
			Weight:   func(l *Layer, i int) *graph.Node { return nodes[l.Name+"/"+l.W[i].Name] },
			Update:   func(l *Layer, i int, value *graph.Node) { updates[l.Name+"/"+l.W[i].Name] = value },
		}, in[0])
		labels := graph.OneHot(graph.Const(g, []int32{0, 1, 2, 0, 1, 2}), 3, y.DType())
		loss := graph.ReduceAllMean(graph.Neg(graph.ReduceSum(graph.Mul(labels, graph.Log(y)), -1)))
		out := append([]*graph.Node{loss, y}, graph.Gradient(loss, trained...)...)
		for _, l := range ls {
			for _, w := range l.W {
				if name := l.Name + "/" + w.Name; updates[name] != nil {
					out = append(out, updates[name])
					names = append(names, name)
				}
			}
		}
		return out
	}, x)
	values = map[string][]float32{}
	for i, name := range names {
		values[name] = out[2+i]
	}
	return out[0][0], out[1], values
}

func TestTrainingStepEqualsKeras(t *testing.T) {
	want := readKeras(t).Step
	loss, probabilities, values := trainingStep(t, stack(t))
	if math.Abs(float64(loss)-want.Loss) > 1e-5*want.Loss {
		t.Errorf("loss %v, Keras has %v", loss, want.Loss)
	}
	if d := golden.Difference(probabilities, want.Probabilities); d > 1e-5 {
		t.Errorf("probabilities differ by %v", d)
	}
	if len(values) != len(want.Values) {
		t.Errorf("%d gradients and statistics, Keras has %d", len(values), len(want.Values))
	}
	for name, w := range want.Values {
		// What comes before a batch normalization with a constant added has a gradient of rounding errors.
		if d := golden.Difference(values[name], w); d > 1e-6 && golden.Relative(values[name], w) > 1e-3 {
			t.Errorf("%s: gradient or new statistic differs by %v: %v, Keras has %v", name, d, values[name], w)
		}
	}
}

func TestFrozenOrInferenceKeepsStatistics(t *testing.T) {
	for _, set := range []func(l *Layer){func(l *Layer) { l.Frozen = true }, func(l *Layer) { l.Inference = true }} {
		ls := stack(t)
		for _, l := range ls {
			set(l)
		}
		_, probabilities, values := trainingStep(t, ls)
		for name := range values {
			if name == "conv_bn/moving_mean" {
				t.Error("the moving mean is updated")
			}
		}
		x := tensors.FromFlatDataAndDimensions(golden.Uniform("training step/x", 6*9*8*3, -2, 2), 6, 9, 8, 3)
		want := run(t, func(in []*graph.Node) []*graph.Node {
			return []*graph.Node{ls.Build(inference(in[0].Graph(), filled(ls)), in[0])}
		}, x)
		if d := golden.Difference(probabilities, want[0]); d > 1e-6 {
			t.Errorf("a training step computes something else than inference, by %v", d)
		}
	}
}

func TestGlorotUniformHasKerasBounds(t *testing.T) {
	for _, want := range readKeras(t).Initial {
		got := Weight{Name: "kernel", Shape: want.Shape, Init: GlorotUniform}.Initial("x", 3)
		var sum, squares float64
		for _, v := range got {
			sum += float64(v)
			squares += float64(v) * float64(v)
		}
		n := float64(len(got))
		variance := squares/n - sum*sum/n/n
		low, high := float64(slices.Min(got)), float64(slices.Max(got))
		// Both are samples of one distribution: their extremes lie within a few of 8,640 or more steps, their
		// variances within 5 %.
		if math.Abs(low-want.Low) > 0.005*want.High || math.Abs(high-want.High) > 0.005*want.High {
			t.Errorf("%v: in [%v, %v], Keras in [%v, %v]", want.Shape, low, high, want.Low, want.High)
		}
		if math.Abs(variance-want.Variance) > 0.05*want.Variance {
			t.Errorf("%v: variance %v, Keras %v", want.Shape, variance, want.Variance)
		}
	}
}

func TestInitialDependsOnSeedAndNamesOnly(t *testing.T) {
	w := Weight{Name: "kernel", Shape: []int{3, 4}, Init: GlorotUniform}
	if !slices.Equal(w.Initial("a", 1), w.Initial("a", 1)) {
		t.Error("the same seed and names give other values")
	}
	if slices.Equal(w.Initial("a", 1), w.Initial("b", 1)) || slices.Equal(w.Initial("a", 1), w.Initial("a", 2)) {
		t.Error("another seed or name gives the same values")
	}
}
