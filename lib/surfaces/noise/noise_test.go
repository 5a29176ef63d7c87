package noise

import (
	"math"
	"testing"
)

func TestGradientNoiseIsZeroOnItsLattice(t *testing.T) {
	f := New(Rand(1, 0, 0))
	for x := -3; x < 4; x++ {
		if v := f.Gradient(float64(x), 5); v != 0 {
			t.Errorf("Gradient(%d, 5) = %g, want 0", x, v)
		}
	}
}

func TestFieldsAreContinuousAcrossCellBorders(t *testing.T) {
	f := New(Rand(2, 0, 0))
	const step = 1e-6
	for i := range 500 {
		x, y := float64(i%25)-12, float64(i)/37-6
		if d := math.Abs(f.Fractal(x-step, y, 4, 0.5) - f.Fractal(x+step, y, 4, 0.5)); d > 1e-3 {
			t.Errorf("Fractal jumps by %g at (%g, %g)", d, x, y)
		}
		if d := math.Abs(f.Cell(x-step, y, 1).F1 - f.Cell(x+step, y, 1).F1); d > 1e-4 {
			t.Errorf("Cell.F1 jumps by %g at (%g, %g)", d, x, y)
		}
	}
}

func TestGradientNoiseHasZeroMean(t *testing.T) {
	f := New(Rand(3, 0, 0))
	sum, lowest, highest := 0.0, 0.0, 0.0
	const n = 200
	for i := range n * n {
		v := f.Gradient(0.37*float64(i%n), 0.41*float64(i/n))
		sum += v
		lowest, highest = min(lowest, v), max(highest, v)
	}
	if mean := sum / (n * n); math.Abs(mean) > 0.02 {
		t.Errorf("mean %g, want about 0", mean)
	}
	if lowest < -0.9 || highest > 0.9 || highest-lowest < 0.8 {
		t.Errorf("range %g to %g, want about −0.7 to 0.7", lowest, highest)
	}
}

// TestCellFindsTheNearestPoint compares with all points within three cells.
func TestCellFindsTheNearestPoint(t *testing.T) {
	f := New(Rand(4, 0, 0))
	for i := range 400 {
		x, y := float64(i%20)*0.77-7, float64(i/20)*0.63-5
		nearest := math.Inf(1)
		for cy := int(y) - 4; cy <= int(y)+4; cy++ {
			for cx := int(x) - 4; cx <= int(x)+4; cx++ {
				px, py := f.Point(cx, cy, 0.8)
				nearest = min(nearest, math.Hypot(px-x, py-y))
			}
		}
		if got := f.Cell(x, y, 0.8).F1; math.Abs(got-nearest) > 1e-12 {
			t.Fatalf("Cell(%g, %g).F1 = %g, want %g", x, y, got, nearest)
		}
	}
}

func TestRandSeparatesSeedStreamAndIndex(t *testing.T) {
	seen := map[uint64][3]int{}
	for seed := range 8 {
		for stream := range 8 {
			for index := range 8 {
				v := Rand(int64(seed)-4, stream, index).Uint64()
				if other, ok := seen[v]; ok {
					t.Fatalf("%v and %v start with the same number", other, [3]int{seed, stream, index})
				}
				seen[v] = [3]int{seed, stream, index}
			}
		}
	}
}
