package jpeg

import (
	"math"
	"math/rand/v2"
	"testing"
)

// exact is the transform as A.3.3 defines it, with the level shift.
func exact(block *[64]float64) (samples [64]float64) {
	basis := func(k, x int) float64 {
		if k == 0 {
			return math.Sqrt(1.0 / 8)
		}
		return math.Cos(float64(2*x+1)*float64(k)*math.Pi/16) / 2
	}
	for i := range samples {
		for k, v := range block {
			samples[i] += v * basis(k/8, i/8) * basis(k%8, i%8)
		}
		samples[i] = min(max(samples[i]+128, 0), 255)
	}
	return samples
}

func TestBothAreInverseCosineTransforms(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	worst := map[Decoder]float64{}
	for range 2000 {
		var coefficients [64]int16
		var plain [64]float64
		for range 1 + rng.IntN(20) {
			k := rng.IntN(64)
			coefficients[k] = int16(rng.IntN(25) - 12)
			plain[k] = 16 * float64(coefficients[k])
		}
		want := exact(&plain)
		for _, as := range []Decoder{TensorFlow, Pillow} {
			f := file{fast: as == TensorFlow}
			f.quantization[0] = new([64]uint16)
			for i := range 64 {
				f.quantization[0][i] = 16
			}
			c := &component{wide: 1, high: 1}
			if err := f.begin(c); err != nil {
				t.Fatal(err)
			}
			block := coefficients
			for i := range block {
				block[i] *= c.multipliers[i]
			}
			f.inverse(c, &block, false, 0, 0)
			for i, v := range c.samples {
				worst[as] = max(worst[as], math.Abs(float64(v)-want[i]))
			}
		}
	}
	t.Logf("largest differences from the exact transform: %v", worst)
	if worst[Pillow] > 1 || worst[TensorFlow] > 10 {
		t.Error("the transforms are none")
	}
}

func TestOneCoefficientIsTheSameAsABlock(t *testing.T) {
	for dc := -1 << 13; dc < 1<<13; dc++ {
		for _, as := range []struct {
			inverse  func([]uint8, int, *[64]int16)
			constant func(int16) uint8
		}{{fast, fastConstant}, {accurate, accurateConstant}} {
			var samples [64]uint8
			block := [64]int16{int16(dc)}
			as.inverse(samples[:], 8, &block)
			if want := as.constant(int16(dc)); samples[0] != want || samples[63] != want {
				t.Fatal(dc, samples[0], want)
			}
		}
	}
}
