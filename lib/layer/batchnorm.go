package layer

import (
	"cmp"
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"
)

// BatchNormalization is Keras's BatchNormalization over the last axis (Ioffe and Szegedy, 2015):
//
//	y = gamma · (x − mean) / sqrt(variance + Epsilon) + beta
//
// In a training step mean and variance (biased) are those of the batch, and the moving statistics move by
// 1 − Momentum towards them. In inference, and always when the layer is frozen or called with training=False as a
// transferred backbone is, the moving statistics are used and stay as they are.
type BatchNormalization struct {
	Epsilon  float64 // 0 is Keras's 1e-3
	Momentum float64 // 0 is Keras's 0.99
	NoCenter bool    // without beta: Keras's center=False
	NoScale  bool    // without gamma: Keras's scale=False
}

func init() { register("BatchNormalization", readBatchNormalization) }

func (BatchNormalization) Class() string { return "BatchNormalization" }

func (o BatchNormalization) withDefaults() Op {
	o.Epsilon, o.Momentum = cmp.Or(o.Epsilon, 1e-3), cmp.Or(o.Momentum, 0.99)
	return o
}

func (BatchNormalization) Output(in [][]int) ([]int, error) { return in[0], nil }

func (o BatchNormalization) Weights(in [][]int) []Weight {
	shape := []int{in[0][len(in[0])-1]}
	var ws []Weight
	if !o.NoScale {
		ws = append(ws, Weight{Name: "gamma", Shape: shape, Init: OnesInitializer})
	}
	if !o.NoCenter {
		ws = append(ws, Weight{Name: "beta", Shape: shape, Init: ZerosInitializer})
	}
	return append(ws,
		Weight{Name: "moving_mean", Shape: shape, Init: ZerosInitializer, Statistic: true},
		Weight{Name: "moving_variance", Shape: shape, Init: OnesInitializer, Statistic: true})
}

// positions of gamma, beta and the moving mean among the weights; −1 for one that is left out.
func (o BatchNormalization) positions() (gamma, beta, mean int) {
	gamma, beta = -1, -1
	if !o.NoScale {
		gamma, mean = mean, mean+1
	}
	if !o.NoCenter {
		beta, mean = mean, mean+1
	}
	return gamma, beta, mean
}

func (o BatchNormalization) Build(c *Call, in []*graph.Node) *graph.Node {
	x := in[0]
	wide := func(v *graph.Node) *graph.Node { return graph.ExpandLeftToRank(v, x.Rank()) }
	gamma, beta, first := o.positions()
	mean, variance := c.Weight(first), c.Weight(first+1)
	if c.Training() && !c.layer.Frozen {
		axes := make([]int, x.Rank()-1)
		for i := range axes {
			axes[i] = i
		}
		batchMean := graph.ReduceMean(x, axes...)
		batchVariance := graph.ReduceMean(graph.Square(graph.Sub(x, wide(batchMean))), axes...)
		move := func(old, now *graph.Node) *graph.Node {
			return graph.Add(graph.MulScalar(old, o.Momentum), graph.MulScalar(graph.StopGradient(now), 1-o.Momentum))
		}
		c.env.Update(c.layer, first, move(mean, batchMean))
		c.env.Update(c.layer, first+1, move(variance, batchVariance))
		mean, variance = batchMean, batchVariance
	}
	scale := graph.Sqrt(graph.AddScalar(variance, o.Epsilon))
	if gamma < 0 {
		scale = graph.Inverse(scale)
	} else {
		scale = graph.Div(c.Weight(gamma), scale)
	}
	offset := graph.Mul(mean, scale)
	if beta < 0 {
		offset = graph.Neg(offset)
	} else {
		offset = graph.Sub(c.Weight(beta), offset)
	}
	return graph.Add(graph.Mul(x, wide(scale)), wide(offset))
}

// affine is what the layer does at inference: x·scale + offset.
func (o BatchNormalization) affine(w [][]float32) (scale, offset []float64) {
	gamma, beta, first := o.positions()
	mean, variance := w[first], w[first+1]
	scale, offset = make([]float64, len(mean)), make([]float64, len(mean))
	for c := range mean {
		scale[c] = 1
		if gamma >= 0 {
			scale[c] = float64(w[gamma][c])
		}
		scale[c] /= math.Sqrt(float64(variance[c]) + o.Epsilon)
		offset[c] = -float64(mean[c]) * scale[c]
		if beta >= 0 {
			offset[c] += float64(w[beta][c])
		}
	}
	return scale, offset
}

func (BatchNormalization) usesBatch() {}

func (BatchNormalization) label([]int) Label { return Label{Text: "batch normalization", Minor: true} }

func (o BatchNormalization) identity() string {
	text := fmt.Sprintf("{Epsilon:%v Momentum:%v}", o.Epsilon, o.Momentum)
	if o.NoCenter || o.NoScale {
		text += fmt.Sprintf(" without center: %t, without scale: %t", o.NoCenter, o.NoScale)
	}
	return text
}

func (o BatchNormalization) Config() (Settings, error) {
	return Settings{"axis": -1, "momentum": cmp.Or(o.Momentum, 0.99), "epsilon": cmp.Or(o.Epsilon, 1e-3),
		"center": !o.NoCenter, "scale": !o.NoScale}, nil
}

func readBatchNormalization(f *Fields) Op {
	f.Only("renorm", "false")
	f.Ignore("synchronized", "renorm_clipping", "renorm_momentum", "fused", "virtual_batch_size", "adjustment",
		"beta_initializer", "gamma_initializer", "moving_mean_initializer", "moving_variance_initializer")
	f.training("beta_regularizer", "gamma_regularizer", "beta_constraint", "gamma_constraint")
	f.Only("axis", "-1", "[-1]", "3", "[3]", "1", "[1]") // the last of an image, or of a row of features: see check
	o := BatchNormalization{Epsilon: 1e-3, Momentum: 0.99, NoCenter: f.without("center"), NoScale: f.without("scale")}
	f.Read("epsilon", &o.Epsilon)
	f.Read("momentum", &o.Momentum)
	if o.Epsilon <= 0 {
		f.Fail("epsilon is %v; it must be positive", o.Epsilon)
	}
	if o.Momentum <= 0 || o.Momentum > 1 {
		f.Fail("momentum is %v; known here are values above 0, up to 1", o.Momentum)
	}
	return o
}

func (BatchNormalization) check(in []int, f *Fields) { f.lastAxis(in) }
