package classifier

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/result"
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

func (t *training) state() ([]weights.Layer, error) {
	var state []weights.Layer
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
			return fmt.Errorf("%s has no %s/%s of shape %v", c.Path, row.group, row.name, want)
		}
		if err := row.variable.SetValue(tensors.FromFlatDataAndDimensions(tensor.Data, want...)); err != nil {
			return err
		}
	}
	return nil
}

func loadRun(run string) (*Model, *result.History, error) {
	path := RunDir(run)
	f, err := readRun(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("no run at %s: train one first, with Fit or `go run ./scripts/defects train`", path)
	} else if err != nil {
		return nil, nil, err
	}
	m, err := f.build(path)
	if err != nil {
		return nil, nil, fmt.Errorf("run %s: %w", path, err)
	}
	return m, &f.History, nil
}

func (f runFile) build(path string) (*Model, error) {
	m, err := loadFile(filepath.Join(path, initialFile))
	if err != nil {
		return nil, err
	}
	trained, err := savedWeights(filepath.Join(path, f.weightsFile()))
	if err != nil {
		return nil, err
	}
	var list layer.List
	for _, l := range trained {
		if at := m.Layers.Index(l.Name); at >= 0 {
			list = append(list, m.Layers[at])
		}
	}
	values, err := list.Match(&weights.Checkpoint{Layers: trained})
	if err != nil {
		return nil, err
	}
	maps.Copy(m.Values, values)
	return m, nil
}

// savedWeights reads the weights from a file of a run, without the optimizer's moments.
func savedWeights(path string) ([]weights.Layer, error) {
	c, err := weights.Open(path)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(c.Layers, func(l weights.Layer) bool { return strings.HasPrefix(l.Name, "adam_") }), nil
}
