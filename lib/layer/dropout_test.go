package layer

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

func dropped(t *testing.T, rate float64, training bool, seed int64, x []float32) []float32 {
	rng, err := graph.RNGStateFromSeed(seed)
	if err != nil {
		t.Fatal(err)
	}
	l := &Layer{Name: "dropout", Op: Dropout{Rate: rate}}
	return run(t, func(in []*graph.Node) []*graph.Node {
		g := in[0].Graph()
		state := graph.Const(g, rng)
		env := &Env{Training: training, Uniform: func(_ *graph.Graph, shape shapes.Shape) *graph.Node {
			var u *graph.Node
			state, u = graph.RandomUniform(state, shape)
			return u
		}}
		return []*graph.Node{l.Op.Build(&Call{layer: l, env: env}, in)}
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

// TestDropoutOfWholeImages is stochastic depth: an image is dropped whole or kept whole.
func TestDropoutOfWholeImages(t *testing.T) {
	const images, h, w, c, rate = 4000, 2, 3, 2, 0.2
	x := make([]float32, images*h*w*c)
	for i := range x {
		x[i] = 3
	}
	rng, err := graph.RNGStateFromSeed(8)
	if err != nil {
		t.Fatal(err)
	}
	l := &Layer{Name: "drop", Op: Dropout{Rate: rate, NoiseShape: []int{1, 1, 1}}}
	if shape, err := l.Op.Output([][]int{{h, w, c}}); err != nil || !slices.Equal(shape, []int{h, w, c}) {
		t.Fatal(shape, err)
	}
	got := run(t, func(in []*graph.Node) []*graph.Node {
		env := &Env{Training: true, Uniform: func(g *graph.Graph, shape shapes.Shape) *graph.Node {
			_, u := graph.RandomUniform(graph.Const(g, rng), shape)
			return u
		}}
		return []*graph.Node{l.Op.Build(&Call{layer: l, env: env}, in)}
	}, tensors.FromFlatDataAndDimensions(x, images, h, w, c))[0]
	dropped := 0
	for i := 0; i < len(got); i += h * w * c {
		image := got[i : i+h*w*c]
		if image[0] == 0 {
			dropped++
		}
		for _, v := range image {
			if v != image[0] || v != 0 && math.Abs(float64(v)-3/(1-rate)) > 1e-6 {
				t.Fatalf("an image becomes %v", image)
			}
		}
	}
	if tolerance := 4 * math.Sqrt(rate*(1-rate)/images); math.Abs(float64(dropped)/images-rate) > tolerance {
		t.Errorf("drops %v of the images, not %v ± %v", float64(dropped)/images, rate, tolerance)
	}
}

func TestDropoutRefusesRates(t *testing.T) {
	for _, rate := range []float64{-0.1, 1, 1.5, math.NaN()} {
		if _, err := (Dropout{Rate: rate}).Output([][]int{{4}}); err == nil {
			t.Errorf("rate %v is accepted", rate)
		}
	}
	for _, shape := range [][]int{{}, {1}, {1, 2}, {1, 1, 1}} {
		if _, err := (Dropout{Rate: 0.5, NoiseShape: shape}).Output([][]int{{4, 3}}); err == nil {
			t.Errorf("noise shape %v is accepted", shape)
		}
	}
}

// randomBits gives Call.bits of these layers, one after the other: two layers of a step, or a layer in two steps.
func randomBits(t *testing.T, seed int64, rows, columns, layers int) [][]uint32 {
	t.Helper()
	rng, err := graph.RNGStateFromSeed(seed)
	if err != nil {
		t.Fatal(err)
	}
	halves := run(t, func(in []*graph.Node) (out []*graph.Node) {
		state := graph.Const(in[0].Graph(), rng)
		c := &Call{env: &Env{Uniform: func(_ *graph.Graph, shape shapes.Shape) (u *graph.Node) {
			state, u = graph.RandomUniform(state, shape)
			return u
		}}}
		for range layers {
			bits := c.bits(in[0].Graph(), in[0].Shape().Dimensions)
			// float32 holds 16 bits exactly.
			high := graph.BitwiseShiftRightLogicalScalar(bits, uint32(16))
			low := graph.BitwiseAnd(bits, graph.Const(bits.Graph(), uint32(0xffff)))
			out = append(out, graph.ConvertDType(high, dtypes.Float32), graph.ConvertDType(low, dtypes.Float32))
		}
		return out
	}, tensors.FromFlatDataAndDimensions(make([]float32, rows*columns), rows, columns))
	all := make([][]uint32, layers)
	for i := range all {
		for j, high := range halves[2*i] {
			all[i] = append(all[i], uint32(high)<<16|uint32(halves[2*i+1][j]))
		}
	}
	return all
}

// chiSquare256 is how far counts in 256 buckets are off from equal ones, in standard deviations of chance.
func chiSquare256(n int, bucket func(i int) uint32) float64 {
	var counts [256]float64
	for i := range n {
		counts[bucket(i)&255]++
	}
	sum, expected := 0.0, float64(n)/256
	for _, c := range counts {
		sum += (c - expected) * (c - expected) / expected
	}
	return (sum - 255) / math.Sqrt(2*255)
}

// correlation of the bits of a and b taken as numbers, in standard deviations of chance.
func correlation(a, b []uint32) float64 {
	n := min(len(a), len(b))
	sum := 0.0
	for i := range n {
		sum += (float64(a[i])/(1<<32) - 0.5) * (float64(b[i])/(1<<32) - 0.5)
	}
	return sum * 12 / math.Sqrt(float64(n))
}

// 5.5 standard deviations happen once in 26 million normal draws; chi-square's tail is a little longer.
const chance = 5.5

func TestRandomBitsAreUniform(t *testing.T) {
	const rows, columns = 512, 1024
	for layer, bits := range randomBits(t, 5, rows, columns, 4) {
		for shift := 0; shift < 32; shift += 8 {
			if d := chiSquare256(len(bits), func(i int) uint32 { return bits[i] >> shift }); math.Abs(d) > chance {
				t.Errorf("draw %d: bits from %d on are off by %.1f deviations", layer, shift, d)
			}
		}
		for _, lag := range []int{1, 2, 3, columns - 1, columns, columns + 1, 65536} {
			if d := correlation(bits, bits[lag:]); math.Abs(d) > chance {
				t.Errorf("draw %d: neighbours %d apart correlate by %.1f deviations", layer, lag, d)
			}
			pair := func(i int) uint32 { return bits[i]>>28<<4 | bits[i+lag]>>28 }
			if d := chiSquare256(len(bits)-lag, pair); math.Abs(d) > chance {
				t.Errorf("draw %d: pairs %d apart are off by %.1f deviations", layer, lag, d)
			}
		}
	}
}

// Layers of one step and steps of one layer are draws one after the other.
func TestRandomBitsDifferBetweenDraws(t *testing.T) {
	draws := randomBits(t, 6, 256, 512, 8)
	draws = append(draws, randomBits(t, 7, 256, 512, 8)...)
	for i, a := range draws {
		for j, b := range draws[:i] {
			if d := correlation(a, b); math.Abs(d) > chance {
				t.Errorf("draws %d and %d correlate by %.1f deviations", j, i, d)
			}
			pair := func(k int) uint32 { return a[k]>>28<<4 | b[k]>>28 }
			if d := chiSquare256(len(a), pair); math.Abs(d) > chance {
				t.Errorf("pairs of draws %d and %d are off by %.1f deviations", j, i, d)
			}
			// One must not be the other moved along.
			for _, lag := range []int{1, 512} {
				if d := correlation(a, b[lag:]); math.Abs(d) > chance {
					t.Errorf("draw %d moved by %d correlates with draw %d by %.1f deviations", j, lag, i, d)
				}
			}
		}
	}
}
