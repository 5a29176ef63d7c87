package golden

import (
	"math"
	"testing"
)

// The numbers come from seeded.uniform("x/y", 4).
func TestUniformEqualsPython(t *testing.T) {
	want := []float32{-0.00988614559173584, 0.3721390962600708, 0.38566792011260986, -0.023201704025268555}
	if d := Difference(Uniform("x/y", 4, -1, 1), want); d != 0 {
		t.Errorf("differs by %v: %v", d, Uniform("x/y", 4, -1, 1))
	}
}

func TestDifferenceOfNaNIsInfinite(t *testing.T) {
	if d := Difference([]float32{float32(math.NaN())}, []float32{0}); !math.IsInf(d, 1) {
		t.Errorf("is %v", d)
	}
}
