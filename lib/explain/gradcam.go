package explain

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"

	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/inference"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/notice"
	"github.com/transfer-learning-go/defects/lib/result"
)

// GradCAM explains predictions by gradient-weighted class activation mapping (Selvaraju et al., 2017). It gives one
// heat map per image, of the size of the last feature map before pooling: 7×7 for MobileNetV2 at 224 pixels and for
// ResNet50V2 at 200. A heat map spans the whole image.
//
// A channel of the feature map weighs as much as the mean, over all places, of the gradient of the class's logit with
// respect to it. The heat of a place is the weighted sum of its channels, cut at 0 and divided by the largest of the
// map. Dropout is off, and batch normalization uses its moving statistics.
type GradCAM struct {
	Notice  string // is put into every heat map, with that of the images: give the model's
	shape   []int  // of the image
	classes int
	// The feature map is computed as fast as predictions are, and gradients only above it.
	features *inference.Program
	heat     *inference.Program // features and the class to explain to heat and the class explained
	use      sync.RWMutex       // read while explaining
}

// NewGradCAM compiles a model, which ends in one value per class. It is an error if the model has no feature map.
func NewGradCAM(ls layer.List, v layer.Values) (*GradCAM, error) {
	g, err := newGradCAM(ls, v)
	if err != nil {
		return nil, fmt.Errorf("Grad-CAM: %w", err)
	}
	return g, nil
}

func newGradCAM(ls layer.List, v layer.Values) (*GradCAM, error) {
	if err := checkInput(ls); err != nil {
		return nil, err
	}
	at, err := featureMap(ls)
	if err != nil {
		return nil, err
	}
	features, err := inference.New(ls[:at+1], v)
	if err != nil {
		return nil, err
	}
	g := &GradCAM{shape: ls[0].Shape, classes: ls.Output()[0], features: features}
	logits, _ := ls.Above(at + 1).Logits()
	g.heat, err = inference.NewGraph(logits, v, inference.Graph{
		In: [][]int{ls[at].Shape, {}}, Out: [][]int{ls[at].Shape[:2], {}},
		Build: func(ls layer.List, env *layer.Env, in []*Node) []*Node {
			return heat(in[0], in[1], func(features *Node) *Node { return ls.Build(env, features) })
		}})
	if err != nil {
		g.features.Close()
		return nil, err
	}
	return g, nil
}

// featureMap is the position of the last layer that gives an image of features, [h, w, channels].
func featureMap(ls layer.List) (int, error) {
	for i := len(ls) - 1; i > 0; i-- {
		if len(ls[i].Shape) != 3 {
			continue
		}
		if i == len(ls)-1 || !ls.SingleCrossing(i+1) || len(ls.Output()) != 1 {
			return 0, fmt.Errorf("layers above the feature map %s must read it alone and end in one value per class",
				ls[i].Name)
		}
		return i, nil
	}
	return 0, fmt.Errorf("no layer gives features of shape [height, width, channels]: it needs a convolutional base")
}

// heat builds the graph. A class of −1 becomes that of the largest logit.
func heat(features, class *Node, logitsOf func(features *Node) *Node) []*Node {
	logits := logitsOf(features)
	class = ConvertDType(class, dtypes.Int32)
	class = Where(LessThan(class, ScalarZero(class.Graph(), class.DType())), ArgMax(logits, -1, class.DType()), class)
	chosen := OneHot(class, logits.Shape().Dimensions[1], logits.DType())
	// Images do not mix, so that the gradient of the sum over images holds the gradient of each.
	gradient := Gradient(ReduceAllSum(Mul(chosen, logits)), features)[0]
	weights := ReduceAndKeep(gradient, ReduceMean, 1, 2)
	heat := MaxScalar(ReduceSum(Mul(weights, features), -1), 0)
	largest := ReduceAndKeep(heat, ReduceMax, 1, 2)
	largest = Where(LessOrEqual(largest, ScalarZero(heat.Graph(), heat.DType())), OnesLike(largest), largest)
	return []*Node{Div(heat, largest), ConvertDType(class, dtypes.Float32)}
}

// Explain gives the heat map of each image for a class, −1 being the predicted one; nil explains the predicted class of
// each. It is an error if classes are not one per image, or if heat is not finite.
func (g *GradCAM) Explain(ctx context.Context, s images.Source, classes []int) ([]result.Heatmap, error) {
	g.use.RLock()
	defer g.use.RUnlock()
	n := s.Len()
	if classes != nil && len(classes) != n {
		return nil, fmt.Errorf("Grad-CAM: %d classes for %d images: give one per image, −1 for the predicted one", len(classes), n)
	}
	for i, c := range classes {
		if c < -1 || c >= g.classes {
			return nil, fmt.Errorf("Grad-CAM: class %d of image %d: the model has classes 0 to %d; −1 is the predicted one", c,
				i, g.classes-1)
		}
	}
	var maps []result.Heatmap
	for from, batch := 0, g.features.Batch(); from < n; from += batch {
		some, err := g.explain(ctx, s, classes, from, min(n, from+batch))
		if err != nil {
			return nil, fmt.Errorf("Grad-CAM: %w", err)
		}
		maps = append(maps, some...)
	}
	return maps, nil
}

func (g *GradCAM) explain(ctx context.Context, s images.Source, classes []int, from, to int) ([]result.Heatmap, error) {
	x, err := pixels(ctx, s, from, to, g.shape)
	if err != nil {
		return nil, err
	}
	features, err := g.features.Run(ctx, x)
	if err != nil {
		return nil, err
	}
	wanted := make([]float32, to-from)
	for i := range wanted {
		wanted[i] = -1
		if classes != nil {
			wanted[i] = float32(classes[from+i])
		}
	}
	out, err := g.heat.RunAll(ctx, features, wanted)
	if err != nil {
		return nil, err
	}
	shape := g.heat.Out()
	size := shape[0] * shape[1]
	maps := make([]result.Heatmap, to-from)
	for i := range maps {
		values := out[0][i*size : (i+1)*size]
		for _, v := range values {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				return nil, fmt.Errorf("image %d (%s): the gradient is not finite: weights of the model or pixels are not "+
					"numbers, or too large", from+i, s.Info(from+i).Name)
			}
		}
		maps[i] = result.Heatmap{Height: shape[0], Width: shape[1], Values: values, Class: int(out[1][i]),
			Notice: notice.Join(g.Notice, s.About().Notice)}
	}
	return maps, nil
}

// Close waits for calls that are running and frees what the explainer holds; later calls fail.
func (g *GradCAM) Close() error {
	g.use.Lock()
	defer g.use.Unlock()
	return errors.Join(g.features.Close(), g.heat.Close())
}
