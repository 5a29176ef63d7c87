package keras

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/transfer-learning-go/defects/lib/layer"
)

const (
	maxDepth  = 24     // models in models
	maxLayers = 20_000 // of one file
)

// node is one layer of a configuration: a nested model, an Op, or neither if its output is its input.
type node struct {
	name, class string
	op          layer.Op
	model       *model
	call        call
	function    bool  // made from a function on tensors
	order       []int // of the channels that it gives; nil if it is another layer
	trainable   bool
	inference   bool // called with training=False
	fields      *layer.Fields
}

// model is a Functional or Sequential model of a configuration, its layers in the file's order.
type model struct {
	name, class   string
	trainable     bool
	nodes         []*node
	input, output string
}

// parser collects everything that is wrong with a configuration.
type parser struct {
	problems, notes []string
	layers          int
}

func (p *parser) fail(format string, args ...any) {
	p.problems = append(p.problems, fmt.Sprintf(format, args...))
}

// isModel reports whether a class is a model whose layers the configuration lists. TensorFlow before 2.3 wrote Model.
func isModel(class string) bool {
	return class == "Functional" || class == "Sequential" || class == "Model"
}

func (p *parser) model(o object, depth int) *model {
	var g graph
	if err := json.Unmarshal(o.Config, &g); err != nil {
		p.fail("model %q: its config is damaged: %v", o.Name, err)
		return nil
	}
	m := &model{name: g.Name, class: o.Class, trainable: g.Trainable == nil || *g.Trainable}
	if p.layers += len(g.Layers); depth > maxDepth || p.layers > maxLayers {
		p.fail("model %q: more than %d models in one another, or more than %d layers", g.Name, maxDepth, maxLayers)
		return nil
	}
	seen := map[string]bool{}
	for _, l := range g.Layers {
		n := p.node(l, depth)
		if seen[n.name] {
			p.fail("model %q has two layers named %q", g.Name, n.name)
		}
		seen[n.name] = true
		m.nodes = append(m.nodes, p.pipeline(n, depth)...)
	}
	if m.class == "Sequential" {
		p.chain(m, g)
		return m
	}
	defer p.reorder(m)
	var err error
	if m.input, err = single(g.Inputs, "input"); err != nil {
		p.fail("model %q: %v", g.Name, err)
	}
	if m.output, err = single(g.Outputs, "output"); err != nil {
		p.fail("model %q: %v", g.Name, err)
	}
	return m
}

// chain connects the layers of a Sequential model, and puts an Input before them where the file has none.
func (p *parser) chain(m *model, g graph) {
	if len(m.nodes) == 0 {
		p.fail("model %q has no layers", m.name)
		return
	}
	first := m.nodes[0]
	if _, ok := first.op.(layer.Input); !ok {
		shape := g.InputShape
		for inner := first; shape == nil && inner != nil; {
			if inner.fields != nil && (inner.fields.Read("batch_input_shape", &shape) ||
				inner.fields.Read("batch_shape", &shape)) || inner.model == nil || len(inner.model.nodes) == 0 {
				break
			}
			inner = inner.model.nodes[0]
		}
		if shape == nil {
			p.fail("model %q does not say the shape of its input: call it on an image before saving it", m.name)
		}
		input := &node{name: first.name + "_input", class: "InputLayer", op: layer.WithoutBatch(shape), trainable: true}
		m.nodes = slices.Insert(m.nodes, 0, input)
	}
	for i, n := range m.nodes[1:] {
		n.call.Args = []argument{{Layer: m.nodes[i].name}}
		if n.function {
			p.fail("layer %q (%s) stands in a Sequential model, where it has no arguments", n.name, n.class)
		}
	}
	m.input, m.output = m.nodes[0].name, m.nodes[len(m.nodes)-1].name
}

func (p *parser) node(o object, depth int) *node {
	n := &node{name: o.Name, class: o.Class, trainable: true}
	if n.name == "" {
		var config struct{ Name string }
		json.Unmarshal(o.Config, &config) // what is wrong with it is reported below
		n.name = config.Name
	}
	o.Name = n.name
	cs, err := calls(o.Nodes)
	switch {
	case err != nil:
		p.fail("layer %s (%s): %v", n.name, n.class, err)
	case len(cs) > 1:
		p.fail("layer %s (%s) is called %d times; layers that are shared are not known here", n.name, n.class, len(cs))
	case len(cs) == 1:
		n.call = cs[0]
	}
	if isModel(n.class) {
		if n.model = p.model(o, depth+1); n.model != nil {
			n.trainable = n.model.trainable
		}
	} else {
		n.fields = layer.NewFields(n.name, n.class, o.Config)
		p.layer(n, o)
		p.problems = append(p.problems, n.fields.Problems...)
		p.notes = append(p.notes, n.fields.Notes...)
		n.fields.Problems = nil
	}
	if layer.InputsOf(n.op) == layer.SelfAttention {
		p.selfAttention(n)
	}
	p.options(n)
	return n
}

func (p *parser) layer(n *node, o object) {
	f := n.fields
	if name := function(o, n.call, f); name != "" {
		n.function = true
		f.Ignore("name", "trainable", "function")
		if arithmetic[name] != "cast" {
			f.Dtype()
		}
		n.op = readFunction(name, &n.call, f)
		f.Rest()
		return
	}
	switch {
	case slices.Contains(layer.Classes(), n.class):
		n.trainable = f.Common()
		n.op, _ = layer.Read(n.class, f)
		f.Rest()
	case layer.TrainingOnly(n.class):
		layer.CheckTrainingOnly(n.class, f)
		f.Notes = append(f.Notes, fmt.Sprintf("layer %s is left out: it acts in training only", f.Layer))
	case n.class == "Lambda":
		f.Fail("its Python code cannot be run here; use layers such as Rescaling and Resizing in its place, and save " +
			"the model again")
	case n.class == getItem || n.class == stack:
		n.function = true // see reorder
	case n.class == "TFOpLambda", n.class == "Identity", n.class == "Pipeline":
	default:
		f.Fail(unknownClass)
	}
}

// unknownClass begins a problem; which classes are known is said once for all layers.
const unknownClass = "this class is not known here"

// pipeline gives the layers in place of a Pipeline, one after the other, and any other node as it is.
func (p *parser) pipeline(n *node, depth int) []*node {
	if n.class != "Pipeline" {
		return []*node{n}
	}
	var inner []object
	n.fields.Need("layers", &inner)
	p.problems = append(p.problems, n.fields.Problems...)
	n.fields.Problems = nil
	nodes := []*node{n} // n itself passes on what the Pipeline is called on
	for _, o := range inner {
		next := p.node(o, depth)
		if next.model != nil || next.op != nil && !slices.Contains([]string{"Rescaling", "Resizing", "CenterCrop"}, next.class) {
			p.fail("layer %s (Pipeline): its layer %s (%s) is not known in a Pipeline; put it outside", n.name, next.name, next.class)
		}
		next.name = n.name + "_" + next.name
		next.call.Args = []argument{{Layer: nodes[len(nodes)-1].name}}
		nodes = append(nodes, next)
	}
	if last := nodes[len(nodes)-1]; last != n { // whoever reads the Pipeline reads it
		n.name, last.name = n.name+"_input", n.name
		nodes[1].call.Args[0].Layer = n.name
	}
	return nodes
}

// options reads what a layer is called with, besides its inputs.
func (p *parser) options(n *node) {
	differs, random := layer.InTraining(n.op)
	for name, raw := range n.call.Kwargs {
		value := string(raw)
		switch {
		case value == "null":
		case name != "training" || value != "true" && value != "false":
			p.fail("layer %s (%s) is called with %s = %s, which is not known here", n.name, n.class, name, layer.Short(raw))
		case random && !n.call.Lists:
			// Keras 3 writes the default of the argument, and overrides it with what the model is called with.
		case n.model == nil && !differs:
			if value == "true" && n.call.Lists && layer.TrainingOnly(n.class) {
				p.fail("layer %s (%s) is called with training=True, so it acts at inference; not known here", n.name, n.class)
			}
		case value == "false":
			n.inference = true
		case !n.call.Lists:
			p.notes = append(p.notes, fmt.Sprintf("layer %s (%s) is called with training=True, which Keras 3 overrides in "+
				"predict and fit: it is left out", n.name, n.class))
		default:
			p.fail("layer %s (%s) is called with training=True, so it acts as in training at inference; not known here",
				n.name, n.class)
		}
	}
}
