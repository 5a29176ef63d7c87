package layer

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
)

// Initializer names how a weight starts, in Keras's terms.
type Initializer string

const (
	ZerosInitializer   Initializer = "zeros"
	OnesInitializer    Initializer = "ones"
	GlorotUniform      Initializer = "glorot_uniform"
	UniformInitializer Initializer = "random_uniform"
)

// Initial draws the initial value of a weight. It depends on the seed and on the names alone, so that the same seed
// gives the same model whatever was drawn before.
//
// GlorotUniform is uniform in ±sqrt(6 / (fanIn + fanOut)) (Glorot and Bengio, 2010), fans counted as Keras does:
// the last two axes times the window. UniformInitializer is uniform in ±0.05.
func (w Weight) Initial(layer string, seed int64) []float32 {
	values := make([]float32, w.Size())
	switch w.Init {
	case ZerosInitializer:
	case OnesInitializer:
		for i := range values {
			values[i] = 1
		}
	case GlorotUniform, UniformInitializer:
		limit := 0.05
		if w.Init == GlorotUniform {
			window := Size(w.Shape[:len(w.Shape)-2])
			fanIn, fanOut := window*w.Shape[len(w.Shape)-2], window*w.Shape[len(w.Shape)-1]
			limit = math.Sqrt(6 / float64(fanIn+fanOut))
		}
		h := fnv.New64a()
		fmt.Fprintf(h, "%s/%s", layer, w.Name)
		rng := rand.New(rand.NewPCG(uint64(seed), h.Sum64()))
		for i := range values {
			values[i] = float32((2*rng.Float64() - 1) * limit)
		}
	default:
		panic(fmt.Sprintf("weight %s/%s has unknown initializer %q", layer, w.Name, w.Init))
	}
	return values
}
