package classifier

import (
	"fmt"
	"math"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/transfer-learning-go/defects/lib/device"
	"github.com/transfer-learning-go/defects/lib/layer"
)

// attentionRunner computes the weights of every MultiHeadAttention of a list, in small batches.
type attentionRunner struct {
	exec    *Exec
	weights []*tensors.Tensor
	batch   int
	in      []int
}

func newAttentionRunner(ls layer.List, values layer.Values) (*attentionRunner, error) {
	d, err := device.Open()
	if err != nil {
		return nil, err
	}
	r := &attentionRunner{in: ls[0].Shape}
	bytes := 0 // of the weights of one image
	for _, l := range ls {
		if op, ok := l.Op.(layer.MultiHeadAttention); ok {
			bytes += 4 * op.NumHeads * l.Shape[0] * l.Shape[0]
		}
	}
	r.batch = min(32, max(1, microBatchBytes/bytes))
	ls, values = ls.Fold(values)
	position := map[*layer.Layer]int{}
	for _, l := range ls {
		position[l] = 1 + len(r.weights)
		for i, w := range l.W {
			r.weights = append(r.weights, tensors.FromFlatDataAndDimensions(values[l.Name][i], w.Shape...))
		}
	}
	r.exec, err = NewExec(d.Backend, func(in []*Node) []*Node {
		var attention []*Node
		ls.Build(&layer.Env{
			Weight:    func(l *layer.Layer, i int) *Node { return in[position[l]+i] },
			Attention: func(_ *layer.Layer, weights *Node) { attention = append(attention, weights) },
		}, in[0])
		return attention
	})
	return r, err
}

// run fills in the weights of each image's maps.
func (r *attentionRunner) run(pixels []float32, maps []AttentionMaps) error {
	size := elements(r.in)
	for start := 0; start < len(maps); start += r.batch {
		end := min(start+r.batch, len(maps))
		rows := make([]float32, r.batch*size) // one compiled shape serves all: the last batch is filled up
		copy(rows, pixels[start*size:end*size])
		x := tensors.FromFlatDataAndDimensions(rows, append([]int{r.batch}, r.in...)...)
		args := []any{x}
		for _, w := range r.weights {
			args = append(args, w)
		}
		out, err := r.exec.Call(args...)
		if err != nil {
			return fmt.Errorf("attention of images %d to %d: %w", start, end-1, err)
		}
		x.MustFinalizeAll()
		for k, t := range out {
			flat, err := tensors.CopyFlatData[float32](t)
			if err != nil {
				return err
			}
			t.MustFinalizeAll()
			for i := start; i < end; i++ {
				n := len(flat) / r.batch
				weights := flat[(i-start)*n : (i-start+1)*n]
				l := &maps[i].Layers[k]
				if slices.ContainsFunc(weights, func(w float32) bool { return math.IsNaN(float64(w)) }) {
					return fmt.Errorf("attention of image %d, layer %s: a weight is not a number: the training of this model "+
						"has diverged; train it with a smaller learning rate", i, l.Name)
				}
				l.Weights = weights
			}
		}
	}
	return nil
}

// finalize frees what is held outside of Go's memory.
func (r *attentionRunner) finalize() {
	r.exec.Finalize()
	for _, w := range r.weights {
		w.MustFinalizeAll()
	}
}
