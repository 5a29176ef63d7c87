package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gomlx/gomlx/core/tensors"

	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/weights"
)

// A training goes on from the last state that was saved in its folder.
const stateFile = "pretrain.safetensors"

// save keeps the state of the training in a folder.
func (t *training) save(folder string) error {
	var rows []weights.Layer
	for l := range t.layers() {
		for _, w := range l.W {
			name := l.Name + "/" + w.Name
			of := []string{name}
			if !w.Statistic {
				of = append(of, firstMoment+name, secondMoment+name)
			}
			for _, name := range of {
				data, err := t.value(name)
				if err != nil {
					return err
				}
				rows = append(rows, weights.Layer{Name: name, Tensors: []weights.Tensor{{Name: "value", Shape: w.Shape, Data: data}}})
			}
		}
	}
	progress := []float32{float32(t.done), float32(t.steps)}
	rows = append(rows, weights.Layer{Name: "progress", Tensors: []weights.Tensor{{Name: "value", Shape: []int{2}, Data: progress}}})
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	return weights.SaveSafetensors(filepath.Join(folder, stateFile), rows)
}

func (t *training) value(name string) ([]float32, error) {
	value, err := t.variable(name).Value()
	if err != nil {
		return nil, err
	}
	return tensors.CopyFlatData[float32](value)
}

// resume takes up the state in a folder, if there is one.
func (t *training) resume(folder string) error {
	c, err := weights.Open(filepath.Join(folder, stateFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, l := range c.Layers {
		tensor := l.Tensors[0]
		if l.Name == "progress" {
			t.done = int(tensor.Data[0])
			if int(tensor.Data[1]) != t.steps {
				return fmt.Errorf("%s is of a training of %.0f steps, not of %d: give another --run", c.Path, tensor.Data[1], t.steps)
			}
			continue
		}
		v := t.variable(l.Name)
		if v == nil || v.Shape().Size() != len(tensor.Data) {
			return fmt.Errorf("%s is of another training: give another --run", c.Path)
		}
		if err := v.SetValue(tensors.FromFlatDataAndDimensions(tensor.Data, tensor.Shape...)); err != nil {
			return err
		}
	}
	return nil
}

// values are those of the base.
func (t *training) values() (layer.Values, error) {
	values := layer.Values{}
	for _, l := range t.base {
		for _, w := range l.W {
			data, err := t.value(l.Name + "/" + w.Name)
			if err != nil {
				return nil, err
			}
			values[l.Name] = append(values[l.Name], data)
		}
	}
	return values, nil
}
