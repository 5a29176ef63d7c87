package classifier

import (
	"cmp"

	"github.com/transfer-learning-go/defects/lib/onnx"
)

// saveONNX writes what a Predictor computes, from pixels to probabilities, as package onnx says. What a Predictor refuses
// is refused; a model without names of classes is written without them.
func (m *Model) saveONNX(path string) error {
	if err := cmp.Or(m.checkPredicted(), m.checkClasses()); err != nil {
		return err
	}
	return onnx.Save(path, &onnx.Model{Name: m.name(), Layers: m.Layers, Values: m.Values, Classes: m.Classes,
		MultiLabel: m.MultiLabel(), Notice: m.Notice()})
}
