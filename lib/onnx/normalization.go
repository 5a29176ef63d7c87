package onnx

import (
	"math"

	"github.com/transfer-learning-go/defects/lib/layer"
)

// batchNormalization is that of inference. Runtimes merge it with the convolution before it.
func (e *exporter) batchNormalization(op layer.BatchNormalization, x value) value {
	channels := x.shape[len(x.shape)-1]
	gamma, beta := filled(channels, 1), filled(channels, 0)
	w := e.w
	if !op.NoScale {
		gamma, w = w[0], w[1:]
	}
	if !op.NoCenter {
		beta, w = w[0], w[1:]
	}
	mean, variance := w[0], w[1]
	if len(x.shape) == 3 {
		return e.each("BatchNormalization", e.channelsFirst(x), []string{e.floats("gamma", gamma, channels),
			e.floats("beta", beta, channels), e.floats("moving_mean", mean, channels),
			e.floats("moving_variance", variance, channels)}, attribute{"epsilon", float32(op.Epsilon)})
	}
	// Rows and tokens have their channels last, where ONNX's own does not look for them.
	scale, offset := make([]float32, channels), make([]float32, channels)
	for c := range channels {
		s := float64(gamma[c]) / math.Sqrt(float64(variance[c])+op.Epsilon)
		scale[c], offset[c] = float32(s), float32(float64(beta[c])-float64(mean[c])*s)
	}
	x = e.each("Mul", x, []string{e.floats("scale", scale, channels)})
	return e.each("Add", x, []string{e.floats("offset", offset, channels)})
}

// normalization brings each channel to mean 0 and deviation 1, by numbers that were set before.
func (e *exporter) normalization(op layer.Normalization, x value) value {
	mean, variance := singles(op.Mean), singles(op.Variance)
	if op.Mean == nil {
		mean, variance = e.w[0], e.w[1]
	}
	deviation := make([]float32, len(variance))
	for c, v := range variance {
		deviation[c] = max(float32(math.Sqrt(float64(v))), 1e-7) // as layer.Normalization
	}
	x = e.each("Sub", x, []string{e.perChannel("mean", x, mean)})
	return e.each("Div", x, []string{e.perChannel("deviation", x, deviation)})
}

func filled(n int, v float32) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = v
	}
	return out
}

func singles(numbers []float64) []float32 {
	out := make([]float32, len(numbers))
	for i, v := range numbers {
		out[i] = float32(v)
	}
	return out
}
