package classifier

import (
	"fmt"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/transfer-learning-go/defects/lib/device"
	"github.com/transfer-learning-go/defects/lib/layer"
)

// Calibrate sets the moving statistics of every batch normalization of the base to the mean and variance that it sees
// on pixels [n, ImageSize, ImageSize, 3] of 0…255, 32 images or so. A base with random weights needs it: with the
// statistics that Keras starts from (0 and 1) its activations shrink from block to block, and a head finds nothing to
// learn from. It is the first pass of a training in training mode, with momentum 0 (data-dependent initialization:
// Krähenbühl et al., 2016). A base that has learned must not be calibrated; one without batch normalization, a Vision
// Transformer, has nothing to calibrate and is left as it is.
func (m *Model) Calibrate(pixels []float32) error {
	n := len(pixels) / elements(m.Layers[0].Shape)
	if n == 0 || len(pixels)%elements(m.Layers[0].Shape) != 0 {
		return fmt.Errorf("calibrating on %d values: give whole images of shape %v, at least one", len(pixels),
			m.Layers[0].Shape)
	}
	var list layer.List
	var norms []*layer.Layer
	for _, original := range m.Layers[:m.baseEnd] {
		l := *original
		if norm, ok := l.Op.(layer.BatchNormalization); ok {
			norm.Momentum = 1e-30 // 0 would be Keras's default
			l.Op, l.Frozen, l.Inference = norm, false, false
			norms = append(norms, original)
		}
		list = append(list, &l)
	}
	if len(norms) == 0 {
		return nil
	}
	d, err := device.Open()
	if err != nil {
		return err
	}
	exec, err := graph.NewExec(d.Backend, func(in []*graph.Node) []*graph.Node {
		at, next := map[string]int{}, 1
		for _, l := range list {
			at[l.Name] = next
			next += len(l.W)
		}
		moved := map[string][2]*graph.Node{}
		list.Build(&layer.Env{
			Training: true,
			Weight:   func(l *layer.Layer, i int) *graph.Node { return in[at[l.Name]+i] },
			Update: func(l *layer.Layer, i int, value *graph.Node) {
				pair := moved[l.Name]
				pair[i-2] = value
				moved[l.Name] = pair
			},
			Uniform: func(g *graph.Graph, shape shapes.Shape) *graph.Node { panic("a base has no dropout") },
		}, in[0])
		var out []*graph.Node
		for _, l := range norms {
			out = append(out, moved[l.Name][0], moved[l.Name][1])
		}
		return out
	})
	if err != nil {
		return err
	}
	defer exec.Finalize()
	args := []any{tensors.FromFlatDataAndDimensions(pixels, append([]int{n}, m.Layers[0].Shape...)...)}
	for _, l := range list {
		for i, w := range l.W {
			args = append(args, tensors.FromFlatDataAndDimensions(m.Values[l.Name][i], w.Shape...))
		}
	}
	out, err := exec.Call(args...)
	if err != nil {
		return fmt.Errorf("calibrating: %w", err)
	}
	for i, l := range norms {
		values := append([][]float32{}, m.Values[l.Name]...)
		for j := range 2 {
			if values[2+j], err = tensors.CopyFlatData[float32](out[2*i+j]); err != nil {
				return err
			}
		}
		m.Values[l.Name] = values
	}
	m.compiled = compiled{}
	return nil
}
