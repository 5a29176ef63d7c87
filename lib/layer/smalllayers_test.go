package layer

import (
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/transfer-learning-go/defects/lib/internal/golden"
)

// testdata/small_layers.json.gz is made by scripts/oracle/goldens/keras_small_layers.py. One graph computes all: compiling
// takes the time.
func TestSmallLayersEqualKeras(t *testing.T) {
	var cases []kerasCase
	golden.Read(t, "testdata/small_layers.json.gz", &cases)
	layers, counts := make([]*Layer, len(cases)), make([]int, len(cases))
	var inputs []*tensors.Tensor
	for i, c := range cases {
		var in []*tensors.Tensor
		layers[i], in = c.prepare(t)
		inputs = append(inputs, in...)
	}
	got := run(t, func(x []*graph.Node) (out []*graph.Node) {
		for i, c := range cases {
			y := c.build(t, layers[i], x[:len(c.Shapes)])
			x, out, counts[i] = x[len(c.Shapes):], append(out, y...), len(y)
		}
		return out
	}, inputs...)
	for i, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			values, gradients := c.results(layers[i], got[:counts[i]])
			if d := golden.Relative(values, c.Values); !(d <= 2e-6) {
				t.Errorf("differs by %.2g of the largest value", d)
			}
			c.requireGradients(t, gradients)
			if config, err := complete(layers[i].Op).Config(); err != nil || config == nil {
				t.Errorf("its configuration is %v, %v", config, err)
			}
		})
		got = got[counts[i]:]
	}
}

// Normalization, activation and padding go into the general convolutions as into the common ones.
func TestFoldTakesGeneralConvolutions(t *testing.T) {
	b := &Builder{}
	b.Add("image", Input{Shape: []int{9, 8, 3}})
	Sequential(ZeroPadding2D{Pad: [4]int{1, 0, 2, 1}}, GeneralConv2D{Filters: 6, Kernel: [2]int{1, 5}, NoBias: true},
		BatchNormalization{}, ReLU{}, GeneralConv2D{Filters: 6, Kernel: [2]int{3, 3}, Groups: 6, Padding: "same"},
		BatchNormalization{NoScale: true}, Activation{Activation: "swish"},
		GeneralDepthwiseConv2D{Kernel: [2]int{3, 1}, Multiplier: 2}, BatchNormalization{}, ReLU{MaxValue: 6})(b)
	if b.Err != nil {
		t.Fatal(b.Err)
	}
	if folded := requireEqualFold(t, b.List, 2); len(folded) != 4 {
		t.Errorf("%v is left", classesOf(folded))
	}
}
