// Package classifier puts a head on a backbone, trains it, and predicts with it.
//
// What is frozen is computed once: layers below the cut give the same features for an image in every epoch, so Fit
// computes them once per image, stores them, and trains on what is stored. The losses are those of training the
// whole model.
package classifier

import (
	"cmp"
	"fmt"
	"slices"
	"sync"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/notice"
)

// Model is a network that classifies images. It owns its layers.
//
// Predict and Features may be called from several goroutines at once, as long as nothing changes the model: Fit,
// Calibrate, SetPreprocessing, freezing, and setting fields do. A Predictor is not reached by such changes.
type Model struct {
	Name string // what Keras calls it
	// Base is the part that was trained before, or what comes before the pooling. Its Layers are those of the model:
	// m.Base.Layers[100:].Unfreeze() lets this model train them.
	Base         *backbone.Backbone
	Layers       layer.List // the whole model in order: image, resizing, preprocessing, the base's layers, the head
	Values       layer.Values
	ImageSize    int      // height and width of the images that come in; 0 if they differ: the shape of Layers[0] tells
	Classes      []string // names of the outputs; nil if they have none
	Seed         int64    // see Config
	BaseTraining bool     // see Config
	// DataNotice is what readers must know of the data that the model was trained on; empty for real data.
	DataNotice string
	Notes      []string // what Load had to say of the file, such as weights that were converted
	// Decoder is the one whose pixels the model was trained on, images.Pillow for models of PyTorch's world. Images are
	// taken as they come if it is images.TensorFlow.
	Decoder images.Decoder

	baseStart, baseEnd int
	nested             []layer.Nested // the base, and other models that are nested
	preprocessing      string         // what SetPreprocessing was told
	// What a file of others does not say, so that results may be wrong. See SetPreprocessing and readOutputs.
	inputNotice, sizeNotice, outputNotice string

	mutex    sync.Mutex
	compiled compiled
}

// checkShapes takes the size of the images from the first layer.
func (m *Model) checkShapes() error {
	if len(m.Layers) == 0 || m.Layers[0].Op.Class() != "InputLayer" {
		return fmt.Errorf("the network has no input: begin it with layer.Input{Shape: []int{255, 255, 3}}")
	}
	in, out := m.Layers[0].Shape, m.Layers.Output()
	if len(in) != 3 || in[2] != 3 && in[2] != 1 {
		return fmt.Errorf("the model takes inputs of shape %v: give one that takes images with 3 channels, or 1 of grey", in)
	}
	if len(out) != 1 {
		return fmt.Errorf("the model gives outputs of shape %v, of layer %s: give a classifier, with one probability per class; put a "+
			"pooling or Flatten before its dense layers", out, m.Layers[len(m.Layers)-1].Name)
	}
	if in[0] == in[1] {
		m.ImageSize = in[0]
	}
	if in[2] == 1 {
		m.Decoder = images.Grey
	}
	return nil
}

// decoded gives images as a model wants them to be decoded.
func decoded(s images.Source, d images.Decoder) images.Source {
	if d == images.TensorFlow {
		return s
	}
	return images.DecodedBy(s, d)
}

// findBase takes the largest nested model with weights for the base; without one, what comes before the last pooling or
// flattening.
func (m *Model) findBase() {
	name := cmp.Or(m.Name, "model")
	for _, n := range m.nested {
		if n.End-n.Start > m.baseEnd-m.baseStart && m.Layers[n.Start:n.End].Params() > 0 {
			name, m.baseStart, m.baseEnd = n.Name, n.Start, n.End
		}
	}
	for i, l := range m.Layers {
		if m.baseStart == 0 && len(l.Shape) > 1 {
			m.baseEnd = i + 1
		}
	}
	m.Base = &backbone.Backbone{Name: name, Layers: m.baseLayers(), Values: m.Values, Source: "random"}
	m.Base.Config.Input = m.Base.Layers[0].Shape[0]
}

// baseLayers are the base's, without what SetPreprocessing has put between them, which must not be trained with it.
func (m *Model) baseLayers() layer.List {
	return slices.DeleteFunc(slices.Clone(m.Layers[m.baseStart:m.baseEnd]), func(l *layer.Layer) bool {
		return m.preprocessing != "" && l.Name == preprocessingName && len(l.W) > 0 || reorders(l, m.Values)
	})
}

func (m *Model) checkClasses() error {
	if out := m.Layers.Output()[0]; m.Classes != nil && out != len(m.Classes) {
		return fmt.Errorf("the model has %d outputs, but there are %d classes: end its head with "+
			"layer.Dense{Units: %d, Activation: \"softmax\"}", out, len(m.Classes), len(m.Classes))
	}
	return nil
}

// Notice joins what readers of any result of this model must know: weights that are not published ones, data that is not
// the real one, and what the file that it comes from leaves open. It is empty when there is nothing to say.
func (m *Model) Notice() string {
	return notice.Join(m.DataNotice, m.Base.Notice, m.inputNotice, m.sizeNotice, m.outputNotice)
}

// cut is the position of the first layer that training changes or that acts at random: what lies below computes
// the same for an image every time. One tensor crosses it. It is 0 when nothing below could be trained.
func (m *Model) cut() int {
	cut := 0
	for i, l := range m.Layers {
		if l.Random() || !l.Frozen && learns(l) {
			break
		}
		cut = i + 1
	}
	for cut > 0 && !m.Layers.SingleCrossing(cut) {
		cut--
	}
	for _, l := range m.Layers[:cut] {
		if m.preprocessing != "" && l.Name == preprocessingName || reorders(l, m.Values) {
			continue
		}
		for _, w := range l.W {
			if !w.Statistic {
				return cut
			}
		}
	}
	return 0
}

// learns reports whether training changes the weights of a layer that is not frozen. Those of a Normalization stay.
func learns(l *layer.Layer) bool {
	differs, _ := layer.InTraining(l.Op)
	return layer.List{l}.TrainableParams() > 0 || differs && !l.Inference && len(l.W) > 0
}

// Close frees what Predict and Features have compiled, in memory outside of Go's. The model stays usable.
func (m *Model) Close() error {
	m.forget()
	return nil
}
