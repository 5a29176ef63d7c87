package keras

import (
	"errors"
	"fmt"
	"slices"

	"github.com/transfer-learning-go/defects/lib/layer"
)

// Keras has no layer that adds a learned table, and none that puts a learned token before others. Files say it with
// layers that every Keras has: a table is an EinsumDense on ones, and ones are anything times 0 plus 1.
//
//	PositionEmbedding p:  p_ones  = Rescaling(0, 1)(x)              ClassToken c:  c_first = Cropping1D((0, n-1))(x)
//	                      p_table = EinsumDense("btd,td->btd")                     c_ones  = Rescaling(0, 1)(c_first)
//	                      p       = Add()([x, p_table])                            c_table = EinsumDense("btd,td->btd")
//	                                                                               c       = Concatenate(axis=1)([c_table, x])

const tableEquation = "btd,td->btd"

// table is that EinsumDense: x times a learned table, value by value. It stands in files alone and is not built.
type table struct {
	layer.Op
	Shape []int
}

func (table) Class() string { return "EinsumDense" }
func (o table) Output(in [][]int) ([]int, error) {
	if len(in) != 1 || !slices.Equal(in[0], o.Shape) {
		return nil, fmt.Errorf("needs one input of shape %v", o.Shape)
	}
	return o.Shape, nil
}
func (o table) Weights([][]int) []layer.Weight {
	return []layer.Weight{{Name: "kernel", Shape: o.Shape}}
}

// concatenation is Concatenate(axis=1) of tokens. It stands in files alone, too.
type concatenation struct{ layer.Op }

func (concatenation) Class() string { return "Concatenate" }
func (concatenation) Output(in [][]int) ([]int, error) {
	n := 0
	for _, s := range in {
		if len(s) != 2 || s[1] != in[0][1] {
			return nil, errors.New("known here are tokens of one width")
		}
		n += s[0]
	}
	return []int{n, in[0][1]}, nil
}
func (concatenation) Weights([][]int) []layer.Weight { return nil }

func readTable(f *fields) layer.Op {
	var op table
	var equation string
	if f.need("equation", &equation); equation != tableEquation {
		f.fail("equation is %q; known here is %q, of a table", equation, tableEquation)
	}
	f.need("output_shape", &op.Shape)
	f.only("bias_axes")
	f.only("activation", `"linear"`)
	f.only("lora_rank")
	f.only("gptq_unpacked_column_size")
	f.only("quantization_config")
	f.ignore("kernel_initializer", "bias_initializer")
	f.training("kernel_regularizer", "bias_regularizer", "activity_regularizer", "kernel_constraint", "bias_constraint")
	return op
}

func readConcatenation(f *fields) layer.Op {
	f.only("axis", "1", "-2")
	return concatenation{}
}

// expand is the model in layers that Keras has.
func expand(m *Model) *Model {
	out := *m
	out.Layers, out.Values = nil, layer.Values{}
	starts := make([]int, len(m.Layers)+1) // of each layer in the new list
	for i, l := range m.Layers {
		starts[i] = len(out.Layers)
		add := func(suffix string, op layer.Op, shape []int, w []layer.Weight, inputs ...string) string {
			added := *l
			added.Name, added.Op, added.Shape, added.W, added.Inputs = l.Name+suffix, op, shape, w, inputs
			out.Layers = append(out.Layers, &added)
			return added.Name
		}
		learned := func(input string, shape []int) string {
			ones := add("_ones", layer.Rescaling{Offset: 1}, shape, nil, input)
			name := add("_table", table{Shape: shape}, shape, table{Shape: shape}.Weights(nil), ones)
			out.Values[name] = m.Values[l.Name]
			return name
		}
		switch l.Op.(type) {
		case layer.PositionEmbedding:
			x := l.Inputs[0]
			add("", layer.Sum{}, l.Shape, nil, x, learned(x, l.Shape))
		case layer.ClassToken:
			x, one := l.Inputs[0], []int{1, l.Shape[1]}
			first := add("_first", layer.Cropping1D{Cropping: [2]int{0, l.Shape[0] - 2}}, one, nil, x)
			add("", concatenation{}, l.Shape, nil, learned(first, one), x)
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
	return &out
}

// collapse undoes expand. It fails for other tables and concatenations.
func collapse(m *Model) error {
	gone := map[string]bool{}
	for i, l := range m.Layers {
		_, sum := l.Op.(layer.Sum)
		_, concat := l.Op.(concatenation)
		if len(l.Inputs) != 2 || !sum && !concat {
			continue
		}
		x, learned := l.Inputs[0], l.Inputs[1]
		if concat {
			x, learned = learned, x
		}
		var chain []string // from the table down to x
		for at := learned; at != x && len(chain) < 4; {
			j := m.Layers.Index(at)
			if j < 0 || len(m.Layers[j].Inputs) != 1 {
				break
			}
			chain, at = append(chain, at), m.Layers[j].Inputs[0]
		}
		if !m.isLearned(chain, x, concat) {
			continue
		}
		source := m.Layers[m.Layers.Index(learned)]
		op, weight := layer.Op(layer.PositionEmbedding{}), "embeddings"
		if concat {
			op, weight = layer.ClassToken{}, "class_token"
		}
		joined := *l
		joined.Op, joined.Inputs, joined.Frozen = op, []string{x}, source.Frozen
		joined.W = op.Weights([][]int{m.Layers[m.Layers.Index(x)].Shape})
		if len(joined.W) != 1 || joined.W[0].Name != weight || !slices.Equal(joined.W[0].Shape, source.W[0].Shape) {
			continue
		}
		m.Layers[i] = &joined
		m.Values[l.Name] = m.Values[learned]
		for _, name := range chain {
			gone[name] = true
			delete(m.Values, name)
		}
	}
	m.remove(gone)
	for _, l := range m.Layers {
		switch l.Op.(type) {
		case table, concatenation:
			return fmt.Errorf("layer %s (%s): known here are an EinsumDense %q on ones (Rescaling with scale 0, offset 1) that "+
				"is added to tokens, and a Concatenate that puts one before them", l.Name, l.Op.Class(), tableEquation)
		}
	}
	return nil
}

// isLearned tells whether these layers, from a table down, are those that expand writes.
func (m *Model) isLearned(chain []string, x string, token bool) bool {
	want := 2
	if token {
		want = 3
	}
	if len(chain) != want {
		return false
	}
	ls := make([]*layer.Layer, len(chain))
	for i, name := range chain {
		ls[i] = m.Layers[m.Layers.Index(name)]
	}
	_, isTable := ls[0].Op.(table)
	ones, isOnes := ls[1].Op.(layer.Rescaling)
	if !isTable || !isOnes || ones != (layer.Rescaling{Offset: 1}) || ls[len(ls)-1].Inputs[0] != x {
		return false
	}
	if token {
		_, crops := ls[2].Op.(layer.Cropping1D)
		return crops && ls[2].Shape[0] == 1
	}
	return true
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
	for i, n := range m.Nested {
		m.Nested[i].Start, m.Nested[i].End = starts[n.Start], starts[n.End]
	}
	m.Layers = kept
}
