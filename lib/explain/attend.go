package explain

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/inference"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/notice"
)

// Attention computes the attention weights of every MultiHeadAttention of a model:
// softmax(query · key / sqrt(key dimension)), as Keras gives with return_attention_scores=True. Dropout is off.
type Attention struct {
	Notice  string        // is put into all maps, with that of the images: give the model's
	empty   AttentionMaps // without weights
	program *inference.Program
	use     sync.RWMutex // read while explaining
}

// NewAttention compiles a model. It is an error if the model has no attention, or if its tokens are not the patches of
// one grid, with or without one class token.
func NewAttention(ls layer.List, v layer.Values) (*Attention, error) {
	a, err := newAttention(ls, v)
	if err != nil {
		return nil, fmt.Errorf("attention: %w", err)
	}
	return a, nil
}

func newAttention(ls layer.List, v layer.Values) (*Attention, error) {
	if err := checkInput(ls); err != nil {
		return nil, err
	}
	empty, last, err := attentionOf(ls)
	if err != nil {
		return nil, err
	}
	var shapes [][]int
	for _, l := range empty.Layers {
		shapes = append(shapes, []int{l.Heads, empty.tokens(), empty.tokens()})
	}
	a := &Attention{empty: empty}
	a.program, err = inference.NewGraph(ls[:last+1], v, inference.Graph{In: [][]int{ls[0].Shape}, Out: shapes,
		Build: func(ls layer.List, env *layer.Env, in []*Node) []*Node {
			var attention []*Node
			env.Attention = func(_ *layer.Layer, weights *Node) { attention = append(attention, weights) }
			ls.Build(env, in[0])
			return attention
		}})
	return a, err
}

// Explain gives the maps of each image. Those of ViT-B/16 at 224 pixels take 22 MB per image, so ask for the images of a
// figure, not for those of a data set. It is an error if weights are not finite.
func (a *Attention) Explain(ctx context.Context, s images.Source) ([]AttentionMaps, error) {
	a.use.RLock()
	defer a.use.RUnlock()
	n := s.Len()
	maps := make([]AttentionMaps, 0, n)
	for from, batch := 0, a.program.Batch(); from < n; from += batch {
		some, err := a.explain(ctx, s, from, min(n, from+batch))
		if err != nil {
			return nil, fmt.Errorf("attention: %w", err)
		}
		maps = append(maps, some...)
	}
	return maps, nil
}

func (a *Attention) explain(ctx context.Context, s images.Source, from, to int) ([]AttentionMaps, error) {
	x, err := pixels(ctx, s, from, to, a.program.In())
	if err != nil {
		return nil, err
	}
	out, err := a.program.RunAll(ctx, x)
	if err != nil {
		return nil, err
	}
	maps := make([]AttentionMaps, to-from)
	for i := range maps {
		maps[i] = a.empty
		maps[i].Notice = notice.Join(a.Notice, s.About().Notice)
		maps[i].Layers = slices.Clone(a.empty.Layers)
		for k := range maps[i].Layers {
			l := &maps[i].Layers[k]
			each := len(out[k]) / len(maps)
			l.Weights = out[k][i*each : (i+1)*each]
			if slices.ContainsFunc(l.Weights, func(w float32) bool { return math.IsNaN(float64(w)) }) {
				return nil, fmt.Errorf("image %d (%s), layer %s: a weight is not a number: weights of the model or pixels are "+
					"not numbers, or too large", from+i, s.Info(from+i).Name, l.Name)
			}
		}
	}
	return maps, nil
}

// Close waits for calls that are running and frees what the explainer holds; later calls fail.
func (a *Attention) Close() error {
	a.use.Lock()
	defer a.use.Unlock()
	return a.program.Close()
}
