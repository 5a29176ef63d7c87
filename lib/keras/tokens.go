package keras

import (
	"fmt"
	"slices"

	"github.com/transfer-learning-go/defects/lib/layer"
)

// Keras has no layer that adds a learned table, and none that puts a learned token before others. Files say it with
// layers that every Keras has: a table is an EinsumDense on ones, and ones are anything times 0 plus 1.
//
//	PositionEmbedding p:                               ClassToken c:
//	                                                   c_first = Cropping1D((0, n-1))(x)
//	p_ones  = Rescaling(0, 1)(x)                       c_ones  = Rescaling(0, 1)(c_first)
//	p_table = EinsumDense("btd,td->btd")(p_ones)       c_table = EinsumDense("btd,td->btd")(c_ones)
//	p       = Add()([x, p_table])                      c       = Concatenate(axis=1)([c_table, x])

// expand is the model in layers that Keras has. It fails where their names are taken.
func expand(m *Model) (*Model, error) {
	taken := map[string]bool{}
	for _, l := range m.Layers {
		taken[l.Name] = true
	}
	var clash error
	out := *m
	out.Layers, out.Values = nil, layer.Values{}
	starts := make([]int, len(m.Layers)+1) // of each layer in the new list
	for i, l := range m.Layers {
		starts[i] = len(out.Layers)
		add := func(suffix string, op layer.Op, shape []int, w []layer.Weight, inputs ...string) string {
			if name := l.Name + suffix; suffix != "" && taken[name] {
				clash = fmt.Errorf("layer %s: its file takes the name %q, too: give the layer of that name another", l.Name, name)
			}
			added := *l
			added.Name, added.Op, added.Shape, added.W, added.Inputs = l.Name+suffix, op, shape, w, inputs
			out.Layers = append(out.Layers, &added)
			return added.Name
		}
		onesTimesTable := func(input string, shape []int) string {
			table := layer.EinsumDense{OutputShape: shape}
			ones := add("_ones", layer.Rescaling{Offset: 1}, shape, nil, input)
			name := add("_table", table, shape, table.Weights(nil), ones)
			out.Values[name] = m.Values[l.Name]
			return name
		}
		switch l.Op.(type) {
		case layer.PositionEmbedding:
			x := l.Inputs[0]
			add("", layer.Add{}, l.Shape, nil, x, onesTimesTable(x, l.Shape))
		case layer.ClassToken:
			x, one := l.Inputs[0], []int{1, l.Shape[1]}
			first := add("_first", layer.Cropping1D{Cropping: [2]int{0, l.Shape[0] - 2}}, one, nil, x)
			add("", layer.Concatenate{Axis: 1}, l.Shape, nil, onesTimesTable(first, one), x)
		default:
			out.Layers = append(out.Layers, l)
			out.Values[l.Name] = m.Values[l.Name]
		}
	}
	starts[len(m.Layers)] = len(out.Layers)
	out.Nested = slices.Clone(m.Nested)
	for i, n := range m.Nested {
		out.Nested[i].Start, out.Nested[i].End = starts[n.Start], starts[n.End]
	}
	return &out, clash
}

// collapse undoes expand: it returns the model, and for each layer that learns a table the name of the file's. Tables and
// concatenations that stand elsewhere stay as they are.
func collapse(file *Model) (m *Model, tables map[string]string) {
	out := *file
	out.Layers, tables = slices.Clone(file.Layers), map[string]string{}
	named, readers := map[string]*layer.Layer{}, map[string]int{}
	for _, l := range file.Layers {
		named[l.Name] = l
		for _, name := range l.Inputs {
			readers[name]++
		}
	}
	gone := map[string]bool{}
	for i, l := range file.Layers {
		op, x, chain := learned(l, named, readers)
		if op == nil {
			continue
		}
		joined := *l
		joined.Op, joined.Inputs, joined.Frozen = op, []string{x}, named[chain[0]].Frozen
		joined.W = op.Weights([][]int{named[x].Shape})
		out.Layers[i], tables[l.Name] = &joined, chain[0]
		for _, name := range chain {
			gone[name] = true
		}
	}
	out.remove(gone)
	return &out, tables
}

// learned recognises the last of the layers that expand writes for one. chain are the others, which nothing else reads,
// from the table down to x.
func learned(l *layer.Layer, named map[string]*layer.Layer, readers map[string]int) (op layer.Op, x string,
	chain []string) {
	if len(l.Inputs) != 2 {
		return nil, "", nil
	}
	a, b := l.Inputs[0], l.Inputs[1]
	follow := func(at, x string, want ...func(*layer.Layer) bool) (chain []string) {
		for _, is := range want {
			if below := named[at]; readers[at] != 1 || len(below.Inputs) != 1 || !is(below) {
				return nil
			}
			chain = append(chain, at)
			at = named[at].Inputs[0]
		}
		if at != x {
			return nil
		}
		return chain
	}
	switch op := l.Op.(type) {
	case layer.Add:
		if chain := follow(b, a, isTable, isOnes); chain != nil {
			return layer.PositionEmbedding{}, a, chain
		}
		if chain := follow(a, b, isTable, isOnes); chain != nil {
			return layer.PositionEmbedding{}, b, chain
		}
	case layer.Concatenate:
		if op.Axis != 1 && op.Axis != -2 {
			return nil, "", nil
		}
		if chain := follow(a, b, isTable, isOnes, isOneToken); chain != nil {
			return layer.ClassToken{}, b, chain
		}
	}
	return nil, "", nil
}

func isTable(l *layer.Layer) bool { _, ok := l.Op.(layer.EinsumDense); return ok }

func isOnes(l *layer.Layer) bool { return l.Op == (layer.Rescaling{Offset: 1}) }

func isOneToken(l *layer.Layer) bool {
	_, ok := l.Op.(layer.Cropping1D)
	return ok && l.Shape[0] == 1
}

// takeTables moves the values of the file's tables to the layers that learn them.
func takeTables(v layer.Values, tables map[string]string) {
	for name, table := range tables {
		v[name] = v[table]
		delete(v, table)
	}
}

// remove takes layers out of the list and moves the nested ranges.
func (m *Model) remove(gone map[string]bool) {
	starts := make([]int, len(m.Layers)+1)
	var kept layer.List
	for i, l := range m.Layers {
		starts[i] = len(kept)
		if !gone[l.Name] {
			kept = append(kept, l)
		}
	}
	starts[len(m.Layers)] = len(kept)
	m.Nested = slices.Clone(m.Nested)
	for i, n := range m.Nested {
		m.Nested[i].Start, m.Nested[i].End = starts[n.Start], starts[n.End]
	}
	m.Layers = kept
}
