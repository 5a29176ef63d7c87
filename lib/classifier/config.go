package classifier

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/notice"
	"github.com/transfer-learning-go/defects/lib/record"
)

// Config says what a model is made of: a Base with a Head, or Layers.
type Config struct {
	Base *backbone.Backbone
	// Head adds what follows the base; layer.Sequential gives a plain list of layers. It ends in a Dense with softmax.
	Head func(*layer.Builder)
	// Layers adds a whole network in place of Base and Head, from an Input of square images of 0…255 with three channels to
	// a softmax. A pretrained base can be a part of it: see backbone.Backbone.AddTo. What else is in it starts from the
	// seed.
	Layers    func(*layer.Builder)
	Name      string   // of a network built with Layers; "" is "model"
	ImageSize int      // height and width of the images that come in, resized to the base's input; 0 is 255. Layers have their own
	Classes   []string // names of the outputs, sorted
	Seed      int64    // of the initial weights, of dropout, and of the order of images
	// BaseTraining lets the base's batch normalization work on batch statistics while training, as Keras's
	// base(x, training=True). A transferred backbone wants it off; one that is trained from scratch needs it.
	BaseTraining bool
}

// New builds a model. The base keeps its weights, all else starts from the seed. The model has its own copy of every
// layer: freezing those of Config.Base afterwards, or of another model on the same base, does not reach it.
func New(c Config) (*Model, error) {
	b := &layer.Builder{}
	switch {
	case c.Layers != nil && (c.Base != nil || c.Head != nil):
		return nil, errors.New("Layers is a whole network: leave Base and Head out, and add a base to it with its AddTo")
	case c.Layers != nil:
		c.Layers(b)
	case c.Base == nil || c.Head == nil:
		return nil, errors.New("a model needs a Base and a Head: build the base with backbone.MobileNetV2")
	default:
		c.addBase(b)
		if b.Err != nil {
			return nil, fmt.Errorf("base %s: %w", c.Base, b.Err)
		}
		if c.Head(b); b.Err != nil {
			return nil, fmt.Errorf("head: %w", b.Err)
		}
	}
	if b.Err != nil {
		return nil, fmt.Errorf("layers: %w", b.Err)
	}
	if lost := b.List.Unread(); lost != nil {
		return nil, fmt.Errorf("layers %s do not lead to the output: let others read them, or leave them out",
			strings.Join(lost, ", "))
	}
	m := &Model{Name: c.Name, Layers: b.List.Clone(), Classes: c.Classes, Seed: c.Seed, BaseTraining: c.BaseTraining,
		Values: initial(b, c.Seed)}
	for _, n := range b.Nested {
		m.nested = append(m.nested, layer.Nested{Name: n.Name, Start: n.Start, End: n.End})
		for _, l := range m.Layers[n.Start:n.End] {
			l.Inference = !c.BaseTraining
		}
	}
	if err := m.checkShapes(); err != nil {
		return nil, err
	}
	if c.Layers != nil && c.ImageSize != 0 && c.ImageSize != m.ImageSize {
		return nil, fmt.Errorf("ImageSize %d: the network reads images of %d pixels; leave ImageSize out", c.ImageSize, m.ImageSize)
	}
	m.findBase()
	m.takeOrigin(b.Nested)
	if err := m.checkClasses(); err != nil {
		return nil, err
	}
	record.Tell(record.Origin{Weights: m.Base.Provenance(), Seeds: fmt.Sprint(m.Seed)})
	return m, m.checkTrained()
}

// addBase begins a network: the image, resized to what the base reads, and the base.
func (c Config) addBase(b *layer.Builder) {
	size, in := cmp.Or(c.ImageSize, 255), c.Base.Config.Input
	b.Add("image", layer.Input{Shape: []int{size, size, 3}})
	if size != in {
		b.Add("resizing", layer.Resizing{Height: in, Width: in})
	}
	c.Base.AddTo(b)
}

// initial gives nested models their values, and draws the others from the seed.
func initial(b *layer.Builder, seed int64) layer.Values {
	var fresh layer.List
	for _, l := range b.List {
		if _, ok := b.Values[l.Name]; !ok {
			fresh = append(fresh, l)
		}
	}
	values := fresh.Initial(seed)
	for name, v := range b.Values {
		values[name] = slices.Clone(v)
	}
	return values
}

// takeOrigin lets the model's base say where its weights come from. What must be said of any nested backbone is said.
func (m *Model) takeOrigin(nested []layer.Nested) {
	var notices []string
	for _, n := range nested {
		origin, ok := n.Of.(*backbone.Backbone)
		if !ok {
			continue
		}
		notices = append(notices, origin.Notice)
		if n.Start == m.baseStart {
			layers := m.Base.Layers
			base := *origin
			base.Layers, base.Values = layers, m.Values
			m.Base = &base
		}
	}
	if len(notices) > 0 {
		m.Base.Notice = notice.Join(notices...)
	}
}
