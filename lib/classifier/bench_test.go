package classifier

import (
	"fmt"
	"testing"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/internal/golden"
)

// BenchmarkInference shows why runner computes few images at a time: see microBatchBytes.
func BenchmarkInference(b *testing.B) {
	const n, size = 32, 224
	pixels := golden.Uniform("images", n*size*size*3, -1, 1)
	for _, alpha := range []float64{0.35, 1} {
		base, err := backbone.MobileNetV2(backbone.Config{Alpha: alpha})
		if err != nil {
			b.Fatal(err)
		}
		for _, batch := range []int{1, 2, 4, 8, 32} {
			r, err := newRunner(base.Layers, base.Values)
			if err != nil {
				b.Fatal(err)
			}
			name := fmt.Sprintf("alpha=%v/batch=%d", alpha, batch)
			if r.batch == batch {
				name += "/chosen"
			}
			r.batch = batch
			b.Run(name, func(b *testing.B) {
				if _, err := r.run(pixels[:batch*size*size*3]); err != nil { // compiles
					b.Fatal(err)
				}
				for b.Loop() {
					if _, err := r.run(pixels); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "images/s")
			})
		}
	}
}
