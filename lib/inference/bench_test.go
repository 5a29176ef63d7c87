package inference

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/layer"
)

var networks = []struct {
	name, kind string
	config     backbone.Config
}{
	{"alpha=0.35", "mobilenetv2", backbone.Config{Alpha: 0.35}},
	{"alpha=1", "mobilenetv2", backbone.Config{Alpha: 1}},
	{"resnet", "resnet50v2", backbone.Config{}},
}

func benchmarked(b *testing.B, kind string, config backbone.Config) (*Program, []float32) {
	base, err := backbone.New(kind, config)
	if err != nil {
		b.Fatal(err)
	}
	p := program(b, base)
	return p, golden.Uniform("images", 32*layer.Size(p.In()), -1, 1)
}

// BenchmarkBatch shows why micro-batches are small (see microBatchBytes), and what an image costs alone.
func BenchmarkBatch(b *testing.B) {
	for _, n := range networks {
		p, rows := benchmarked(b, n.kind, n.config)
		chosen := p.batch
		for _, batch := range []int{1, 2, 4, 8, 32} {
			name := fmt.Sprintf("%s/batch=%d", n.name, batch)
			if batch == chosen {
				name += "/chosen"
			}
			p.batch = batch
			fastest(b, name, batch, func() error {
				_, err := p.Run(b.Context(), rows[:batch*layer.Size(p.In())])
				return err
			})
		}
	}
}

// BenchmarkCallers compares micro-batches that are each computed in the thread of a caller with larger ones that XLA spreads
// over all threads, one or two at a time: see device.ByCallers.
func BenchmarkCallers(b *testing.B) {
	for _, n := range networks {
		p, rows := benchmarked(b, n.kind, n.config)
		batch := p.batch
		whole := func() error {
			_, err := p.Run(b.Context(), rows)
			return err
		}
		fastest(b, n.name+"/callers", 32, whole)
		spread, err := p.engineOfOne()
		if err != nil {
			b.Fatal(err)
		}
		own := p.many
		p.many, p.batch = spread, p.callers*batch
		for _, p.callers = range []int{1, 2} {
			fastest(b, fmt.Sprintf("%s/spread/at-a-time=%d", n.name, p.callers), 32, whole)
		}
		p.many = own
	}
}

// fastest reports the time per image of the fastest call: other programs on the machine only ever slow one down.
func fastest(b *testing.B, name string, images int, call func() error) {
	b.Run(name, func(b *testing.B) {
		if err := call(); err != nil { // compiles
			b.Fatal(err)
		}
		least := math.Inf(1)
		for b.Loop() {
			began := time.Now()
			if err := call(); err != nil {
				b.Fatal(err)
			}
			least = min(least, time.Since(began).Seconds())
		}
		b.ReportMetric(1e3*least/float64(images), "ms/image")
		b.ReportMetric(0, "ns/op")
	})
}
