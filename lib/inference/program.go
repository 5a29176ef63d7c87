// Package inference runs layers: a Program is a list of them, compiled once, that any number of goroutines may use.
//
// A program computes in inference mode, with batch normalization folded in (layer.List.Fold), a micro-batch at a time.
// Micro-batches have one size and the last is filled up, so that the result for a row does not depend on the rows that
// it is computed with, bit by bit.
package inference

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/transfer-learning-go/defects/lib/device"
	"github.com/transfer-learning-go/defects/lib/layer"
)

// microBatchBytes bounds the largest activation of one call. MobileNetV2 is bound by memory, not by arithmetic: on
// two cores it runs 1.3 to 1.5 times as fast as in batches of 32 when an activation of about this size stays in cache
// (BenchmarkBatch).
const microBatchBytes = 10 << 20

// inFlight is how many micro-batches of one program a device computes at a time; other calls wait. XLA spreads one over
// all cores: on two, 1, 2 and 4 at a time are equally fast (BenchmarkCalls). With 2, copying overlaps with computing.
const inFlight = 2

// ErrClosed is what calls of a closed Program give.
var ErrClosed = errors.New("inference: the program is closed")

// Program is a compiled list of layers. It does not change: weights that are trained further do not reach it. All
// methods may be called from several goroutines at once.
//
// It holds its weights and one graph for micro-batches, another for single rows once One was called, in memory outside
// of Go's, which Close frees. While it computes, it holds the activations of at most two micro-batches, of which the
// largest takes about 10 MB, however many goroutines call it. All this on each device that is used (device.Use): they
// compute micro-batches by the same graph, so that results do not depend on their number.
type Program struct {
	exec       *graph.Exec
	parameters []*layer.Parameters // of each device
	shape      Graph
	batch      int
	slots      *slots

	use    sync.RWMutex // read while computing
	closed bool
}

// Graph is a computation of rows, where a list's own output is not what is wanted: gradients, or values inside the list.
// It treats each row by itself: what it gives for one must not depend on the others of the batch.
type Graph struct {
	In, Out [][]int // the shapes of one row of each input and output
	// Build adds the computation to a graph. ls is the list, folded; env has its weights; in holds [batch, In[i]…]
	// float32 each, and what is returned [batch, Out[i]…] float32 each.
	Build func(ls layer.List, env *layer.Env, in []*graph.Node) []*graph.Node
}

// New compiles a list with its values: [in…] → [out…] for each row.
func New(ls layer.List, v layer.Values) (*Program, error) {
	if len(ls) == 0 {
		return nil, errors.New("inference: a program needs layers")
	}
	return NewGraph(ls, v, Graph{In: [][]int{ls[0].Shape}, Out: [][]int{ls.Output()},
		Build: func(ls layer.List, env *layer.Env, in []*graph.Node) []*graph.Node {
			return []*graph.Node{ls.Build(env, in[0])}
		}})
}

// NewGraph compiles another computation with the weights of a list, such as the attention weights inside of it or a
// gradient.
func NewGraph(ls layer.List, v layer.Values, g Graph) (*Program, error) {
	d, err := device.Open()
	if err != nil {
		return nil, err
	}
	if err := complete(ls, v); err != nil {
		return nil, err
	}
	ls, v = ls.Fold(v)
	outputs := 1 // bytes of the activations that one row gives
	for _, shape := range g.Out {
		outputs += 4 * layer.Size(shape)
	}
	largest := outputs
	for _, l := range ls {
		largest = max(largest, 4*layer.Size(l.Shape))
	}
	p := &Program{shape: g, slots: newSlots(d.Used())}
	for i := range d.Used() {
		weights := ls.Parameters(v)
		p.parameters = append(p.parameters, weights)
		for _, w := range weights.Args() {
			// The first call would move them otherwise, and two at once may fail: GoMLX reads a tensor's place unlocked.
			if err := w.(*tensors.Tensor).ToDevice(d.Backend, compute.DeviceNum(i)); err != nil {
				p.free()
				return nil, fmt.Errorf("inference: %w", err)
			}
		}
	}
	// A power of two divides a batch of 32 without a rest that would have to be filled up.
	p.batch = 1 << (bits.Len(uint(min(32, max(1, microBatchBytes/largest)))) - 1)
	p.exec, err = graph.NewExec(d.Backend, func(nodes []*graph.Node) []*graph.Node {
		inputs := len(g.In)
		return g.Build(ls, p.parameters[0].Env(nodes[inputs:]), nodes[:inputs])
	})
	if err != nil {
		p.free()
		return nil, fmt.Errorf("inference: %w", err)
	}
	return p, nil
}

// free frees the weights.
func (p *Program) free() {
	for _, weights := range p.parameters {
		weights.Finalize()
	}
}

// complete reports a layer whose weights have no values of their size.
func complete(ls layer.List, v layer.Values) error {
	for _, l := range ls {
		for i, w := range l.W {
			if len(v[l.Name]) != len(l.W) || len(v[l.Name][i]) != w.Size() {
				return fmt.Errorf("inference: layer %s has no values for its weight %s %v", l.Name, w.Name, w.Shape)
			}
		}
	}
	return nil
}

// In is the shape of one row of the first input.
func (p *Program) In() []int { return slices.Clone(p.shape.In[0]) }

// Out is the shape of one row of the first output.
func (p *Program) Out() []int { return slices.Clone(p.shape.Out[0]) }

// Batch is the number of rows of a micro-batch, a power of two up to 32. Run is fastest for multiples of it.
func (p *Program) Batch() int { return p.batch }

// Devices is how many devices compute micro-batches. Run uses all of them if it is given as many micro-batches.
func (p *Program) Devices() int { return len(p.parameters) }

// Close waits for calls that are running and frees what the program holds. Later calls give ErrClosed. A second Close
// does nothing.
func (p *Program) Close() error {
	p.use.Lock()
	defer p.use.Unlock()
	if p.closed {
		return nil
	}
	p.closed = true
	p.exec.Finalize()
	p.free()
	return nil
}
