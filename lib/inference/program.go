// Package inference runs layers: a Program is a list of them, compiled once, that any number of goroutines may use.
//
// A program computes in inference mode, with batch normalization folded in (layer.List.Fold), a micro-batch at a time.
// Micro-batches have one size and the last is filled up, so that the result for a row does not depend on the rows that
// it is computed with, bit by bit.
package inference

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"sync"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/transfer-learning-go/defects/lib/device"
	"github.com/transfer-learning-go/defects/lib/layer"
)

// microBatchBytes bounds the largest activation of one call. MobileNetV2 is bound by memory, not by arithmetic: on
// two cores it runs 1.3 to 1.5 times as fast as in batches of 32 when an activation of about this size stays in cache
// (BenchmarkBatch).
const microBatchBytes = 10 << 20

// inFlight is how many micro-batches of one program are computed at a time; other calls wait. XLA spreads one over all
// cores: on two, 1, 2 and 4 at a time are equally fast (BenchmarkCalls). With 2, copying overlaps with computing.
const inFlight = 2

// ErrClosed is what calls of a closed Program give.
var ErrClosed = errors.New("inference: the program is closed")

// Program is a compiled list of layers. It does not change: weights that are trained further do not reach it. All
// methods may be called from several goroutines at once.
//
// It holds its weights and one graph for micro-batches, another for single rows once One was called, in memory outside
// of Go's, which Close frees. While it computes, it holds the activations of at most two micro-batches, of which the
// largest takes about 10 MB, however many goroutines call it.
type Program struct {
	exec       *graph.Exec
	parameters *layer.Parameters
	weights    []any // the parameters' tensors
	shape      Graph
	batch      int
	slots      chan struct{}

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
		outputs += 4 * size(shape)
	}
	largest := outputs
	for _, l := range ls {
		largest = max(largest, 4*size(l.Shape))
	}
	p := &Program{parameters: ls.Parameters(v), shape: g, slots: make(chan struct{}, inFlight)}
	p.weights = p.parameters.Args()
	for _, w := range p.weights {
		// The first call would move them otherwise, and two at once may fail: GoMLX reads a tensor's place unlocked.
		if err := w.(*tensors.Tensor).ToDevice(d.Backend, 0); err != nil {
			p.parameters.Finalize()
			return nil, fmt.Errorf("inference: %w", err)
		}
	}
	// A power of two divides a batch of 32 without a rest that would have to be filled up.
	p.batch = 1 << (bits.Len(uint(min(32, max(1, microBatchBytes/largest)))) - 1)
	p.exec, err = graph.NewExec(d.Backend, func(nodes []*graph.Node) []*graph.Node {
		inputs := len(g.In)
		return g.Build(ls, p.parameters.Env(nodes[inputs:]), nodes[:inputs])
	})
	if err != nil {
		p.parameters.Finalize()
		return nil, fmt.Errorf("inference: %w", err)
	}
	return p, nil
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

// Run computes any number of rows, [n, in…] → [n, out…]. Rows that are no whole number and a closed program are errors.
// When ctx ends, Run does so after the micro-batch that is being computed, with ctx's error.
func (p *Program) Run(ctx context.Context, rows []float32) ([]float32, error) {
	out, err := p.RunAll(ctx, rows)
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

// RunAll is Run with all inputs and outputs of a Graph.
func (p *Program) RunAll(ctx context.Context, inputs ...[]float32) ([][]float32, error) {
	n, err := p.count(inputs)
	if err != nil {
		return nil, err
	}
	return p.run(ctx, n, p.batch, inputs)
}

// One computes a single row, [in…] → [out…], with a graph of its own: a program for batches would compute rows that
// nobody wants. It takes 1.0 to 1.3 times as long as a row in the best batch (MobileNetV2 and ResNet50V2 on two cores,
// BenchmarkBatch). The result is that of Run up to rounding, about 1e-6 relative.
func (p *Program) One(ctx context.Context, row []float32) ([]float32, error) {
	out, err := p.OneAll(ctx, row)
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

// OneAll is One with all inputs and outputs of a Graph.
func (p *Program) OneAll(ctx context.Context, inputs ...[]float32) ([][]float32, error) {
	n, err := p.count(inputs)
	if err != nil {
		return nil, err
	}
	if n != 1 {
		return nil, fmt.Errorf("inference: One takes one row, not %d", n)
	}
	return p.run(ctx, 1, 1, inputs)
}

// count is the number of rows.
func (p *Program) count(inputs [][]float32) (int, error) {
	if len(inputs) != len(p.shape.In) {
		return 0, fmt.Errorf("inference: %d inputs, the program takes %d", len(inputs), len(p.shape.In))
	}
	n := len(inputs[0]) / size(p.shape.In[0])
	for i, rows := range inputs {
		if each := size(p.shape.In[i]); len(rows)%each != 0 || len(rows)/each != n {
			return 0, fmt.Errorf("inference: %d values are no whole number of rows of shape %v, or not as many rows as "+
				"the other inputs have", len(rows), p.shape.In[i])
		}
	}
	return n, nil
}

func (p *Program) run(ctx context.Context, n, batch int, inputs [][]float32) ([][]float32, error) {
	p.use.RLock()
	defer p.use.RUnlock()
	results := make([][]float32, len(p.shape.Out))
	for i, shape := range p.shape.Out {
		results[i] = make([]float32, n*size(shape))
	}
	for start := 0; start < n; start += batch {
		if p.closed {
			return nil, ErrClosed
		}
		if err := p.wait(ctx); err != nil {
			return nil, err
		}
		err := p.compute(inputs, results, start, batch)
		<-p.slots
		if err != nil {
			return nil, fmt.Errorf("computing rows %d to %d: %w", start, min(start+batch, n)-1, err)
		}
	}
	return results, nil
}

// wait takes one of the slots for a computation.
func (p *Program) wait(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// compute fills in the results of one micro-batch.
func (p *Program) compute(inputs, results [][]float32, start, batch int) error {
	var args []any
	for i, shape := range p.shape.In {
		each := size(shape)
		rows := inputs[i][start*each : min(len(inputs[i]), (start+batch)*each)]
		if missing := batch*each - len(rows); missing > 0 { // one compiled shape serves all: fill up, then drop
			rows = append(slices.Clone(rows), make([]float32, missing)...)
		}
		t := tensors.FromFlatDataAndDimensions(rows, append([]int{batch}, shape...)...)
		defer t.MustFinalizeAll()
		args = append(args, t)
	}
	out, err := p.exec.Call(append(args, p.weights...)...)
	if err != nil {
		return err
	}
	for i, t := range out {
		to := results[i][start*size(p.shape.Out[i]):]
		err = errors.Join(err, tensors.ConstFlatData(t, func(flat []float32) { copy(to, flat) }))
		t.MustFinalizeAll()
	}
	return err
}

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
	p.parameters.Finalize()
	return nil
}

func size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}
