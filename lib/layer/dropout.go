package layer

import (
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// Dropout is Keras's Dropout (Srivastava et al., 2014): in training each value is set to zero with probability
// Rate and the others are divided by 1 − Rate; otherwise values pass unchanged.
type Dropout struct {
	weightless
	Rate float64 `json:"rate"`
}

func (Dropout) Class() string { return "Dropout" }
func (o Dropout) Output(in [][]int) ([]int, error) {
	if math.IsNaN(o.Rate) || o.Rate < 0 || o.Rate >= 1 {
		return nil, fmt.Errorf("dropout rate %v: give a value in [0, 1)", o.Rate)
	}
	return in[0], nil
}
func (o Dropout) Build(c *Call, in []*graph.Node) *graph.Node {
	return drop(c, in[0], o.Rate)
}

// drop is what Dropout does to any values.
func drop(c *Call, x *graph.Node, rate float64) *graph.Node {
	if !c.Training() || rate == 0 {
		return x
	}
	threshold := uint32(math.Round(rate * (1 << 32)))
	keep := graph.GreaterOrEqual(c.bits(x), graph.Const(x.Graph(), threshold))
	return graph.Where(keep, graph.DivScalar(x, 1-rate), graph.ZerosLike(x))
}

// bits gives 32 random bits for each value of x, new ones in each step. A hash of the value's number, keyed by two
// numbers of Env.Uniform, is computed where it is needed. Generated bits would be written to memory and read again: in
// a transformer, whose attention drops 26 million weights in a step, that took a quarter of the time of training.
func (c *Call) bits(x *graph.Node) *graph.Node {
	g := x.Graph()
	keys := graph.ConvertDType(graph.MulScalar(c.env.Uniform(g, shapes.Make(dtypes.Float32, 2)), 1<<24), dtypes.Uint32)
	key := func(i int) *graph.Node { return graph.Reshape(graph.Slice(keys, graph.AxisElem(i))) }
	word := func(n uint32) *graph.Node { return graph.Const(g, n) }
	// Two rounds of a multiply-xorshift mixer (the finalizer of MurmurHash3, by Appleby).
	mix := func(h *graph.Node) *graph.Node {
		h = graph.Mul(graph.BitwiseXor(h, graph.BitwiseShiftRightLogicalScalar(h, uint32(16))), word(0x85ebca6b))
		h = graph.Mul(graph.BitwiseXor(h, graph.BitwiseShiftRightLogicalScalar(h, uint32(13))), word(0xc2b2ae35))
		return graph.BitwiseXor(h, graph.BitwiseShiftRightLogicalScalar(h, uint32(16)))
	}
	number := graph.IotaFull(g, shapes.Make(dtypes.Uint32, x.Shape().Dimensions...))
	h := mix(graph.Add(graph.Mul(number, word(0x9e3779b9)), key(0)))
	return mix(graph.BitwiseXor(h, graph.Mul(key(1), word(0x9e3779b9))))
}
