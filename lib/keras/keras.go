// Package keras reads and writes whole Keras models: their configuration and weights as a list of layers with values.
//
// Nested models, such as the backbone of a transfer-learning model, become ranges of the flat list; Save nests them
// again.
package keras

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/weights"
)

// Model is a Keras model with one input and one output.
type Model struct {
	Name string
	// Layers is flat: the layers of nested models stand where the model is called, its Input passing on what the model
	// is called on. Where two layers have one name, that of the nested model is put before the inner one.
	Layers layer.List
	Values layer.Values
	Nested []layer.Nested
	// Classes are the names of the outputs; nil if there are none. They are kept where Keras keeps them when it saves the file
	// again: in the model's name, which Name leaves out. More than 2,000 bytes of names are not kept.
	Classes []string
	Assumed bool // the file leaves the size of images open, and nobody said one: see OpenSized
	// Training is the JSON of what the model was compiled with; nil if it was not, see weights.Checkpoint.
	Training []byte
	Extra    []byte   // JSON of the program that saved the model, see weights.Checkpoint
	Notes    []string // what a user should know, such as layers that act in training only and are left out
	Format   string   // of the file that it comes from, see weights.Checkpoint
}

// Open reads a whole model: .h5 and .keras files of Keras 3 and Keras 2 (tf_keras), Functional or Sequential.
//
// Frozen is what Keras's trainable=False gives, Inference what calling a model with training=False gives. Functions on
// tensors, such as preprocess_input(x), become Rescaling layers. A model that cannot be computed exactly is refused:
// the error lists every layer and setting that is not known here, or every difference between the configuration and
// the weights.
func Open(path string) (*Model, error) { return openFile(path, size{}) }

func openFile(path string, s size) (*Model, error) {
	c, err := weights.Open(path)
	if err != nil {
		return nil, err
	}
	m, err := read(c, s)
	if err != nil {
		return nil, fmt.Errorf("keras: %s: %w", path, err)
	}
	return m, nil
}

func read(c *weights.Checkpoint, s size) (*Model, error) {
	if c.Config == nil {
		return nil, fmt.Errorf("this file (%s) holds weights without their architecture: save the model with "+
			"model.save, or build the architecture and load the weights onto it", c.Format)
	}
	file, err := architecture(c.Config, s)
	if err != nil {
		return nil, err
	}
	m, tables := collapse(file)
	if m.Values, err = match(withoutWeights(file.Layers, file.Values), file.Nested, c); err != nil {
		return nil, fmt.Errorf("its configuration and its weights disagree: %w", err)
	}
	maps.Copy(m.Values, file.Values)
	takeTables(m.Values, tables)
	if out := m.Layers.Output(); len(out) == 1 {
		m.Name, m.Classes = cutClasses(m.Name, out[0])
	}
	m.Format, m.Training, m.Extra = c.Format, c.Training, c.Extra
	m.Notes = append(slices.Clone(c.Notes), m.Notes...)
	return m, nil
}

// architecture reads a configuration, with values for layers that have none in the file alone. Layers are those of the file:
// see collapse.
func architecture(config []byte, s size) (*Model, error) {
	var o object
	if err := json.Unmarshal(config, &o); err != nil {
		return nil, fmt.Errorf("its configuration is damaged: %w", err)
	}
	if !isModel(o.Class) {
		return nil, fmt.Errorf("it is of class %q; known here are Functional and Sequential models, whose files say how "+
			"they compute", o.Class)
	}
	p := &parser{}
	parsed := p.model(o, 0)
	f := &flattener{reserved: map[string]bool{}, joinable: map[string]bool{}, fixed: layer.Values{}}
	assumed := parsed != nil && p.closeInput(parsed, s)
	if len(p.problems) == 0 {
		f.model(parsed, inside{})
		p.problems = f.problems
	}
	if len(p.problems) == 0 {
		if lost := f.List.Unread(); lost != nil {
			p.fail("layers %s do not lead to the output", strings.Join(lost, ", "))
		}
	}
	m := &Model{Layers: f.List, Values: f.fixed, Nested: f.nested, Assumed: assumed}
	if len(p.problems) > 0 {
		return nil, fmt.Errorf("this model cannot be computed here:\n  %s", strings.Join(digest(p.problems), "\n  "))
	}
	m.Name, m.Notes = parsed.name, unique(p.notes)
	return m, nil
}

func unique(lines []string) (out []string) {
	seen := map[string]bool{}
	for _, line := range lines {
		if !seen[line] {
			out = append(out, line)
		}
		seen[line] = true
	}
	return out
}
