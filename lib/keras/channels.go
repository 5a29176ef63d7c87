package keras

import (
	"encoding/json"
	"slices"

	"github.com/transfer-learning-go/defects/lib/layer"
)

// Programs turn the channels of images round for networks that learned from blue, green and red: by x[..., ::-1], or, as
// preprocess_input of Keras 3, by taking each channel and stacking them again. Keras writes the functions GetItem and Stack
// for it. Here a convolution of single pixels does it, since that is a layer; it has no weights in the file.

// getItem and stack are the names of Keras's classes.
const getItem, stack = "GetItem", "Stack"

// channels reads which channels a GetItem takes: one, or all of three in reversed order.
func (c call) channels() []int {
	var key []json.RawMessage
	if len(c.Args) != 2 || !c.Args[0].isTensor() || json.Unmarshal(c.Args[1].Key, &key) != nil || len(key) != 2 {
		return nil
	}
	var all, part struct {
		Class  string `json:"class_name"`
		Config struct{ Start, Stop, Step *int }
	}
	var channel int
	switch {
	case json.Unmarshal(key[0], &all) != nil || all.Class != "__ellipsis__":
	case json.Unmarshal(key[1], &channel) == nil && channel >= 0:
		return []int{channel}
	case json.Unmarshal(key[1], &part) == nil && part.Class == "__slice__":
		if s := part.Config; s.Start == nil && s.Stop == nil && s.Step != nil && *s.Step == -1 {
			return []int{2, 1, 0}
		}
	}
	return nil
}

// reorder puts one node in place of those that bring channels into another order.
func (p *parser) reorder(m *model) {
	named, readers, used := map[string]*node{}, map[string]int{m.output: 1}, map[*node]bool{}
	for _, n := range m.nodes {
		named[n.name] = n
		for _, name := range n.call.tensors() {
			readers[name]++
		}
	}
	for _, n := range m.nodes {
		switch n.class {
		case getItem:
			if order := n.call.channels(); len(order) == 3 {
				n.order, n.call.Args = order, n.call.Args[:1]
			}
		case stack:
			taken := p.stacked(n, named, readers)
			for _, one := range taken {
				n.order = append(n.order, one.call.channels()[0])
				used[one] = true
			}
			if taken != nil {
				n.call.Args = taken[0].call.Args[:1]
			}
		}
		if n.order != nil {
			n.op = layer.Conv2D{Filters: len(n.order), Kernel: 1, NoBias: true}
		}
	}
	m.nodes = slices.DeleteFunc(m.nodes, func(n *node) bool { return used[n] })
	for _, n := range m.nodes {
		if n.order == nil && (n.class == getItem || n.class == stack) {
			p.fail("layer %s (%s): it takes a part of a tensor, or puts several together; known here is turning three channels round",
				n.name, n.class)
		}
	}
}

// stacked are the nodes that take the channels of one tensor which n stacks along the last axis; nil if it stacks others.
func (p *parser) stacked(n *node, named map[string]*node, readers map[string]int) (taken []*node) {
	var axis int
	if n.fields.Read("axis", &axis); axis != -1 && axis != 3 {
		return nil
	}
	for _, a := range n.call.Args {
		one := named[a.Layer]
		if one == nil || one.class != getItem || len(one.call.channels()) != 1 || readers[a.Layer] != 1 ||
			len(taken) > 0 && one.call.Args[0].Layer != taken[0].call.Args[0].Layer {
			return nil
		}
		taken = append(taken, one)
	}
	return taken
}

// ordering is the kernel [1, 1, n, n] of the convolution that gives the channels in this order; nil if that is none of n.
func ordering(order []int, n int) []float32 {
	if sorted := slices.Sorted(slices.Values(order)); len(order) != n || sorted[0] != 0 || sorted[n-1] != n-1 ||
		len(slices.Compact(sorted)) != n {
		return nil
	}
	kernel := make([]float32, n*n)
	for to, from := range order {
		kernel[from*n+to] = 1
	}
	return kernel
}

// withoutWeights is the list with layers of no weights and no class of their own in place of those that have values: Keras
// counts other classes.
func withoutWeights(ls layer.List, v layer.Values) layer.List {
	if len(v) == 0 {
		return ls
	}
	out := slices.Clone(ls)
	for i, l := range ls {
		if _, ok := v[l.Name]; ok {
			out[i] = &layer.Layer{Name: l.Name, Op: layer.Activation{}, Inputs: l.Inputs, Shape: l.Shape}
		}
	}
	return out
}
