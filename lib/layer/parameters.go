package layer

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Parameters are the values of a List as tensors, in the order in which a graph takes them.
type Parameters struct {
	tensors []*tensors.Tensor
	first   map[*Layer]int // position of a layer's first weight
}

// Parameters makes tensors of the values. They hold memory outside of Go's: Finalize frees it.
func (ls List) Parameters(v Values) *Parameters {
	p := &Parameters{first: map[*Layer]int{}}
	for _, l := range ls {
		p.first[l] = len(p.tensors)
		for i, w := range l.W {
			p.tensors = append(p.tensors, tensors.FromFlatDataAndDimensions(v[l.Name][i], w.Shape...))
		}
	}
	return p
}

// Clone copies the values, which may be on any device.
func (p *Parameters) Clone() (*Parameters, error) {
	c := &Parameters{first: p.first}
	for _, t := range p.tensors {
		copied, err := t.LocalClone()
		if err != nil {
			c.Finalize()
			return nil, err
		}
		c.tensors = append(c.tensors, copied)
	}
	return c, nil
}

// Args are the tensors as the last arguments of a call.
func (p *Parameters) Args() []any {
	args := make([]any, len(p.tensors))
	for i, t := range p.tensors {
		args[i] = t
	}
	return args
}

// Env is the surrounding of a graph whose last parameters, nodes, are Args.
func (p *Parameters) Env(nodes []*graph.Node) *Env {
	return &Env{Weight: func(l *Layer, i int) *graph.Node { return nodes[p.first[l]+i] }}
}

// Finalize frees the tensors.
func (p *Parameters) Finalize() {
	for _, t := range p.tensors {
		t.MustFinalizeAll()
	}
}
