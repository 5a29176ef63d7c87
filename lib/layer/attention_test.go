package layer

import (
	"math"
	"testing"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/transfer-learning-go/defects/lib/internal/golden"
)

// attended gives what an attention on random tokens returns, and the weights that the hook is told.
func attended(t *testing.T, dropout float64, draws int) (outputs [][]float32, weights []float32) {
	t.Helper()
	const batch, n, d = 2, 7, 6
	b := &Builder{}
	b.Add("tokens", Input{Shape: []int{n, d}})
	b.Add("attention", MultiHeadAttention{NumHeads: 2, KeyDim: 3, Dropout: dropout})
	if b.Err != nil {
		t.Fatal(b.Err)
	}
	rng, err := graph.RNGStateFromSeed(3)
	if err != nil {
		t.Fatal(err)
	}
	x := tensors.FromFlatDataAndDimensions(golden.Uniform("tokens", batch*n*d, -2, 2), batch, n, d)
	outputs = run(t, func(in []*graph.Node) []*graph.Node {
		g := in[0].Graph()
		state := graph.Const(g, rng)
		env := inference(g, filled(b.List))
		env.Training = true
		env.Uniform = func(_ *graph.Graph, shape shapes.Shape) (u *graph.Node) {
			state, u = graph.RandomUniform(state, shape)
			return u
		}
		var told *graph.Node
		env.Attention = func(l *Layer, weights *graph.Node) {
			if l.Name != "attention" {
				t.Errorf("the hook is told layer %q", l.Name)
			}
			told = weights
		}
		// Many draws in one graph: the same images again and again.
		many := graph.Reshape(graph.BroadcastToDims(graph.ExpandDims(in[0], 0), draws, batch, n, d), draws*batch, n, d)
		y := b.List.Build(env, many)
		return []*graph.Node{y, told}
	}, x)
	return outputs[:1], outputs[1]
}

func TestAttentionDropoutKeepsTheMean(t *testing.T) {
	const draws, rate, n = 20_000, 0.3, 2 * 7 * 6
	want, _ := attended(t, 0, 1)
	got, _ := attended(t, rate, draws)
	mean, squares := make([]float64, n), make([]float64, n)
	for i, v := range got[0] {
		mean[i%n] += float64(v) / draws
		squares[i%n] += float64(v) * float64(v) / draws
	}
	for i := range mean {
		deviation := math.Sqrt(squares[i] - mean[i]*mean[i])
		if deviation < 0.01 {
			t.Errorf("value %d hardly changes between draws: deviation %v", i, deviation)
		}
		// Five standard errors: of 84 values none should be further off.
		if d := math.Abs(mean[i] - float64(want[0][i])); d > 5*deviation/math.Sqrt(draws) {
			t.Errorf("value %d: the mean of %d draws is %v, without dropout it is %v", i, draws, mean[i], want[0][i])
		}
	}
}

// The hook is told what a token attends to, not what training drops of it.
func TestAttentionHookIsToldSoftmaxBeforeDropout(t *testing.T) {
	_, want := attended(t, 0, 1)
	_, got := attended(t, 0.5, 1)
	if d := golden.Difference(got, want); d > 1e-7 {
		t.Errorf("dropout changes what the hook is told, by %v", d)
	}
	if len(got) != 2*2*7*7 {
		t.Fatalf("%d weights, want batch 2 · 2 heads · 7 · 7", len(got))
	}
	for i := 0; i < len(got); i += 7 {
		sum := float32(0)
		for _, w := range got[i : i+7] {
			sum += w
		}
		if math.Abs(float64(sum)-1) > 1e-6 {
			t.Errorf("weights of token %d sum to %v", i/7, sum)
		}
	}
}

// TestAttentionDropsAtItsRate makes the weights visible: all alike, with the unit vectors as values.
func TestAttentionDropsAtItsRate(t *testing.T) {
	const batch, n, rate = 400, 16, 0.1
	op := MultiHeadAttention{NumHeads: 1, KeyDim: n, Dropout: rate}
	l := &Layer{Name: "attention", Op: op, W: op.Weights([][]int{{n, n}})}
	identity := make([]float32, n*n)
	for i := range n {
		identity[i*n+i] = 1
	}
	v := Values{l.Name: make([][]float32, len(l.W))}
	for i, w := range l.W {
		v[l.Name][i] = make([]float32, w.Size())
		if w.Name == "value/kernel" || w.Name == "attention_output/kernel" {
			v[l.Name][i] = identity
		}
	}
	rng, err := graph.RNGStateFromSeed(4)
	if err != nil {
		t.Fatal(err)
	}
	// Token i is unit vector i: output j of token i is the weight that i gives to j.
	got := run(t, func(in []*graph.Node) []*graph.Node {
		g := in[0].Graph()
		env := inference(g, v)
		env.Training = true
		env.Uniform = func(_ *graph.Graph, shape shapes.Shape) *graph.Node {
			_, u := graph.RandomUniform(graph.Const(g, rng), shape)
			return u
		}
		return []*graph.Node{op.Build(&Call{layer: l, env: env}, []*graph.Node{graph.BroadcastToDims(in[0], batch, n, n)})}
	}, tensors.FromFlatDataAndDimensions(identity, 1, n, n))[0]
	zeros := 0
	for _, w := range got {
		if w == 0 {
			zeros++
		} else if math.Abs(float64(w)-1/(n*(1-rate))) > 1e-6 {
			t.Fatalf("a kept weight is %v, want 1/%d/(1 − %v)", w, n, rate)
		}
	}
	total := float64(len(got))
	if tolerance := 4 * math.Sqrt(rate*(1-rate)/total); math.Abs(float64(zeros)/total-rate) > tolerance {
		t.Errorf("drops %v of the weights, not %v ± %v", float64(zeros)/total, rate, tolerance)
	}
}
