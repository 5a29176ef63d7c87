// Package golden holds what tests compare with: numbers that Keras computed, stored in testdata by scripts/oracle, and
// the pseudo-random numbers that both sides start from, so that weights and inputs need not be stored.
package golden

import (
	"compress/gzip"
	"encoding/json"
	"hash/fnv"
	"math"
	"os"
	"path"
	"slices"
	"testing"
)

// Uniform gives n numbers in [low, high) that depend on the name alone. scripts/oracle/common/seeded.py gives the same
// bits.
//
// Number i is the (i+1)-th of SplitMix64 (Steele, Lea and Flood, 2014) started at the FNV-1a hash of the name, of
// which 24 bits are kept: float32 holds them exactly.
func Uniform(name string, n int, low, high float32) []float32 {
	h := fnv.New64a()
	h.Write([]byte(name))
	state := h.Sum64()
	out := make([]float32, n)
	for i := range out {
		state += 0x9e3779b97f4a7c15
		z := (state ^ state>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		z ^= z >> 31
		u := float32(z>>40) / (1 << 24)
		out[i] = low + float32((high-low)*u) // the conversion forbids a fused multiply-add
	}
	return out
}

// Weight gives values for a weight of a layer: kernels keep the size of activations about constant, the statistics of
// batch normalization are far from 0 and 1. seeded.weight is the same.
func Weight(layer, name string, shape []int) []float32 {
	n := 1
	for _, d := range shape {
		n *= d
	}
	low, high := float32(-0.1), float32(0.1)
	switch path.Base(name) {
	case "kernel":
		fanIn := n / shape[len(shape)-1]
		if shape[len(shape)-1] == 1 && len(shape) == 4 { // depthwise: each channel sees its own window only
			fanIn = shape[0] * shape[1]
		}
		if slices.Contains([]string{"query/kernel", "key/kernel", "value/kernel"}, name) { // of attention: [d, heads, key]
			fanIn = shape[0]
		}
		high = float32(math.Sqrt(3 / float64(fanIn)))
		low = -high
	case "gamma", "moving_variance", "variance":
		low, high = 0.5, 1.5
	case "beta", "moving_mean", "mean":
		low, high = -0.3, 0.3
	}
	return Uniform(layer+"/"+name, n, low, high)
}

// Read decodes a gzipped JSON file.
func Read(t testing.TB, path string, into any) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if err := json.NewDecoder(z).Decode(into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// Difference is the largest absolute difference of two slices, infinite if their lengths differ or one holds NaN.
func Difference(got, want []float32) float64 {
	if len(got) != len(want) {
		return math.Inf(1)
	}
	worst := 0.0
	for i := range got {
		d := math.Abs(float64(got[i]) - float64(want[i]))
		if math.IsNaN(d) {
			return math.Inf(1)
		}
		worst = max(worst, d)
	}
	return worst
}

// Relative is Difference divided by the largest magnitude in want.
func Relative(got, want []float32) float64 {
	largest := 0.0
	for _, v := range want {
		largest = max(largest, math.Abs(float64(v)))
	}
	if d := Difference(got, want); d > 0 {
		return d / largest
	}
	return 0
}
