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

// The checksums come from seeded.checksums("x", seeded.uniform("x", 20)).
func TestChecksumsSeeAWrongValue(t *testing.T) {
	c := Checksums{Largest: 0.9878267049789429, Weighted: -0.3659335172653229, Samples: []float32{-0.597583532, 0.286647201, -0.162132859, 0.456859469, 0.942228556, 0.347150922, -0.582281351, -0.413026214, 0.0406655073, -0.261714816}}
	right := Uniform("x", 20, -1, 1)
	if d := c.Relative("x", right); !(d <= 1e-7) {
		t.Errorf("right values differ by %v", d)
	}
	for i := range right {
		wrong := append([]float32{}, right...)
		wrong[i] += 0.1
		if d := c.Relative("x", wrong); !(d > 1e-4) {
			t.Errorf("a wrong value at %d differs by %v", i, d)
		}
	}
	if d := c.Relative("x", append(right[1:], right[0])); !(d > 1e-2) {
		t.Errorf("shifted values differ by %v", d)
	}
	right[3] = float32(math.NaN())
	if d := c.Relative("x", right); d <= 1 {
		t.Errorf("NaN differs by %v", d)
	}
}
