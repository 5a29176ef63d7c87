package golden

import "math"

// Checksums stands for an array that is too large for testdata; seeded.checksums makes it.
type Checksums struct {
	Largest float64 // magnitude
	// Weighted is the sum of all values times Uniform numbers, divided by the square root of their count: about as
	// large as one value, it changes as much as one where values are wrong or stand in another place.
	Weighted float64
	Samples  []float32 // every n-th value, from the first on
}

// Relative is how far the checksums of an array of that name are off, divided by Largest; NaN if it holds one.
func (c Checksums) Relative(name string, got []float32) float64 {
	step := max(1, len(got)/8)
	if (len(got)+step-1)/step != len(c.Samples) {
		return math.Inf(1)
	}
	largest, weighted, worst := 0.0, 0.0, 0.0
	for i, w := range Uniform("checksum/"+name, len(got), -1, 1) {
		largest = max(largest, math.Abs(float64(got[i])))
		weighted += float64(got[i]) * float64(w)
		if i%step == 0 {
			worst = max(worst, math.Abs(float64(got[i])-float64(c.Samples[i/step])))
		}
	}
	weighted /= math.Sqrt(float64(len(got)))
	worst = max(worst, math.Abs(largest-c.Largest), math.Abs(weighted-c.Weighted))
	if worst > 0 {
		return worst / c.Largest
	}
	return worst
}
