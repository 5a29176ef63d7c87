package keras

import (
	"fmt"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/layer"
)

// flattener turns a parsed model into one list of layers.
type flattener struct {
	layer.Builder
	nested   []layer.Nested
	problems []string
	reserved map[string]bool // names that layers further out have
	joinable map[string]bool // scalings made from functions, read once
	fixed    layer.Values    // of layers that have no weights in the file
}

// inside is what a nested model hands down to its layers.
type inside struct {
	path      []string // names of the models
	input     string   // flat name of the layer that the model is called on; "" for the outermost
	frozen    bool
	inference bool
}

func (f *flattener) fail(format string, args ...any) {
	f.problems = append(f.problems, fmt.Sprintf(format, args...))
}

// model appends the layers of m and returns the flat name of its output. Layers come in the file's order, but for
// those that the file lists before what they read.
func (f *flattener) model(m *model, in inside) string {
	for _, n := range m.nodes {
		if len(in.path) == 0 {
			f.reserved[n.name] = true
		}
	}
	in.frozen = in.frozen || !m.trainable
	flat := map[string]string{}
	readers := map[string]int{m.output: 1}
	for _, n := range m.nodes {
		for _, name := range n.call.tensors() {
			readers[name]++
		}
	}
	waiting := m.nodes
	for len(waiting) > 0 && len(f.problems) == 0 {
		var later []*node
		for _, n := range waiting {
			_, ready := n.op.(layer.Input)
			ready = ready || len(n.call.Args) > 0
			for _, name := range n.call.tensors() {
				ready = ready && flat[name] != ""
			}
			if !ready {
				later = append(later, n)
				continue
			}
			flat[n.name] = f.add(m, n, flat, in)
			if n.function && readers[n.name] == 1 {
				f.joinable[flat[n.name]] = true
			}
		}
		if len(later) == len(waiting) {
			f.fail("model %q: layers %s read layers that it does not have, or one another", m.name, names(later))
		}
		waiting = later
	}
	if flat[m.output] == "" && len(f.problems) == 0 {
		f.fail("model %q has no layer %q, which is to be its output", m.name, m.output)
	}
	return flat[m.output]
}

func names(nodes []*node) string {
	var out []string
	for _, n := range nodes {
		out = append(out, n.name)
	}
	return strings.Join(out, ", ")
}

// add appends one layer, or those of a nested model, and returns the flat name of its output.
func (f *flattener) add(m *model, n *node, flat map[string]string, in inside) string {
	var inputs []string
	for _, name := range n.call.tensors() {
		inputs = append(inputs, flat[name])
	}
	op := n.op
	if layer.InputsOf(op) != layer.TensorList && len(inputs) > 1 || !n.function && len(inputs) < len(n.call.Args) {
		f.fail("layer %s (%s) is called on %d arguments; known here is one tensor", n.name, n.class, len(n.call.Args))
		return ""
	}
	if input, ok := op.(layer.Input); ok {
		if n.name != m.input {
			f.fail("model %q has the input layers %q and %q; only models with one are known here", m.name, m.input, n.name)
			return ""
		}
		if in.input != "" {
			inputs = []string{in.input}
			op = f.nestedInput(m, input, in.input)
		} else if len(input.Shape) == 0 || slices.Min(input.Shape) < 1 || len(inputs) > 0 {
			f.fail("layer %s (InputLayer) leaves its shape open; build the model with a fixed size, such as (224, 224, 3)",
				n.name)
			return ""
		}
	}
	if n.model != nil {
		start := len(f.List)
		deeper := inside{path: append(slices.Clone(in.path), n.name), input: inputs[0], frozen: in.frozen,
			inference: in.inference || n.inference}
		at := len(f.nested)
		nested := layer.Nested{Name: n.name, Start: start}
		if n.class == "Sequential" {
			nested.Class = n.class
		}
		f.nested = append(f.nested, nested)
		output := f.model(n.model, deeper)
		f.nested[at].End = len(f.List)
		return output
	}
	if op == nil {
		return inputs[0]
	}
	name := f.name(n.name, in.path)
	if first, second, ok := f.join(inputs, n); ok {
		l := f.List[f.Index(inputs[0])]
		l.Name, l.Op = name, joined(first, second)
		return name
	}
	f.Add(name, op, inputs...)
	if f.Err != nil {
		f.fail("%v", f.Err)
		return ""
	}
	l := f.List[len(f.List)-1]
	l.Frozen = in.frozen || !n.trainable
	l.Inference = in.inference || n.inference
	if n.order != nil {
		l.Frozen = true
		kernel := ordering(n.order, l.W[0].Shape[2])
		if kernel == nil {
			f.fail("layer %s (%s) takes the channels %v of %d; known here is another order of all", n.name, n.class, n.order,
				l.W[0].Shape[2])
			return ""
		}
		f.fixed[name] = [][]float32{kernel}
	}
	if n.fields != nil {
		if len(inputs) > 0 {
			layer.Check(op, f.List[f.Index(inputs[0])].Shape, n.fields)
		}
		f.problems = append(f.problems, n.fields.Problems...)
	}
	return name
}

// Index is the position of the layer of that name.
func (f *flattener) Index(name string) int { return f.List.Index(name) }

// join reports whether the function n scales what another function has scaled, which nothing else reads.
func (f *flattener) join(inputs []string, n *node) (first, second layer.Rescaling, ok bool) {
	if len(inputs) != 1 || !n.function || !f.joinable[inputs[0]] {
		return first, second, false
	}
	first, ok = f.List[f.Index(inputs[0])].Op.(layer.Rescaling)
	if !ok {
		return first, second, false
	}
	second, ok = n.op.(layer.Rescaling)
	return first, second, ok
}

// nestedInput takes over the shape of what the model is called on where its own is open.
func (f *flattener) nestedInput(m *model, input layer.Input, outer string) layer.Op {
	given := f.List[f.Index(outer)].Shape
	fits := len(given) == len(input.Shape)
	for i := 0; fits && i < len(given); i++ {
		fits = input.Shape[i] == 0 || input.Shape[i] == given[i]
	}
	if !fits {
		f.fail("model %q takes an input of shape %v, but is called on one of shape %v", m.name, input.Shape, given)
	}
	return layer.Input{Shape: given}
}

// name is the name of a layer in the flat list: its own, with those of its models before it if another layer has it.
func (f *flattener) name(own string, path []string) string {
	free := func(name string) bool {
		return f.Index(name) < 0 && (len(path) == 0 || !f.reserved[name])
	}
	name := own
	for i := len(path) - 1; i >= 0 && !free(name); i-- {
		name = path[i] + "_" + name
	}
	for n := 1; !free(name); n++ {
		name = fmt.Sprintf("%s_%d", own, n)
	}
	return name
}
