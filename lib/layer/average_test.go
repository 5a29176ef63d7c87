package layer

import (
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/transfer-learning-go/defects/lib/internal/golden"
)

// TestAveragePoolingGradientIsItsShareOfEachWindow uses that pooling is linear: the gradient of ⟨w, pool(x)⟩ at x,
// multiplied by any x', is ⟨w, pool(x')⟩.
func TestAveragePoolingGradientIsItsShareOfEachWindow(t *testing.T) {
	for _, o := range []AveragePooling2D{{Pool: 2}, {Pool: 3, Strides: 2, Padding: "same"},
		{Pool: 2, Strides: 1, Padding: "same"}} {
		op := o.withDefaults()
		shape, other := []int{2, 7, 6, 3}, []int{2, 7, 6, 3}
		x := tensors.FromFlatDataAndDimensions(golden.Uniform("average/x", Size(shape), -1, 1), shape...)
		y := tensors.FromFlatDataAndDimensions(golden.Uniform("average/y", Size(other), -1, 1), other...)
		out, err := op.Output([][]int{shape[1:]})
		if err != nil {
			t.Fatal(err)
		}
		out = append([]int{2}, out...)
		w := tensors.FromFlatDataAndDimensions(golden.Uniform("average/w", Size(out), -1, 1), out...)
		got := run(t, func(in []*graph.Node) []*graph.Node {
			pooled := func(x *graph.Node) *graph.Node {
				return graph.ReduceAllSum(graph.Mul(in[2], op.Build(nil, []*graph.Node{x})))
			}
			gradient := graph.Gradient(pooled(in[0]), in[0])[0]
			return []*graph.Node{graph.ReduceAllSum(graph.Mul(gradient, in[1])), pooled(in[1])}
		}, x, y, w)
		if d := golden.Relative(got[0], got[1]); d > 1e-5 {
			t.Errorf("%+v: %v, want %v", op, got[0], got[1])
		}
	}
}
