package classifier

import (
	"cmp"
	"slices"

	"github.com/transfer-learning-go/defects/lib/layer"
)

// Summary prints the model as Keras does, each nested model as one row.
func (m *Model) Summary() string { return m.Layers.SummaryOf(m.name(), m.summaryRows()) }

// SummaryTable is Summary as a header and rows, for notebook.Table.
func (m *Model) SummaryTable() (header []string, rows [][]string) {
	return m.Layers.SummaryTable(m.summaryRows())
}

// summaryRows are the layers outside of nested models, and one in place of each of those.
func (m *Model) summaryRows() layer.List {
	rows, renamed := layer.List{}, map[string]string{} // the last layer of a nested model → the model
	for i := 0; i < len(m.Layers); i++ {
		row := *m.Layers[i]
		for _, n := range m.nested {
			if n.Start != i {
				continue
			}
			last := m.Layers[n.End-1]
			row = layer.Layer{Name: n.Name, Op: nestedModel{class: cmp.Or(n.Class, "Functional")}, Inputs: row.Inputs,
				Shape: last.Shape}
			for _, l := range m.Layers[n.Start:n.End] {
				row.W = append(row.W, l.W...)
			}
			renamed[last.Name] = n.Name
			i = n.End - 1
			break // a model inside it begins later, or at the same layer and is listed after it
		}
		row.Inputs = slices.Clone(row.Inputs)
		for j, name := range row.Inputs {
			row.Inputs[j] = cmp.Or(renamed[name], name)
		}
		rows = append(rows, &row)
	}
	return rows
}

// nestedModel stands for a whole model in one row of a summary.
type nestedModel struct {
	layer.Op
	class string
}

func (n nestedModel) Class() string { return n.class }
