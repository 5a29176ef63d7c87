package inference

import (
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/transfer-learning-go/defects/lib/layer"
)

// engine is a computation on a backend, with its weights on each device that is used, compiled for each number of rows when
// that is first computed.
type engine struct {
	backend    compute.Backend
	exec       *graph.Exec
	parameters []*layer.Parameters // of each device
}

// newEngine takes the parameters over.
func newEngine(backend compute.Backend, ls layer.List, g Graph, parameters []*layer.Parameters) (*engine, error) {
	e := &engine{backend: backend, parameters: parameters}
	for i, weights := range parameters {
		for _, w := range weights.Args() {
			// The first call would move them otherwise, and two at once may fail: GoMLX reads a tensor's place unlocked.
			if err := w.(*tensors.Tensor).ToDevice(backend, compute.DeviceNum(i)); err != nil {
				e.free()
				return nil, fmt.Errorf("inference: %w", err)
			}
		}
	}
	var err error
	e.exec, err = graph.NewExec(backend, func(nodes []*graph.Node) []*graph.Node {
		inputs := len(g.In)
		return g.Build(ls, parameters[0].Env(nodes[inputs:]), nodes[:inputs])
	})
	if err != nil {
		e.free()
		return nil, fmt.Errorf("inference: %w", err)
	}
	return e, nil
}

// free frees the weights.
func (e *engine) free() {
	for _, weights := range e.parameters {
		weights.Finalize()
	}
}

func (e *engine) finalize() {
	e.exec.Finalize()
	e.free()
}
