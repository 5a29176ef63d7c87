package manydevices

import (
	"slices"
	"testing"

	"github.com/transfer-learning-go/defects/lib/inference"
	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/layer"
)

// The devices compute micro-batches of their own by one graph, so that not a bit differs.
func TestFeaturesAreTheSame(t *testing.T) {
	base := network(t, "mobilenetv2", 12)
	const rows = 75 // three micro-batches, the last not full
	images := golden.Uniform("images", rows*layer.Size(base.Layers[0].Shape), -1, 1)
	var want []float32
	for _, devices := range []int{1, 2, 4} {
		on(t, devices)
		p, err := inference.New(base.Layers, base.Values)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		got, err := p.Run(t.Context(), images)
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = got
		}
		if p.Devices() != devices || p.Batch() != 32 || !slices.Equal(got, want) || slices.Max(got) == 0 {
			t.Errorf("%d devices, in micro-batches of %d, give other features", p.Devices(), p.Batch())
		}
	}
}
