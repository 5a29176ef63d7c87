package classifier

import (
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/weights"
)

// stateRow is a variable and its place in a state file.
type stateRow struct {
	group, name string
	variable    *model.Variable
}

// rows lists all that training changes: the weights above the cut, then Adam's first and second moments.
func (t *training) rows() []stateRow {
	var rows []stateRow
	for _, l := range t.model.Layers[t.cut:] {
		for _, w := range l.W {
			rows = append(rows, stateRow{l.Name, w.Name, t.store.GetVariable("/" + l.Name + "/" + w.Name)})
		}
	}
	for _, p := range t.parameters {
		rows = append(rows, stateRow{"adam_m." + p.layer.Name, p.layer.W[p.index].Name, p.first})
	}
	for _, p := range t.parameters {
		rows = append(rows, stateRow{"adam_v." + p.layer.Name, p.layer.W[p.index].Name, p.second})
	}
	return rows
}

// state gives the weights of the layers from a position on, which earlier phases may have changed, and the optimizer's
// moments.
func (t *training) state(from int) ([]weights.Layer, error) {
	var below layer.List
	for _, l := range t.model.Layers[min(from, t.cut):t.cut] {
		if len(l.W) > 0 {
			below = append(below, l)
		}
	}
	state := below.Checkpoint(t.model.Values)
	for _, row := range t.rows() {
		value, err := row.variable.Value()
		if err != nil {
			return nil, err
		}
		data, err := tensors.CopyFlatData[float32](value)
		if err != nil {
			return nil, err
		}
		if len(state) == 0 || state[len(state)-1].Name != row.group {
			state = append(state, weights.Layer{Name: row.group})
		}
		last := &state[len(state)-1]
		last.Tensors = append(last.Tensors, weights.Tensor{Name: row.name, Shape: value.Shape().Dimensions, Data: data})
	}
	return state, nil
}

// restore sets the variables to what a state holds.
func (t *training) restore(c *weights.Checkpoint) error {
	saved := map[string]weights.Tensor{}
	for _, l := range c.Layers {
		for _, tensor := range l.Tensors {
			saved[l.Name+"/"+tensor.Name] = tensor
		}
	}
	for _, row := range t.rows() {
		tensor, ok := saved[row.group+"/"+row.name]
		want := row.variable.Shape().Dimensions
		if !ok || !slices.Equal(tensor.Shape, want) {
			return fmt.Errorf("%s has no %s/%s of shape %v: %s", c.Path, row.group, row.name, want, startOver)
		}
		if err := row.variable.SetValue(tensors.FromFlatDataAndDimensions(tensor.Data, want...)); err != nil {
			return err
		}
	}
	return nil
}
