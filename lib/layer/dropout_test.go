package layer

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

func dropped(t *testing.T, rate float64, training bool, seed int64, x []float32) []float32 {
	rng, err := RNGStateFromSeed(seed)
	if err != nil {
		t.Fatal(err)
	}
	l := &Layer{Name: "dropout", Op: Dropout{Rate: rate}}
	return run(t, func(in []*Node) []*Node {
		g := in[0].Graph()
		state := Const(g, rng)
		env := &Env{Training: training, Uniform: func(_ *Graph, shape shapes.Shape) *Node {
			var u *Node
			state, u = RandomUniform(state, shape)
			return u
		}}
		return []*Node{l.Op.Build(&Call{layer: l, env: env}, in)}
	}, tensors.FromFlatDataAndDimensions(x, 100, len(x)/100))[0]
}

func TestDropoutKeepsTheMean(t *testing.T) {
	const n, rate = 200_000, 0.3
	x := make([]float32, n)
	for i := range x {
		x[i] = 2
	}
	got := dropped(t, rate, true, 1, x)
	zeros, sum := 0, 0.0
	for _, v := range got {
		if v == 0 {
			zeros++
		} else if math.Abs(float64(v)-2/(1-rate)) > 1e-6 {
			t.Fatalf("a kept 2 becomes %v, not 2/(1 − %v)", v, rate)
		}
		sum += float64(v)
	}
	// Four standard deviations of n draws.
	if tolerance := 4 * math.Sqrt(rate*(1-rate)/n); math.Abs(float64(zeros)/n-rate) > tolerance {
		t.Errorf("drops %v of the values, not %v ± %v", float64(zeros)/n, rate, tolerance)
	}
	if math.Abs(sum/n-2) > 0.02 {
		t.Errorf("the mean of twos is %v", sum/n)
	}
	if !slices.Equal(got, dropped(t, rate, true, 1, x)) {
		t.Error("the same seed drops others")
	}
	if slices.Equal(got, dropped(t, rate, true, 2, x)) {
		t.Error("another seed drops the same")
	}
	if !slices.Equal(x, dropped(t, rate, false, 1, x)) || !slices.Equal(x, dropped(t, 0, true, 1, x)) {
		t.Error("inference or rate 0 changes values")
	}
}

func TestDropoutRefusesRates(t *testing.T) {
	for _, rate := range []float64{-0.1, 1, 1.5, math.NaN()} {
		if _, err := (Dropout{Rate: rate}).Output([][]int{{4}}); err == nil {
			t.Errorf("rate %v is accepted", rate)
		}
	}
}
