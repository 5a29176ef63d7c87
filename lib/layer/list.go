// Package layer builds Keras's layers as GoMLX graphs.
//
// A model is a List of named layers in Keras's order. The one list gives the graph, the summary, the parameter
// counts, the names that checkpoints are matched by, and the cut below which activations are computed once.
// Images are channels-last, [batch, height, width, channels], float32. Shapes in this package leave the batch out.
package layer

import (
	"slices"

	"github.com/gomlx/gomlx/core/graph"
)

// List is a model: layers in Keras's order, each after those that it reads.
type List []*Layer

// Index is the position of the layer of that name, or −1.
func (ls List) Index(name string) int {
	return slices.IndexFunc(ls, func(l *Layer) bool { return l.Name == name })
}

// Params is the number of values in all weights.
func (ls List) Params() int {
	n := 0
	for _, l := range ls {
		n += l.Params()
	}
	return n
}

// TrainableParams counts the values that gradients change: weights of layers that are not frozen, without moving
// statistics. It equals what Keras's summary calls trainable parameters.
func (ls List) TrainableParams() int {
	n := 0
	for _, l := range ls {
		for _, w := range l.W {
			if !l.Frozen && !w.Statistic {
				n += w.Size()
			}
		}
	}
	return n
}

// Output is the shape of the last layer.
func (ls List) Output() []int { return ls[len(ls)-1].Shape }

// Unread names the layers whose output leads nowhere, in order; nil if there are none. Keras has no such layers in a model.
func (ls List) Unread() (names []string) {
	read := map[string]bool{}
	for i, l := range slices.Backward(ls) {
		if !read[l.Name] && i != len(ls)-1 {
			names = append(names, l.Name)
			continue
		}
		for _, name := range l.Inputs {
			read[name] = true
		}
	}
	slices.Reverse(names)
	return names
}

// Logits is the list without the softmax that it ends in, and reports whether it ends in one; if not, the list comes back
// as it is. It ends in the layer that the softmax reads. The loss is computed from logits, since the logarithm of a softmax that has gone to zero is lost, and gradients
// of classes are taken of them.
func (ls List) Logits() (List, bool) {
	last := *ls[len(ls)-1]
	s, ok := last.Op.(softmaxed)
	if !ok {
		return ls, false
	}
	op, had := s.logits()
	switch {
	case !had:
		return ls, false
	case op == nil:
		return ls[:ls.Index(last.Inputs[0])+1], true
	}
	last.Op = op
	return append(slices.Clone(ls[:len(ls)-1]), &last), true
}

// Build adds the layers to a graph, x being what the Input layer gives, and returns the output of the last.
func (ls List) Build(env *Env, x *graph.Node) *graph.Node {
	return ls.BuildAll(env, x)[ls[len(ls)-1].Name]
}

// BuildAll is Build, returning the output of every layer by name.
func (ls List) BuildAll(env *Env, x *graph.Node) map[string]*graph.Node {
	values := map[string]*graph.Node{}
	for _, l := range ls {
		if len(l.Inputs) == 0 {
			values[l.Name] = x
			continue
		}
		inputs := make([]*graph.Node, len(l.Inputs))
		for i, name := range l.Inputs {
			inputs[i] = values[name]
		}
		values[l.Name] = l.Op.Build(&Call{layer: l, env: env}, inputs)
	}
	return values
}

// Above is the model from position cut on: an Input that stands for the output of layer cut−1, then ls[cut:].
// SingleCrossing(cut) must hold. Above(0) is the whole list.
func (ls List) Above(cut int) List {
	if cut == 0 {
		return ls
	}
	below := ls[cut-1]
	input := &Layer{Name: below.Name, Op: Input{Shape: below.Shape}, Shape: below.Shape}
	return append(List{input}, ls[cut:]...)
}

// SingleCrossing reports whether ls[cut-1]'s output is the only value that layers from cut on read from below.
func (ls List) SingleCrossing(cut int) bool {
	below := map[string]bool{}
	for _, l := range ls[:cut-1] {
		below[l.Name] = true
	}
	for _, l := range ls[cut:] {
		for _, name := range l.Inputs {
			if below[name] {
				return false
			}
		}
	}
	return true
}
