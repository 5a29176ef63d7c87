package serve

import (
	"context"
	"errors"
	"fmt"
	"image"
	"math"
	"net/http"
	"slices"
	"sync"

	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/result"
)

// engine computes for one version of a model.
type engine interface {
	about() about
	// predict gives a row of probabilities for each image, in the model's shape, values 0…255.
	predict(ctx context.Context, pixels [][]float32) ([][]float32, error)
	// explain says where the model looked, by which method, and which part of the image the heat map spans.
	explain(ctx context.Context, pixels []float32) (heat result.Heatmap, method string, part func(image.Image) image.Image, err error)
	close() error
}

// about describes a model.
type about struct {
	classes []string
	labels  bool           // each class has a probability of its own: an image may have several or none
	shape   []int          // of its images: height, width, and 3 channels or 1
	decoder images.Decoder // of its images
	batch   int            // images computed at a time: multiples of it are fastest
	notice  string         // what must be said with its results
}

// network is the engine of a classifier.
type network struct {
	facts     about
	predictor *classifier.Predictor
	layers    layer.List
	values    layer.Values

	mutex     sync.Mutex
	explainer *explainer // compiled when it is first asked for
	failed    error      // why there is none
}

func open(read func() (*classifier.Model, error)) (engine, error) {
	m, err := read()
	if err != nil {
		return nil, err
	}
	defer m.Close()
	p, err := m.Predictor()
	if err != nil {
		return nil, err
	}
	batch, err := p.Batch()
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return &network{facts: about{classes: slices.Clone(m.Classes), labels: m.MultiLabel(), shape: slices.Clone(m.Layers[0].Shape),
		decoder: m.Decoder, batch: batch, notice: m.Notice()}, predictor: p, layers: m.Layers.Clone(), values: m.Values}, nil
}

func (n *network) about() about { return n.facts }

func (n *network) predict(ctx context.Context, pixels [][]float32) ([][]float32, error) {
	p, err := n.predictor.Predict(ctx, resized(pixels))
	if err != nil {
		return nil, err
	}
	for _, row := range p.Probabilities {
		for _, v := range row {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				return nil, fmt.Errorf("the model gives %v for a probability: its weights are not numbers, or too large", v)
			}
		}
	}
	return p.Probabilities, nil
}

func (n *network) explain(ctx context.Context, pixels []float32) (result.Heatmap, string, func(image.Image) image.Image, error) {
	e, err := n.compiled()
	if err != nil {
		return result.Heatmap{}, "", nil, err
	}
	return e.explain(ctx, resized{pixels})
}

// compiled is the explainer. A model that cannot be explained says so each time.
func (n *network) compiled() (*explainer, error) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if n.explainer == nil && n.failed == nil {
		var err error
		if n.explainer, err = newExplainer(n.layers, n.values); err != nil {
			n.failed = &failure{http.StatusNotImplemented, err.Error()}
		}
	}
	return n.explainer, n.failed
}

func (n *network) close() error {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	err := n.predictor.Close()
	if n.explainer != nil {
		err = errors.Join(err, n.explainer.close())
	}
	return err
}

// resized are images that already have the size which a model wants, as a source.
type resized [][]float32

func (r resized) About() images.About { return images.About{Name: "request"} }
func (r resized) Len() int            { return len(r) }
func (r resized) Info(i int) images.Info {
	return images.Info{Name: fmt.Sprintf("image %d", i), Label: -1}
}

func (r resized) Pixels(i, height, width int) ([]float32, error) {
	if len(r[i]) != height*width {
		return r[i], nil
	}
	pixels := make([]float32, 0, 3*len(r[i])) // of grey
	for _, v := range r[i] {
		pixels = append(pixels, v, v, v)
	}
	return pixels, nil
}

// warm compiles all that requests need, and sees that the model gives numbers: for an image alone and for a batch.
func warm(ctx context.Context, e engine) error {
	a := e.about()
	for _, n := range []int{1, a.batch} {
		pixels := make([][]float32, n)
		for i := range pixels {
			pixels[i] = make([]float32, layer.Size(a.shape))
			for k := range pixels[i] {
				pixels[i][k] = float32((37*k + 101*i) % 256)
			}
		}
		if _, err := e.predict(ctx, pixels); err != nil {
			return err
		}
	}
	return nil
}
