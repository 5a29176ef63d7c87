// Package onnx writes networks as ONNX files, which ONNX Runtime and most other runtimes read: one file with the graph, its
// weights and its preprocessing.
//
// What the file holds:
//
//	input    "pixels", float32 [n, height, width, 3]: what a Predictor gets, 0…255, red, green, blue, or [n, height, width, 1]
//	         of grey; any n
//	output   "probabilities", float32 [n, classes], of a network that ends in a softmax, or in a sigmoid for several labels;
//	         "output" of another
//	opset    17, which ONNX Runtime reads since 1.12 (2022)
//	metadata "classes", a JSON array of their names in the order of the outputs; "notice", what readers of results must
//	         know of the weights and the data, if there is anything; "multi_label", which is "true" where each class has a
//	         probability of its own and they do not sum to 1
//
// Inside, images have their channels first, as ONNX has them: they are transposed once at the input, and back where a
// layer needs the order of channels-last values, such as Flatten.
package onnx

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/files"
	"github.com/transfer-learning-go/defects/lib/layer"
)

// The names of a file's input, and of its output if that is one of a softmax.
const Input, Probabilities = "pixels", "probabilities"

// Keys of a file's metadata.
const Classes, Notice, MultiLabel = "classes", "notice", "multi_label"

const (
	opset     = 17
	irVersion = 8 // of ONNX 1.12, as opset 17
	producer  = "github.com/transfer-learning-go/defects"
)

// Model is a network with one input and one output, and what is to be known of it.
type Model struct {
	Name    string
	Layers  layer.List
	Values  layer.Values
	Classes []string // of the outputs; nil if they have no names
	Notice  string
	// MultiLabel says that the outputs are probabilities of labels that do not exclude one another.
	MultiLabel bool
}

// Save writes a file, whose name should end in .onnx. It computes what the layers do in inference, up to rounding. A layer
// that ONNX cannot be told is refused by its name. The file appears whole or not at all; it holds at most 2 GiB.
func Save(path string, m *Model) error {
	g, err := m.graph()
	if err != nil {
		return fmt.Errorf("onnx: cannot write %s: %w", path, err)
	}
	return files.Replace(path, g.write)
}

// graph translates the layers.
func (m *Model) graph() (*graph, error) {
	e := &exporter{model: m, values: map[string]value{}, made: map[string]value{}, taken: map[string]bool{}}
	for _, l := range m.Layers {
		if err := e.add(l); err != nil {
			return nil, fmt.Errorf("layer %s (%s): %w", l.Name, l.Op.Class(), err)
		}
	}
	if len(e.graph.nodes) == 0 {
		return nil, errors.New("the network computes nothing")
	}
	last := e.channelsLast(e.values[m.Layers[len(m.Layers)-1].Name])
	name := "output"
	if _, softmax := m.Layers.Logits(); softmax || m.MultiLabel {
		name = Probabilities
	}
	g := &e.graph
	for i := range g.nodes {
		n := &g.nodes[i]
		if n.output == last.name {
			n.output = name
		}
		for j, input := range n.inputs {
			if input == last.name {
				n.inputs[j] = name
			}
		}
	}
	g.name = m.Name
	g.input = port{Input, m.Layers[0].Shape, "0…255: red, green, blue of each pixel"}
	if shape := m.Layers[0].Shape; len(shape) == 3 && shape[2] == 1 {
		g.input.doc = "0…255: grey of each pixel"
	}
	g.output = port{name, last.shape, m.outputs()}
	g.doc = g.input.String() + "\n" + g.output.String()
	if m.Notice != "" {
		g.doc += "\n" + m.Notice
		g.metadata = append(g.metadata, [2]string{Notice, m.Notice})
	}
	if m.MultiLabel {
		g.metadata = append(g.metadata, [2]string{MultiLabel, "true"})
	}
	if m.Classes != nil {
		names, err := json.Marshal(m.Classes)
		if err != nil {
			return nil, err
		}
		g.metadata = append(g.metadata, [2]string{Classes, string(names)})
	}
	return g, nil
}

// outputs says what the numbers of the output are.
func (m *Model) outputs() string {
	if m.Classes == nil {
		return "without names"
	}
	var numbered []string
	for i, name := range m.Classes {
		numbered = append(numbered, fmt.Sprintf("%d %s", i, name))
	}
	return strings.Join(numbered, ", ")
}

// weights checks that a layer has its values.
func (m *Model) weights(l *layer.Layer) ([][]float32, error) {
	values := m.Values[l.Name]
	if len(values) != len(l.W) {
		return nil, fmt.Errorf("it has %d weights, but values for %d", len(l.W), len(values))
	}
	for i, w := range l.W {
		if len(values[i]) != w.Size() {
			return nil, fmt.Errorf("its weight %s: %d values for shape %v", w.Name, len(values[i]), w.Shape)
		}
	}
	return slices.Clone(values), nil
}
