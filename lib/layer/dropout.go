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
	Rate float64
	// NoiseShape is Keras's noise_shape without the batch: along an axis of 1, values are dropped together. {1, 1, 1}
	// drops whole images, as stochastic depth does (Huang et al., 2016). nil draws for each value.
	NoiseShape []int
}

func init() { register("Dropout", readDropout) }

func (Dropout) Class() string { return "Dropout" }
func (o Dropout) Output(in [][]int) ([]int, error) {
	if math.IsNaN(o.Rate) || o.Rate < 0 || o.Rate >= 1 {
		return nil, fmt.Errorf("dropout rate %v: give a value in [0, 1)", o.Rate)
	}
	fits := o.NoiseShape == nil || len(o.NoiseShape) == len(in[0])
	for i := 0; fits && i < len(o.NoiseShape); i++ {
		fits = o.NoiseShape[i] == 1 || o.NoiseShape[i] == in[0][i]
	}
	if !fits {
		return nil, fmt.Errorf("noise shape %v: give 1 or the size of the input for each axis but the batch", o.NoiseShape)
	}
	return in[0], nil
}
func (o Dropout) Build(c *Call, in []*graph.Node) *graph.Node {
	return drop(c, in[0], o.Rate, o.NoiseShape)
}

func (o Dropout) dropRate() float64 { return o.Rate }
func (Dropout) label([]int) Label   { return Label{Text: "dropout", Minor: true} }

func (o Dropout) identity() string {
	text := fmt.Sprintf("{weightless:{} Rate:%v}", o.Rate)
	if o.NoiseShape != nil {
		text += fmt.Sprintf(" noise shape %v", o.NoiseShape)
	}
	return text
}

func (o Dropout) Config() (Settings, error) {
	s := Settings{"rate": o.Rate, "seed": nil, "noise_shape": nil}
	if o.NoiseShape != nil {
		shape := []any{nil}
		for _, n := range o.NoiseShape {
			shape = append(shape, n)
		}
		s["noise_shape"] = shape
	}
	return s, nil
}

func readDropout(f *Fields) Op {
	f.Ignore("seed")
	var o Dropout
	f.Need("rate", &o.Rate)
	if o.Rate < 0 || o.Rate >= 1 {
		f.Fail("rate is %v; it must be in [0, 1)", o.Rate)
	}
	var noise []*int
	if f.Read("noise_shape", &noise) {
		known := len(noise) > 1 && noise[0] == nil
		for _, n := range noise[min(1, len(noise)):] {
			if known = known && n != nil && *n > 0; known {
				o.NoiseShape = append(o.NoiseShape, *n)
			}
		}
		if !known {
			f.Fail("noise_shape is %s; known here is null for the batch, then a number for each axis",
				Short(f.values["noise_shape"]))
		}
	}
	return o
}

// drop is what Dropout does to any values.
func drop(c *Call, x *graph.Node, rate float64, noiseShape []int) *graph.Node {
	if !c.Training() || rate == 0 {
		return x
	}
	shape := x.Shape().Dimensions
	if noiseShape != nil {
		shape = append([]int{shape[0]}, noiseShape...)
	}
	threshold := uint32(math.Round(rate * (1 << 32)))
	keep := graph.GreaterOrEqual(c.bits(x.Graph(), shape), graph.Const(x.Graph(), threshold))
	if noiseShape != nil {
		keep = graph.BroadcastToDims(keep, x.Shape().Dimensions...)
	}
	return graph.Where(keep, graph.DivScalar(x, 1-rate), graph.ZerosLike(x))
}

// bits gives 32 random bits for each value of a shape, new ones in each step. A hash of the value's number, keyed by two
// numbers of Env.Uniform, is computed where it is needed. Generated bits would be written to memory and read again: in
// a transformer, whose attention drops 26 million weights in a step, that took a quarter of the time of training.
func (c *Call) bits(g *graph.Graph, shape []int) *graph.Node {
	keys := graph.ConvertDType(graph.MulScalar(c.env.Uniform(g, shapes.Make(dtypes.Float32, 2)), 1<<24), dtypes.Uint32)
	key := func(i int) *graph.Node { return graph.Reshape(graph.Slice(keys, graph.AxisElem(i))) }
	word := func(n uint32) *graph.Node { return graph.Const(g, n) }
	// Two rounds of a multiply-xorshift mixer (the finalizer of MurmurHash3, by Appleby).
	mix := func(h *graph.Node) *graph.Node {
		h = graph.Mul(graph.BitwiseXor(h, graph.BitwiseShiftRightLogicalScalar(h, uint32(16))), word(0x85ebca6b))
		h = graph.Mul(graph.BitwiseXor(h, graph.BitwiseShiftRightLogicalScalar(h, uint32(13))), word(0xc2b2ae35))
		return graph.BitwiseXor(h, graph.BitwiseShiftRightLogicalScalar(h, uint32(16)))
	}
	number := graph.IotaFull(g, shapes.Make(dtypes.Uint32, shape...))
	h := mix(graph.Add(graph.Mul(number, word(0x9e3779b9)), key(0)))
	return mix(graph.BitwiseXor(h, graph.Mul(key(1), word(0x9e3779b9))))
}
