package layer

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/transfer-learning-go/defects/lib/internal/golden"
)

// kerasCase is one layer on inputs of these shapes, with the values and gradients that it has in Keras.
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
	// Gradients of the sum of values times golden.Uniform numbers, by weight, or "x" for the input. Some cases have none.
	Gradients map[string][]float32
}

// ours are layers that Keras has no class for.
var ours = map[string]Op{"ClassToken": ClassToken{}, "PositionEmbedding": PositionEmbedding{}}

// read gives the layer by the configuration that Keras writes.
func (c kerasCase) read(t *testing.T) Op {
	t.Helper()
	if op, ok := ours[c.Op.Class]; ok {
		return op
	}
	f := NewFields(c.Name, c.Op.Class, c.Op.Config)
	f.Common()
	op, ok := Read(c.Op.Class, f)
	if !ok {
		t.Fatalf("the class %s is not known", c.Op.Class)
	}
	f.Rest()
	in := make([][]int, len(c.Shapes))
	for i, shape := range c.Shapes {
		in[i] = shape[1:]
	}
	if r, ok := op.(resolved); ok {
		op = r.resolve(in)
	}
	Check(op, in[0], f)
	if f.Problems != nil {
		t.Fatal(f.Problems)
	}
	return op
}

// compute gives what the layer computes here.
func (c kerasCase) compute(t *testing.T) (values []float32, gradients map[string][]float32) {
	t.Helper()
	l, args := c.prepare(t)
	return c.results(l, run(t, func(x []*graph.Node) []*graph.Node { return c.build(t, l, x) }, args...))
}

// prepare gives the layer and its inputs.
func (c kerasCase) prepare(t *testing.T) (*Layer, []*tensors.Tensor) {
	t.Helper()
	op := c.read(t)
	in := make([][]int, len(c.Shapes))
	args := make([]*tensors.Tensor, len(c.Shapes))
	for i, shape := range c.Shapes {
		in[i] = shape[1:]
		x := golden.Uniform(fmt.Sprintf("%s/x%d", c.Name, i), Size(shape), c.Low, c.High)
		args[i] = tensors.FromFlatDataAndDimensions(x, shape...)
	}
	shape, err := op.Output(in)
	if err != nil || !slices.Equal(shape, c.Output[1:]) {
		t.Fatalf("output %v, %v; Keras gives %v", shape, err, c.Output[1:])
	}
	return &Layer{Name: c.Name, Op: op, W: op.Weights(in)}, args
}

// build gives the layer's output, and gradients if the case has some: of the inputs, then of the weights.
func (c kerasCase) build(t *testing.T, l *Layer, x []*graph.Node) []*graph.Node {
	t.Helper()
	env := inference(x[0].Graph(), filled(List{l}))
	weights := make([]*graph.Node, len(l.W))
	for i := range l.W {
		weights[i] = env.Weight(l, i)
	}
	env.Weight = func(_ *Layer, i int) *graph.Node { return weights[i] }
	y := l.Op.Build(&Call{layer: l, env: env}, x)
	if !slices.Equal(y.Shape().Dimensions, c.Output) {
		t.Errorf("the graph gives %v, Keras %v", y.Shape(), c.Output)
	}
	if c.Gradients == nil {
		return []*graph.Node{y}
	}
	u := graph.Reshape(graph.Const(y.Graph(), golden.Uniform(c.Name+"/u", Size(c.Output), -1, 1)), c.Output...)
	var trained []*graph.Node
	for i, w := range l.W {
		if !w.Statistic {
			trained = append(trained, weights[i])
		}
	}
	gradients := graph.Gradient(graph.ReduceAllSum(graph.Mul(y, u)), append(slices.Clone(x), trained...)...)
	return append([]*graph.Node{y}, gradients...)
}

// results sorts what build gives.
func (c kerasCase) results(l *Layer, got [][]float32) (values []float32, gradients map[string][]float32) {
	values = got[0]
	if c.Gradients == nil {
		return values, nil
	}
	gradients = map[string][]float32{}
	for i := range c.Shapes {
		name := "x"
		if len(c.Shapes) > 1 {
			name = fmt.Sprint("x", i)
		}
		gradients[name] = got[1+i]
	}
	got = got[1+len(c.Shapes):]
	for _, w := range l.W {
		if !w.Statistic {
			gradients[w.Name], got = got[0], got[1:]
		}
	}
	return values, gradients
}

func TestLayersEqualKeras(t *testing.T) {
	for _, c := range readKeras(t).Cases {
		t.Run(c.Name, func(t *testing.T) {
			values, gradients := c.compute(t)
			if d := golden.Relative(values, c.Values); !(d <= 1e-6) {
				t.Errorf("differs by %.2g of the largest value", d)
			}
			c.requireGradients(t, gradients)
		})
	}
}

// requireGradients demands each gradient within 1e-5 of its largest value, and logs the largest difference.
func (c kerasCase) requireGradients(t *testing.T, got map[string][]float32) {
	t.Helper()
	if len(got) != len(c.Gradients) {
		t.Errorf("%d gradients, Keras has %d", len(got), len(c.Gradients))
	}
	all, worst := 0.0, 0.0
	for _, w := range c.Gradients {
		all = max(all, largest(w))
	}
	for name, w := range c.Gradients {
		// Some are zero but for rounding: what is added to all keys changes no softmax. Those need to be so here.
		scale := largest(w)
		if scale < 1e-5*all {
			scale = all
		}
		d := golden.Difference(got[name], w)
		if d > 0 {
			d /= scale
		}
		if !(d <= 1e-5) {
			t.Errorf("the gradient of %s differs by %.2g of its largest value", name, d)
		}
		worst = max(worst, d)
	}
	if c.Gradients != nil {
		t.Logf("gradients differ by at most %.2g", worst)
	}
}

// largest is the largest magnitude.
func largest(x []float32) (m float64) {
	for _, v := range x {
		m = max(m, math.Abs(float64(v)))
	}
	return m
}
