package classifier

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/layer"
)

// preprocessingName is what the layer is called that scales images, here and by SetPreprocessing.
const preprocessingName = "preprocess_input"

// preprocessings are the layers that SetPreprocessing adds, with the values of their weights.
var preprocessings = map[string]struct {
	op     layer.Op
	values [][]float32
}{
	"none":  {},
	"0..1":  {op: layer.Rescaling{Scale: 1.0 / 255}},
	"-1..1": {op: layer.Rescaling{Scale: 1 / 127.5, Offset: -1}},
	// No layer of Keras turns channels round but a convolution of single pixels, whose kernel is [in, out].
	"caffe": {layer.Conv2D{Filters: 3, Kernel: 1}, [][]float32{{0, 0, 1, 0, 1, 0, 1, 0, 0}, {-103.939, -116.779, -123.68}}},
	"imagenet": {op: layer.ChannelRescaling{
		Scale:  []float64{1 / (255 * 0.229), 1 / (255 * 0.224), 1 / (255 * 0.225)},
		Offset: []float64{-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225},
	}},
}

// Preprocessings lists what SetPreprocessing takes.
func Preprocessings() []string { return slices.Sorted(maps.Keys(preprocessings)) }

// SetPreprocessing says what the images of a model passed before it saw them, where its file does not: programs that use
// Keras often do it outside of the model. Pixels are 0…255 here.
//
//	"none"      nothing: the model was trained on 0…255
//	"0..1"      x / 255
//	"-1..1"     x / 127.5 − 1 (preprocess_input of MobileNet, Xception, ResNetV2)
//	"caffe"     blue, green, red, less the means 103.939, 116.779, 123.68 (preprocess_input of VGG, ResNet)
//	"imagenet"  (x / 255 − mean) / deviation of ImageNet's channels (preprocess_input of DenseNet; PyTorch's models)
//
// It becomes a layer after the input, which Save writes, too. It is an error if the model scales its images already.
func (m *Model) SetPreprocessing(name string) error {
	p, ok := preprocessings[name]
	switch scaling := scalingLayer(m.Layers, m.Values); {
	case !ok:
		return fmt.Errorf("preprocessing %q: use one of %s", name, strings.Join(Preprocessings(), ", "))
	case p.op != nil && scaling != "":
		return fmt.Errorf("preprocessing %s: the model has its own, in layer %s: leave it out", name, scaling)
	case p.op != nil && m.preprocessing != "":
		return fmt.Errorf("preprocessing %s: the model has been given %s: leave it out", name, m.preprocessing)
	case p.op != nil && m.Layers[0].Shape[2] == 1 && (name == "caffe" || name == "imagenet"):
		return fmt.Errorf("preprocessing %s: it has numbers for red, green and blue, and the model reads grey images: give 0..1, -1..1 "+
			"or none", name)
	case p.op != nil && m.Layers.Index(preprocessingName) >= 0:
		return fmt.Errorf("preprocessing %s: the model has a layer %s of another kind", name, preprocessingName)
	}
	if p.op == nil {
		m.inputNotice, m.preprocessing = "", name
		m.forget()
		return nil
	}
	input := m.Layers[0].Name
	b := &layer.Builder{List: layer.List{m.Layers[0]}}
	if b.Add(preprocessingName, p.op); b.Err != nil {
		return fmt.Errorf("preprocessing %s: %w", name, b.Err)
	}
	added := b.List[1]
	added.Frozen, added.Inference = true, true
	for _, l := range m.Layers {
		inputs := slices.Clone(l.Inputs) // lists that were made of these layers may share theirs
		for i, read := range inputs {
			if read == input {
				inputs[i] = preprocessingName
			}
		}
		l.Inputs = inputs
	}
	m.Layers = slices.Insert(slices.Clone(m.Layers), 1, added)
	if p.values != nil {
		m.Values[preprocessingName] = p.values
	}
	for i := range m.nested {
		m.nested[i].Start++
		m.nested[i].End++
	}
	if m.baseStart > 0 {
		m.baseStart++
	}
	m.baseEnd++
	m.inputNotice, m.preprocessing = "", name
	m.Base.Layers = m.baseLayers()
	m.forget()
	return nil
}

// scales reports whether a layer brings pixels of 0…255 into another range. A normalization does if the means that it has
// learned are those of grey levels: one of pixels that were scaled before has seen none above 1.
func scales(l *layer.Layer, v layer.Values) bool {
	var means []float32
	switch op := l.Op.(type) {
	case layer.Rescaling:
		return op != (layer.Rescaling{Scale: 1})
	case layer.ChannelRescaling:
		return true
	case layer.BatchNormalization:
		if len(v[l.Name]) > 1 {
			means = v[l.Name][len(v[l.Name])-2]
		}
	case layer.Normalization:
		for _, mean := range op.Mean {
			means = append(means, float32(mean))
		}
		if op.Mean == nil && len(v[l.Name]) > 0 {
			means = v[l.Name][0]
		}
	}
	return slices.ContainsFunc(means, func(mean float32) bool { return mean > 2 || mean < -2 })
}

// scalingLayer names the layer that brings pixels into another range before the first layer with weights; "" if there is
// none.
func scalingLayer(ls layer.List, v layer.Values) string {
	for _, l := range ls {
		if scales(l, v) {
			return l.Name
		}
		if l.Name == preprocessingName {
			return l.Name
		}
		if len(l.W) > 0 && !reorders(l, v) {
			return ""
		}
	}
	return ""
}

// reorders reports whether a layer gives the channels of images in another order, and does nothing else.
func reorders(l *layer.Layer, v layer.Values) bool {
	op, ok := l.Op.(layer.Conv2D)
	if !ok || op.Kernel != 1 || op.Strides > 1 || op.Filters != 3 || !op.NoBias || op.Activation != "" || len(v[l.Name]) != 1 ||
		len(v[l.Name][0]) != 9 {
		return false
	}
	ones := 0
	for i, weight := range v[l.Name][0] {
		switch {
		case weight == 1:
			ones |= 1<<(i/3) | 8<<(i%3) // its row and its column
		case weight != 0:
			return false
		}
	}
	return ones == 63
}

// readInputs says so if a file does not tell what its images passed before.
func (m *Model) readInputs(path string) {
	if scalingLayer(m.Layers, m.Values) == "" {
		m.inputNotice = fmt.Sprintf("%s holds no preprocessing, so images enter it as 0…255: say with --preprocess "+
			"(Model.SetPreprocessing) what its images passed before, or none", path)
	}
}
