// Package classifier puts a head on a backbone, trains it, and predicts with it.
//
// What is frozen is computed once: layers below the cut give the same features for an image in every epoch, so Fit
// computes them once per image, stores them, and trains on what is stored. The losses are those of training the
// whole model.
package classifier

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/layer"
)

// Config says what a model is made of.
type Config struct {
	Base *backbone.Backbone
	// Layers is a whole model built by hand, from an Input of square images of 0…255 with three channels to a softmax, in
	// place of Base and Head. All of it is trained from scratch.
	Layers    layer.List
	Name      string     // of a model built by hand; "" is "model"
	ImageSize int        // height and width of the images that come in, resized to the base's input; 0 is 255
	Head      []layer.Op // what follows the base; the last is a Dense with softmax
	Classes   []string   // names of the outputs, sorted
	Seed      int64      // of the head's initial weights, of dropout, and of the order of images
	// BaseTraining lets the base's batch normalization work on batch statistics while training, as Keras's
	// base(x, training=True). A transferred backbone wants it off; one that is trained from scratch needs it.
	BaseTraining bool
}

// Model is a backbone with a head.
type Model struct {
	Config
	// Layers is the whole model in order: image, resizing, preprocessing, the base's layers, the head.
	Layers layer.List
	Values layer.Values
	// DataNotice is what readers must know of the data that the model was trained on; empty for real data.
	DataNotice string
	Notes      []string // what Load had to say of the file, such as weights that were converted

	baseStart, baseEnd int
	nested             []layer.Nested // the base, and other models that a file nests
	compiled           compiled
}

// New builds a model. The base keeps its weights, the head starts from the seed.
func New(c Config) (*Model, error) {
	if c.Layers != nil {
		return fromLayers(c)
	}
	if c.Base == nil || len(c.Head) == 0 {
		return nil, errors.New("a model needs a Base and a Head: build the base with backbone.MobileNetV2")
	}
	if c.ImageSize == 0 {
		c.ImageSize = 255
	}
	m := &Model{Config: c}
	in := c.Base.Config.Input
	b := &layer.Builder{}
	b.Add("image", layer.Input{Shape: []int{c.ImageSize, c.ImageSize, 3}})
	if c.ImageSize != in {
		b.Add("resizing", layer.Resizing{Height: in, Width: in})
	}
	preprocessed := b.Add("preprocess_input", c.Base.Preprocess())
	m.baseStart = len(b.List)
	for _, l := range c.Base.Layers {
		l.Inference = !c.BaseTraining
		if len(l.Inputs) == 0 {
			input := *l
			input.Inputs = []string{preprocessed}
			l = &input
		}
		b.List = append(b.List, l)
	}
	m.baseEnd = len(b.List)
	m.nested = []layer.Nested{{Name: c.Base.String(), Start: m.baseStart, End: m.baseEnd}}
	for _, op := range c.Head {
		b.Add("", op)
	}
	if b.Err != nil {
		return nil, fmt.Errorf("head: %w", b.Err)
	}
	m.Layers = b.List
	if err := m.checkClasses(); err != nil {
		return nil, err
	}
	m.Values = m.Layers[m.baseEnd:].Initial(c.Seed)
	for name, v := range c.Base.Values {
		m.Values[name] = v
	}
	return m, nil
}

// fromLayers is New for a model built by hand.
func fromLayers(c Config) (*Model, error) {
	if c.Base != nil || c.Head != nil {
		return nil, errors.New("Layers is a whole model: leave Base and Head out")
	}
	m := &Model{Config: c, Layers: c.Layers, Values: c.Layers.Initial(c.Seed)}
	if err := m.wholeModel(cmp.Or(c.Name, "model")); err != nil {
		return nil, err
	}
	m.Base.Source = "random"
	return m, m.checkClasses()
}

// wholeModel makes sense of a model without a nested one: its base is what comes before pooling or flattening.
func (m *Model) wholeModel(name string) error {
	in, out := m.Layers[0].Shape, m.Layers.Output()
	if len(in) != 3 || in[0] != in[1] || in[2] != 3 {
		return fmt.Errorf("the model takes inputs of shape %v: give one that takes square images with 3 channels", in)
	}
	if len(out) != 1 {
		return fmt.Errorf("the model gives outputs of shape %v: give a classifier, with one probability per class", out)
	}
	m.ImageSize = in[0]
	m.baseEnd = slices.IndexFunc(m.Layers, func(l *layer.Layer) bool { return len(l.Shape) == 1 })
	m.Base = &backbone.Backbone{Name: name, Layers: m.Layers[:m.baseEnd]}
	m.Base.Config.Input = in[0]
	return nil
}

func (m *Model) checkClasses() error {
	if out := m.Layers.Output(); m.Classes != nil && (len(out) != 1 || out[0] != len(m.Classes)) {
		return fmt.Errorf("the head's output has shape %v, but there are %d classes: end it with "+
			"layer.Dense{Units: %d, Activation: \"softmax\"}", out, len(m.Classes), len(m.Classes))
	}
	return nil
}

// Notice joins what readers of any result of this model must know: weights that are not published ones, data that
// is not the real one. It is empty when there is nothing to say.
func (m *Model) Notice() string {
	var parts []string
	for _, n := range []string{m.DataNotice, m.Base.Notice} {
		if n != "" {
			parts = append(parts, n)
		}
	}
	return strings.Join(parts, "; ")
}

// Summary prints the model as Keras does, the base as one row.
func (m *Model) Summary() string {
	if m.baseStart == 0 {
		return m.Layers.Summary(m.Base.String())
	}
	base := &layer.Layer{Name: m.Base.String(), Op: functional{}, Inputs: []string{m.Layers[m.baseStart-1].Name},
		Shape: m.Layers[m.baseEnd-1].Shape}
	for _, l := range m.Layers[m.baseStart:m.baseEnd] {
		base.W = append(base.W, l.W...)
	}
	rows := append(append(layer.List{}, m.Layers[:m.baseStart]...), base)
	for _, l := range m.Layers[m.baseEnd:] {
		row := *l
		if row.Inputs[0] == m.Layers[m.baseEnd-1].Name {
			row.Inputs = []string{base.Name}
		}
		rows = append(rows, &row)
	}
	return m.Layers.SummaryOf("functional", rows)
}

// functional stands for a whole backbone in one row of a summary.
type functional struct{ layer.Op }

func (functional) Class() string { return "Functional" }

// cut is the position of the first layer that training changes or that acts at random: what lies below computes
// the same for an image every time. One tensor crosses it. It is 0 when no layer with weights lies below.
func (m *Model) cut() int {
	cut, weights := 0, 0
	for i, l := range m.Layers {
		if l.Random() || len(l.W) > 0 && !l.Frozen {
			break
		}
		weights += len(l.W)
		cut = i + 1
	}
	for cut > 0 && !m.Layers.SingleCrossing(cut) {
		cut--
	}
	if weights == 0 {
		return 0
	}
	return cut
}
