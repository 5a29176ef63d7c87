package layer

import (
	"cmp"

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
	Epsilon  float64 `json:"epsilon,omitempty"`  // 0 is Keras's 1e-3
	Momentum float64 `json:"momentum,omitempty"` // 0 is Keras's 0.99
}

func (BatchNormalization) Class() string { return "BatchNormalization" }

func (o BatchNormalization) withDefaults() Op {
	o.Epsilon, o.Momentum = cmp.Or(o.Epsilon, 1e-3), cmp.Or(o.Momentum, 0.99)
	return o
}

func (BatchNormalization) Output(in [][]int) ([]int, error) { return in[0], nil }

func (BatchNormalization) Weights(in [][]int) []Weight {
	shape := []int{in[0][len(in[0])-1]}
	return []Weight{
		{Name: "gamma", Shape: shape, Init: OnesInitializer},
		{Name: "beta", Shape: shape, Init: ZerosInitializer},
		{Name: "moving_mean", Shape: shape, Init: ZerosInitializer, Statistic: true},
		{Name: "moving_variance", Shape: shape, Init: OnesInitializer, Statistic: true},
	}
}

func (o BatchNormalization) Build(c *Call, in []*graph.Node) *graph.Node {
	x := in[0]
	wide := func(v *graph.Node) *graph.Node { return graph.ExpandLeftToRank(v, x.Rank()) }
	mean, variance := c.Weight(2), c.Weight(3)
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
		c.env.Update(c.layer, 2, move(mean, batchMean))
		c.env.Update(c.layer, 3, move(variance, batchVariance))
		mean, variance = batchMean, batchVariance
	}
	scale := graph.Div(c.Weight(0), graph.Sqrt(graph.AddScalar(variance, o.Epsilon)))
	offset := graph.Sub(c.Weight(1), graph.Mul(mean, scale))
	return graph.Add(graph.Mul(x, wide(scale)), wide(offset))
}
