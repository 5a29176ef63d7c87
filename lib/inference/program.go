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

	"github.com/gomlx/gomlx/core/graph"

	"github.com/transfer-learning-go/defects/lib/device"
	"github.com/transfer-learning-go/defects/lib/layer"
)

// microBatchBytes bounds the largest activation of the micro-batches that are computed at a time by all threads. MobileNetV2
// is bound by memory, not by arithmetic: on two cores it runs 1.3 to 1.5 times as fast as in batches of 32 when an
// activation of about this size stays in cache (BenchmarkBatch).
const microBatchBytes = 10 << 20

// inFlight is how many micro-batches of one program a device computes at a time where XLA spreads one over all cores; other
// calls wait. 1, 2 and 4 at a time are then equally fast. With 2, copying overlaps with computing.
const inFlight = 2

// ErrClosed is what calls of a closed Program give.
var ErrClosed = errors.New("inference: the program is closed")

// Program is a compiled list of layers. It does not change: weights that are trained further do not reach it. All
// methods may be called from several goroutines at once.
//
// It holds its weights and a graph for micro-batches, and both again for single rows once One was called, in memory outside
// of Go's, which Close frees. While it computes, it holds the activations of at most two micro-batches, of which the
// largest takes about 10 MB, or of one per thread, however many goroutines call it. All this on each device that is used
// (device.Use): they compute micro-batches by the same graph, so that results do not depend on their number.
type Program struct {
	many    *engine // of micro-batches
	shape   Graph
	batch   int
	callers int    // so many micro-batches of one Run are computed at a time on each device
	slots   *slots // of all runs

	making sync.Mutex
	single *engine                 // of single rows, once there was one
	alone  func() (*engine, error) // makes it

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
	backend, callers := d.Backend, 1
	if ls.Depthwise() {
		if backend, callers, err = d.ByCallers(); err != nil {
			return nil, err
		}
	}
	used := d.Used()
	p := &Program{shape: g, callers: callers, slots: newSlots(used, max(inFlight, callers))}
	// A power of two divides a batch of 32 without a rest that would have to be filled up.
	p.batch = 1 << (bits.Len(uint(max(1, min(32, microBatchBytes/largest)/callers))) - 1)
	weights := []*layer.Parameters{ls.Parameters(v)}
	for range used - 1 {
		weights = append(weights, ls.Parameters(v))
	}
	p.many, err = newEngine(backend, ls, g, weights)
	if err != nil {
		return nil, err
	}
	p.alone = func() (*engine, error) {
		if backend == d.Backend {
			return p.many, nil
		}
		weights, err := p.many.parameters[0].Clone()
		if err != nil {
			return nil, fmt.Errorf("inference: %w", err)
		}
		return newEngine(d.Backend, ls, g, []*layer.Parameters{weights})
	}
	return p, nil
}

// engineOfOne is the engine of single rows.
func (p *Program) engineOfOne() (e *engine, err error) {
	p.making.Lock()
	defer p.making.Unlock()
	if p.single == nil {
		p.single, err = p.alone()
	}
	return p.single, err
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

// Batch is the number of rows that Run computes at a time, up to 32 or the number of threads. It is fastest for multiples
// of it.
func (p *Program) Batch() int { return p.batch * p.callers }

// Devices is how many devices compute micro-batches. Run uses all of them if it is given as many micro-batches.
func (p *Program) Devices() int { return len(p.many.parameters) }

// Close waits for calls that are running and frees what the program holds. Later calls give ErrClosed. A second Close
// does nothing.
func (p *Program) Close() error {
	p.use.Lock()
	defer p.use.Unlock()
	if p.closed {
		return nil
	}
	p.closed = true
	p.many.finalize()
	if p.single != nil && p.single != p.many {
		p.single.finalize()
	}
	return nil
}
