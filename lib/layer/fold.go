package layer

import (
	"math"
	"slices"
)

// Fold rewrites a list for inference, with its values: zero padding moves into the convolution that follows it,
// batch normalization into the convolution before it, and a ReLU behind that into the same layer. The output of
// every layer that remains is the same up to rounding, and each pass over an activation that goes saves time.
//
// Batch normalization after a convolution without activation is a scaling of its channels:
// gamma·(k∗x − mean)/s + beta = (gamma/s)·(k∗x) + (beta − mean·gamma/s), with s = sqrt(variance + epsilon).
// The kernel stays as it is: scaled by gamma/s beforehand, each of its values would be rounded once more, which
// doubles the error of the features and saves no time, since scaling fuses with adding the bias.
func (ls List) Fold(v Values) (List, Values) {
	readers := map[string]int{}
	for _, l := range ls {
		for _, name := range l.Inputs {
			readers[name]++
		}
	}
	folded, values := List{}, Values{}
	renamed := map[string]string{} // a folded layer's name → the layer that now gives its output
	for _, original := range ls {
		l := *original
		l.Inputs = make([]string, len(original.Inputs))
		for i, name := range original.Inputs {
			l.Inputs[i] = name
			if to, ok := renamed[name]; ok {
				l.Inputs[i] = to
			}
		}
		var before *Layer
		if len(l.Inputs) == 1 && readers[original.Inputs[0]] == 1 {
			before = folded[folded.Index(l.Inputs[0])]
		}
		if before != nil && absorb(before, &l, v, values) {
			renamed[l.Name] = before.Name
			continue
		}
		if padding, ok := paddingBefore(before); ok && takePadding(&l, padding) {
			l.Inputs = before.Inputs
			folded = slices.DeleteFunc(folded, func(f *Layer) bool { return f == before })
		}
		values[l.Name] = v[l.Name]
		if op, ok := l.Op.(Conv2D); ok && op.winogradPaysFolded(folded[folded.Index(l.Inputs[0])].Shape) {
			op.Winograd = true
			l.Op = op
			l.W = slices.Clone(l.W)
			l.W[0].Shape = []int{16, l.W[0].Shape[2], l.W[0].Shape[3]}
			values[l.Name] = slices.Clone(v[l.Name])
			values[l.Name][0] = winogradKernel(v[l.Name][0])
		}
		folded = append(folded, &l)
	}
	return folded, values
}

func paddingBefore(l *Layer) ([4]int, bool) {
	if l == nil {
		return [4]int{}, false
	}
	p, ok := l.Op.(ZeroPadding2D)
	return p.Pad, ok
}

// takePadding lets a "valid" convolution pad its own input.
func takePadding(l *Layer, padding [4]int) bool {
	switch op := l.Op.(type) {
	case Conv2D:
		if op.Padding == "same" {
			return false
		}
		op.Pad = padding
		l.Op = op
	case DepthwiseConv2D:
		if op.Padding == "same" {
			return false
		}
		op.Pad = padding
		l.Op = op
	default:
		return false
	}
	return true
}

// absorb merges l into the convolution before it, if it can.
func absorb(before, l *Layer, v, values Values) bool {
	switch op := l.Op.(type) {
	case ReLU:
		name := "relu"
		if op.MaxValue == 6 {
			name = "relu6"
		} else if op.MaxValue != 0 {
			return false
		}
		return setActivation(before, name)
	case Activation:
		return op.Activation != "softmax" && setActivation(before, op.Activation)
	case BatchNormalization:
		return foldNorm(before, op, v[l.Name], values)
	}
	return false
}

func setActivation(before *Layer, name string) bool {
	switch op := before.Op.(type) {
	case Conv2D:
		if op.Activation != "" {
			return false
		}
		op.Activation = name
		before.Op = op
	case DepthwiseConv2D:
		if op.Activation != "" {
			return false
		}
		op.Activation = name
		before.Op = op
	default:
		return false
	}
	return true
}

func foldNorm(before *Layer, norm BatchNormalization, stats [][]float32, values Values) bool {
	channels := len(stats[0])
	scale, offset := make([]float64, channels), make([]float64, channels)
	for c := range channels {
		scale[c] = float64(stats[0][c]) / math.Sqrt(float64(stats[3][c])+norm.Epsilon)
		offset[c] = float64(stats[1][c]) - float64(stats[2][c])*scale[c]
	}
	var useBias bool
	switch op := before.Op.(type) {
	case Conv2D:
		if op.Activation != "" || op.Scaled {
			return false
		}
		useBias = op.UseBias
		op.UseBias, op.Scaled = true, true
		before.Op = op
	case DepthwiseConv2D:
		if op.Activation != "" || op.Scaled {
			return false
		}
		useBias = op.UseBias
		op.UseBias, op.Scaled = true, true
		before.Op = op
	default:
		return false
	}
	bias, scale32 := make([]float32, channels), make([]float32, channels)
	for c := range channels {
		scale32[c] = float32(scale[c])
		bias[c] = float32(offset[c])
		if useBias {
			bias[c] += float32(float64(values[before.Name][1][c]) * scale[c])
		}
	}
	shape := []int{channels}
	before.W = []Weight{before.W[0], {Name: "bias", Shape: shape}, {Name: "scale", Shape: shape}}
	values[before.Name] = [][]float32{values[before.Name][0], bias, scale32}
	return true
}
