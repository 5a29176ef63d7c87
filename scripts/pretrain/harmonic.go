package main

import (
	"math"
	"math/rand/v2"

	"github.com/transfer-learning-go/defects/lib/layer"
)

// harmonic lets each 3×3 filter start as one function of the discrete cosine transform (Ulicny et al., "Harmonic
// Convolutional Networks based on Discrete Cosine Transform", 2020): a mean, an edge, a line, a spot or a checkerboard,
// in place of noise. What is to be learned then is how to combine them.
func harmonic(ls layer.List, values layer.Values) {
	r := rand.New(rand.NewPCG(seed, 3))
	for _, l := range ls {
		if len(l.W) == 0 || len(l.W[0].Shape) != 4 || l.W[0].Shape[0] != 3 {
			continue
		}
		kernel, in, out := values[l.Name][0], l.W[0].Shape[2], l.W[0].Shape[3]
		for i := range in {
			for o := range out {
				// A depthwise layer has a function for each channel; the first layer one for each output, of grey and
				// a little colour.
				number, size := r.IntN(9), 1.0
				if out > 1 {
					number, size = o%9, (1+0.3*r.NormFloat64())/math.Sqrt(float64(in))
				}
				for at := range 9 {
					kernel[(at*in+i)*out+o] = float32(size * cosine(number/3, at/3) * cosine(number%3, at%3))
				}
			}
		}
	}
}

// cosine is the function number k of the discrete cosine transform of three places, normalized.
func cosine(k, at int) float64 {
	scale := math.Sqrt(2.0 / 3)
	if k == 0 {
		scale = math.Sqrt(1.0 / 3)
	}
	return scale * math.Cos(math.Pi*float64(k)*(float64(at)+0.5)/3)
}
