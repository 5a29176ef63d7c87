package layer

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/core/graph"
)

// Fold rewrites a list for inference, with its values: zero padding moves into the convolution that follows it,
// batch normalization into the convolution before it, and an activation behind that into the same layer. The output of
// every layer that remains is the same up to rounding, and each pass over an activation that goes saves time. The last
// layer, which is the output, stays the last one.
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
	list, values := List{}, Values{}
	renamed := map[string]string{} // a folded layer's name → the layer that now gives its output
	for i, original := range ls {
		l := *original
		l.Inputs = make([]string, len(original.Inputs))
		for k, name := range original.Inputs {
			l.Inputs[k] = name
			if to, ok := renamed[name]; ok {
				l.Inputs[k] = to
			}
		}
		var before *Layer
		if len(l.Inputs) == 1 && readers[original.Inputs[0]] == 1 {
			before = list[list.Index(l.Inputs[0])]
		}
		output := i == len(ls)-1 && before != nil && before != list[len(list)-1] // it would no longer be the last
		if before != nil && !output && absorb(before, &l, v, values) {
			renamed[l.Name] = before.Name
			continue
		}
		if before != nil && takePadding(before, &l) {
			l.Inputs = before.Inputs
			list = slices.DeleteFunc(list, func(f *Layer) bool { return f == before })
		}
		values[l.Name] = v[l.Name]
		if op, ok := l.Op.(prepared); ok {
			in := list[list.Index(l.Inputs[0])].Shape
			l.Op, l.W, values[l.Name] = op.prepare(in, l.W, v[l.Name])
		}
		list = append(list, &l)
	}
	return list, values
}

// What an Op may be for Fold, by a method each:
type (
	// A convolution, into which others fold.
	folding interface {
		convolution() convolution
		fold(f folded) Op
	}
	// Zeros around the image.
	padding interface{ pads() [4]int }
	// A function of each value; "" if it has no name.
	activating interface{ function() string }
	// A scaling of the channels.
	scaling interface {
		affine(weights [][]float32) (scale, offset []float64)
	}
	// It has another form of its weights for inference on inputs of one shape.
	prepared interface {
		prepare(in []int, w []Weight, values [][]float32) (Op, []Weight, [][]float32)
	}
)

// convolution is what Fold asks a convolution.
type convolution struct {
	padding    string
	noBias     bool
	activation string
	folded     folded
}

// folded is what Fold has moved into a convolution.
type folded struct {
	pad        [4]int // {top, bottom, left, right} of the image, in place of no padding
	scaled     bool   // each channel is multiplied by a third weight before the bias
	winograd   bool   // the kernel is one of winogradKernel
	activation string // applied last
}

// finish is what comes after the products of a convolution.
func (f folded) finish(c *Call, x *graph.Node, noBias bool, activation string) *graph.Node {
	if f.scaled {
		x = graph.Mul(x, graph.ExpandLeftToRank(c.Weight(2), 4))
	}
	if !noBias || f.scaled {
		x = graph.Add(x, graph.ExpandLeftToRank(c.Weight(1), 4))
	}
	return activate(activate(x, activation), f.activation)
}

func (f folded) err() error {
	if f != (folded{}) {
		return errors.New("the list is folded for inference: save the model that it comes from")
	}
	return nil
}

func (f folded) identity(noBias bool) string {
	return fmt.Sprintf("UseBias:%t Pad:%v Scaled:%t", !noBias || f.scaled, f.pad, f.scaled)
}

// takePadding lets a "valid" convolution l pad its own input.
func takePadding(before, l *Layer) bool {
	p, ok := before.Op.(padding)
	op, ok2 := l.Op.(folding)
	if !ok || !ok2 || op.convolution().padding == "same" {
		return false
	}
	f := op.convolution().folded
	f.pad = p.pads()
	l.Op = op.fold(f)
	return true
}

// absorb merges l into the convolution before it, if it can.
func absorb(before, l *Layer, v, values Values) bool {
	op, ok := before.Op.(folding)
	if !ok {
		return false
	}
	c := op.convolution()
	if c.activation != "" || c.folded.activation != "" {
		return false
	}
	switch next := l.Op.(type) {
	case activating:
		if c.folded.activation = next.function(); c.folded.activation == "" {
			return false
		}
	case scaling:
		if c.folded.scaled {
			return false
		}
		c.folded.scaled = true
		scale, offset := next.affine(v[l.Name])
		scaleChannels(before, c.noBias, scale, offset, values)
	default:
		return false
	}
	before.Op = op.fold(c.folded)
	return true
}

// scaleChannels gives a convolution a scale and the bias that goes with it.
func scaleChannels(l *Layer, noBias bool, scale, offset []float64, values Values) {
	channels := len(scale)
	bias, scale32 := make([]float32, channels), make([]float32, channels)
	for c := range channels {
		scale32[c] = float32(scale[c])
		bias[c] = float32(offset[c])
		if !noBias {
			bias[c] += float32(float64(values[l.Name][1][c]) * scale[c])
		}
	}
	shape := []int{channels}
	l.W = []Weight{l.W[0], {Name: "bias", Shape: shape}, {Name: "scale", Shape: shape}}
	values[l.Name] = [][]float32{values[l.Name][0], bias, scale32}
}
