package keras

import (
	"fmt"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/layer"
)

// container is a model as Keras nests it: units are layers and models in it, in Keras's order.
type container struct {
	name, class string
	units       []*unit
}

type unit struct {
	name   string
	layer  *layer.Layer // nil for a model
	model  *container
	inputs []string // names of the units that it reads
}

// nest builds the tree of models from the flat list. It fails where ranges do not form models with one input and one
// output.
func nest(m *Model) (*container, error) {
	nested := slices.Clone(m.Nested)
	slices.SortStableFunc(nested, func(a, b layer.Nested) int {
		if a.Start != b.Start {
			return a.Start - b.Start
		}
		return b.End - a.End
	})
	if lost := m.Layers.Unread(); lost != nil {
		return nil, fmt.Errorf("layers %s do not lead to the output", strings.Join(lost, ", "))
	}
	return build(m.Layers, layer.Nested{Name: m.Name, End: len(m.Layers)}, nested)
}

// build makes a container of the range that self gives; nested are the models in it.
func build(ls layer.List, self layer.Nested, nested []layer.Nested) (*container, error) {
	name, start, end := self.Name, self.Start, self.End
	if start < 0 || start >= end || end > len(ls) {
		return nil, fmt.Errorf("model %q has the layers %d up to %d of %d", name, start, end, len(ls))
	}
	if _, ok := ls[start].Op.(layer.Input); !ok {
		return nil, fmt.Errorf("model %q begins with layer %s (%s), not with an Input", name, ls[start].Name,
			ls[start].Op.Class())
	}
	c := &container{name: name, class: self.Class}
	gives := map[string]string{} // flat name of a layer → the unit whose output it is
	taken := map[string]bool{}   // names of units
	for i := start; i < end; i++ {
		u := &unit{name: ls[i].Name, layer: ls[i], inputs: ls[i].Inputs}
		if len(nested) > 0 && nested[0].Start == i {
			n, rest := nested[0], 1
			for rest < len(nested) && nested[rest].Start < n.End {
				rest++
			}
			model, err := build(ls, n, nested[1:rest])
			if err != nil {
				return nil, err
			}
			u.name, u.layer, u.model = n.Name, nil, model
			i, nested = n.End-1, nested[rest:]
		}
		if taken[u.name] || strings.Contains(u.name, "/") || u.name == "" {
			return nil, fmt.Errorf("Keras does not accept the name %q: names are unique in a model and have no slash", u.name)
		}
		if i == start || u.layer != nil && len(u.inputs) == 0 {
			u.inputs = nil
		} else {
			var err error
			if u.inputs, err = unitsOf(u, gives, name); err != nil {
				return nil, err
			}
		}
		gives[ls[i].Name], taken[u.name] = u.name, true
		c.units = append(c.units, u)
	}
	c.units = kerasOrder(c.units)
	return c, nil
}

func unitsOf(u *unit, gives map[string]string, model string) ([]string, error) {
	out := make([]string, len(u.inputs))
	for i, name := range u.inputs {
		unit, ok := gives[name]
		if !ok {
			return nil, fmt.Errorf("%q reads %q, which is no layer of model %q and not the output of a model in it: nested "+
				"models have one input and one output", u.name, name, model)
		}
		out[i] = unit
	}
	return out, nil
}

// kerasOrder sorts units as Keras does when it builds the model (map_graph in keras/src/ops/function.py): by the
// longest way to the output, then by the first visit of a depth-first search from the output. Keras loads .h5 files by
// position, and counts the classes of .keras files in this order.
func kerasOrder(units []*unit) []*unit {
	byName := map[string]*unit{}
	for _, u := range units {
		byName[u.name] = u
	}
	visit, depth := map[*unit]int{}, map[*unit]int{}
	var finished []*unit
	var search func(u *unit)
	search = func(u *unit) {
		if _, ok := visit[u]; ok {
			return
		}
		visit[u] = len(visit)
		for _, name := range u.inputs {
			search(byName[name])
		}
		finished = append(finished, u)
	}
	search(units[len(units)-1])
	for _, u := range slices.Backward(finished) {
		for _, name := range u.inputs {
			depth[byName[name]] = max(depth[byName[name]], depth[u]+1)
		}
	}
	sorted := slices.Clone(units)
	slices.SortStableFunc(sorted, func(a, b *unit) int {
		if depth[a] != depth[b] {
			return depth[b] - depth[a]
		}
		return visit[a] - visit[b]
	})
	return sorted
}

// list is the flat list in Keras's order.
func (c *container) list() (ls layer.List, nested []layer.Nested) {
	c.appendTo(&ls, &nested)
	return ls, nested
}

func (c *container) appendTo(ls *layer.List, nested *[]layer.Nested) {
	for _, u := range c.units {
		if u.layer != nil {
			*ls = append(*ls, u.layer)
			continue
		}
		at := len(*nested)
		*nested = append(*nested, layer.Nested{Name: u.name, Class: u.model.class, Start: len(*ls)})
		u.model.appendTo(ls, nested)
		(*nested)[at].End = len(*ls)
	}
}
