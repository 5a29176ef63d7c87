package classifier

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/transfer-learning-go/defects/lib/device"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/layer"
)

// calibrationImages are enough for means and variances, which every place of an image adds to.
const calibrationImages = 32

// Calibrate sets the moving statistics of every batch normalization of the base to the mean and variance that it sees
// on up to 32 of the images, in an order that the seed gives. A base with random weights needs it: with the
// statistics that Keras starts from (0 and 1) its activations shrink from block to block, and a head finds nothing to
// learn from. It is the first pass of a training in training mode, with momentum 0 (data-dependent initialization:
// Krähenbühl et al., 2016). A base that has learned must not be calibrated; one without batch normalization, a Vision
// Transformer, has nothing to calibrate and is left as it is.
func (m *Model) Calibrate(ctx context.Context, s images.Source) error {
	if s.Len() == 0 {
		return errors.New("calibrating on no images: give at least one")
	}
	list, norms := m.calibrated()
	if len(norms) == 0 {
		return nil
	}
	some := images.Order(s.Len(), m.Seed, 0)
	some = some[:min(calibrationImages, len(some))]
	pixels, err := images.Shaped(decoded(s, m.Decoder), some, m.Layers[0].Shape)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	d, err := device.Open()
	if err != nil {
		return err
	}
	parameters := list.Parameters(m.Values)
	defer parameters.Finalize()
	exec, err := graph.NewExec(d.Backend, func(in []*graph.Node) []*graph.Node {
		moved := map[*layer.Layer]map[int]*graph.Node{}
		env := parameters.Env(in[1:])
		env.Training = true
		env.Update = func(l *layer.Layer, i int, value *graph.Node) {
			if moved[l] == nil {
				moved[l] = map[int]*graph.Node{}
			}
			moved[l][i] = value
		}
		env.Uniform = func(g *graph.Graph, shape shapes.Shape) *graph.Node { panic("a base in inference mode has no dropout") }
		list.Build(env, in[0])
		var out []*graph.Node
		for _, l := range norms {
			for i := range statistics(l) {
				out = append(out, moved[l][i])
			}
		}
		return out
	})
	if err != nil {
		return err
	}
	defer exec.Finalize()
	x := tensors.FromFlatDataAndDimensions(pixels, append([]int{len(some)}, m.Layers[0].Shape...)...)
	defer x.MustFinalizeAll()
	out, err := exec.Call(append([]any{x}, parameters.Args()...)...)
	if err != nil {
		return fmt.Errorf("calibrating: %w", err)
	}
	for _, l := range norms {
		values := slices.Clone(m.Values[l.Name])
		for i := range statistics(l) {
			if values[i], err = tensors.CopyFlatData[float32](out[0]); err != nil {
				return err
			}
			out = out[1:]
		}
		m.Values[l.Name] = values
	}
	m.forget()
	return nil
}

// statistics gives the positions of a layer's moving statistics among its weights.
func statistics(l *layer.Layer) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i, w := range l.W {
			if w.Statistic && !yield(i) {
				return
			}
		}
	}
}

// calibrated gives the layers up to the end of the base, in inference mode but for their batch normalizations, and
// these.
func (m *Model) calibrated() (list, norms layer.List) {
	for i, l := range m.Layers[:m.baseEnd].Clone() {
		norm, ok := l.Op.(layer.BatchNormalization)
		if l.Inference = !ok || i < m.baseStart; !l.Inference {
			norm.Momentum = 1e-30 // 0 would be Keras's default
			l.Op, l.Frozen = norm, false
			norms = append(norms, l)
		}
		list = append(list, l)
	}
	return list, norms
}
