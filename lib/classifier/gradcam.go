package classifier

import (
	"fmt"
	"math"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/transfer-learning-go/defects/lib/device"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/result"
)

// GradCAM explains predictions by gradient-weighted class activation mapping (Selvaraju et al., 2017). It takes
// pixels [n, ImageSize, ImageSize, 3] of 0…255 and for each image the class to explain, −1 being the predicted one;
// nil explains the predicted class of each. It gives one heat map per image, of the size of the last feature map
// before pooling: 7×7 for MobileNetV2 at 224 pixels and for ResNet50V2 at 200. A heat map spans the whole image.
//
// A channel of the feature map weighs as much as the mean gradient of the class's logit with respect to it. The heat
// of a place is the weighted sum of its channels, cut at 0 and divided by the largest of the map. Dropout is off, and
// batch normalization uses its moving statistics.
//
// It is an error if pixels are no whole number of images, if classes are not one per image, or if the model has no
// feature map.
func (m *Model) GradCAM(pixels []float32, classes []int) ([]result.Heatmap, error) {
	size := elements(m.Layers[0].Shape)
	n := len(pixels) / size
	if len(pixels)%size != 0 {
		return nil, fmt.Errorf("%d values are no whole number of images of shape %v", len(pixels), m.Layers[0].Shape)
	}
	outputs := elements(m.Layers.Output())
	if classes != nil && len(classes) != n {
		return nil, fmt.Errorf("%d classes for %d images: give one per image, −1 for the predicted one", len(classes), n)
	}
	for i, c := range classes {
		if c < -1 || c >= outputs {
			return nil, fmt.Errorf("class %d of image %d: the model has classes 0 to %d; −1 is the predicted one", c,
				i, outputs-1)
		}
	}
	m.compiledCut() // forgets what was compiled for another cut
	if m.compiled.explainer == nil {
		e, err := newExplainer(m.Layers, m.Values)
		if err != nil {
			return nil, fmt.Errorf("Grad-CAM: %w", err)
		}
		m.compiled.explainer = e
	}
	return m.compiled.explainer.explain(pixels, classes)
}

// explainer computes the feature map as fast as predictions are, and gradients only above it.
type explainer struct {
	features *runner
	heat     *Exec // features [n, h, w, channels], classes [n] and weights to heat [n, h, w] and the classes explained
	weights  []any // of the layers above the feature map
}

// featureMap is the position of the last layer that gives an image of features, [h, w, channels].
func featureMap(ls layer.List) (int, error) {
	for i := len(ls) - 1; i > 0; i-- {
		if len(ls[i].Shape) != 3 {
			continue
		}
		if i == len(ls)-1 || !ls.SingleCrossing(i+1) {
			return 0, fmt.Errorf("layers above the feature map %s must read it alone and end in one value per class",
				ls[i].Name)
		}
		return i, nil
	}
	return 0, fmt.Errorf("no layer gives features of shape [height, width, channels]: it needs a convolutional base")
}

func newExplainer(ls layer.List, values layer.Values) (*explainer, error) {
	at, err := featureMap(ls)
	if err != nil {
		return nil, err
	}
	features, err := newRunner(ls[:at+1], values)
	if err != nil {
		return nil, err
	}
	d, err := device.Open()
	if err != nil {
		return nil, err
	}
	above, _ := ls.Above(at + 1).Logits()
	e := &explainer{features: features}
	position := map[*layer.Layer]int{}
	for _, l := range above {
		position[l] = 2 + len(e.weights)
		for i, w := range l.W {
			e.weights = append(e.weights, tensors.FromFlatDataAndDimensions(values[l.Name][i], w.Shape...))
		}
	}
	e.heat, err = NewExec(d.Backend, func(in []*Node) []*Node {
		env := &layer.Env{Weight: func(l *layer.Layer, i int) *Node { return in[position[l]+i] }}
		return gradCAM(in[0], in[1], func(features *Node) *Node { return above.Build(env, features) })
	})
	return e, err
}

// gradCAM builds the graph of explainer.heat. A class of −1 becomes that of the largest logit.
func gradCAM(features, class *Node, logitsOf func(features *Node) *Node) []*Node {
	logits := logitsOf(features)
	class = Where(LessThan(class, ScalarZero(class.Graph(), class.DType())), ArgMax(logits, -1, class.DType()), class)
	chosen := OneHot(class, logits.Shape().Dimensions[1], logits.DType())
	// Images do not mix, so that the gradient of the sum over images holds the gradient of each.
	gradient := Gradient(ReduceAllSum(Mul(chosen, logits)), features)[0]
	weights := ReduceAndKeep(gradient, ReduceMean, 1, 2)
	heat := MaxScalar(ReduceSum(Mul(weights, features), -1), 0)
	largest := ReduceAndKeep(heat, ReduceMax, 1, 2)
	largest = Where(LessOrEqual(largest, ScalarZero(heat.Graph(), heat.DType())), OnesLike(largest), largest)
	return []*Node{Div(heat, largest), class}
}

func (e *explainer) explain(pixels []float32, classes []int) ([]result.Heatmap, error) {
	size, batch := elements(e.features.in), e.features.batch
	h, w := e.features.out[0], e.features.out[1]
	var maps []result.Heatmap
	for start := 0; start*size < len(pixels); start += batch {
		chunk := pixels[start*size : min(len(pixels), (start+batch)*size)]
		features, err := e.features.run(chunk)
		if err != nil {
			return nil, err
		}
		n := len(chunk) / size
		// One compiled shape serves all: the last batch is filled up.
		rows := append(features, make([]float32, (batch-n)*elements(e.features.out))...)
		wanted := make([]int32, batch)
		for i := range wanted {
			wanted[i] = -1
			if classes != nil && i < n {
				wanted[i] = int32(classes[start+i])
			}
		}
		heat, class, err := e.call(rows, wanted)
		if err != nil {
			return nil, fmt.Errorf("explaining images %d to %d: %w", start, start+n-1, err)
		}
		for i := range n {
			values := heat[i*h*w : (i+1)*h*w]
			for _, v := range values {
				if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
					return nil, fmt.Errorf("image %d: the gradient is not finite: the training of this model has "+
						"diverged; train it with a smaller learning rate", start+i)
				}
			}
			maps = append(maps, result.Heatmap{Height: h, Width: w, Values: values, Class: int(class[i])})
		}
	}
	return maps, nil
}

// call computes one batch.
func (e *explainer) call(features []float32, classes []int32) (heat []float32, class []int32, err error) {
	x := tensors.FromFlatDataAndDimensions(features, append([]int{len(classes)}, e.features.out...)...)
	c := tensors.FromFlatDataAndDimensions(classes, len(classes))
	out, err := e.heat.Call(append([]any{x, c}, e.weights...)...)
	if err != nil {
		return nil, nil, err
	}
	if heat, err = tensors.CopyFlatData[float32](out[0]); err != nil {
		return nil, nil, err
	}
	if class, err = tensors.CopyFlatData[int32](out[1]); err != nil {
		return nil, nil, err
	}
	for _, t := range append(out, x, c) {
		t.MustFinalizeAll()
	}
	return heat, class, nil
}
