package inference

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/transfer-learning-go/defects/lib/layer"
)

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
	return p.run(ctx, n, p.batch, inputs, func() (*engine, error) { return p.many, nil })
}

// One computes a single row, [in…] → [out…], with a graph of its own that uses all threads: a program for batches would
// compute rows that nobody wants, or leave threads idle. The result is that of Run up to rounding, about 1e-6 relative.
func (p *Program) One(ctx context.Context, row []float32) ([]float32, error) {
	inputs := [][]float32{row}
	n, err := p.count(inputs)
	if err != nil {
		return nil, err
	}
	if n != 1 {
		return nil, fmt.Errorf("inference: One takes one row, not %d", n)
	}
	out, err := p.run(ctx, 1, 1, inputs, p.engineOfOne)
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

// count is the number of rows.
func (p *Program) count(inputs [][]float32) (int, error) {
	if len(inputs) != len(p.shape.In) {
		return 0, fmt.Errorf("inference: %d inputs, the program takes %d", len(inputs), len(p.shape.In))
	}
	n := len(inputs[0]) / layer.Size(p.shape.In[0])
	for i, rows := range inputs {
		if each := layer.Size(p.shape.In[i]); len(rows)%each != 0 || len(rows)/each != n {
			return 0, fmt.Errorf("inference: %d values are no whole number of rows of shape %v, or not as many rows as "+
				"the other inputs have", len(rows), p.shape.In[i])
		}
	}
	return n, nil
}

func (p *Program) run(ctx context.Context, n, batch int, inputs [][]float32, on func() (*engine, error)) ([][]float32, error) {
	p.use.RLock()
	defer p.use.RUnlock()
	if p.closed && n > 0 {
		return nil, ErrClosed
	}
	e, err := on()
	if err != nil {
		return nil, err
	}
	results := make([][]float32, len(p.shape.Out))
	for i, shape := range p.shape.Out {
		results[i] = make([]float32, n*layer.Size(shape))
	}
	var next atomic.Int64
	work := func() (err error) {
		defer func() { // a panic would end the program here
			if r := recover(); r != nil {
				err = fmt.Errorf("inference: %v\n%s", r, debug.Stack())
			}
		}()
		for {
			start := (int(next.Add(1)) - 1) * batch
			if start >= n {
				return nil
			}
			if err := p.microBatch(ctx, e, inputs, results, start, batch); err != nil {
				return err
			}
		}
	}
	errs := make([]error, min(p.callers*p.Devices(), (n+batch-1)/batch))
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			if errs[i] = work(); errs[i] != nil {
				next.Store(int64(n)) // the others end after what they compute
			}
		})
	}
	all.Wait()
	if err := cmp.Or(errs...); err != nil {
		return nil, err
	}
	return results, nil
}

// microBatch waits for a place and computes there.
func (p *Program) microBatch(ctx context.Context, e *engine, inputs, results [][]float32, start, batch int) error {
	on, err := p.slots.take(ctx)
	if err != nil {
		return err
	}
	defer p.slots.give(on)
	if err := p.compute(e, on, inputs, results, start, batch); err != nil {
		return fmt.Errorf("computing rows from %d on: %w", start, err)
	}
	return nil
}

// compute fills in the results of one micro-batch by an engine.
func (p *Program) compute(e *engine, on int, inputs, results [][]float32, start, batch int) error {
	var args []any
	for i, shape := range p.shape.In {
		each := layer.Size(shape)
		rows := inputs[i][start*each : min(len(inputs[i]), (start+batch)*each)]
		t, err := tensors.FromShapeForBackend(e.backend, compute.DeviceNum(on), shapes.Make(dtypes.Float32, append([]int{batch}, shape...)...))
		if err != nil {
			return err
		}
		defer t.MustFinalizeAll()
		// It is full of zeros. One compiled shape serves all: those that are left over stand for rows, and are dropped.
		if err := tensors.MutableFlatData(t, func(flat []float32) { copy(flat, rows) }); err != nil {
			return err
		}
		args = append(args, t)
	}
	// CallOnDevice takes no notice of the device (GoMLX 0.28.6).
	out, _, err := e.exec.CallWithGraphOnDevice(compute.DeviceNum(on), append(args, e.parameters[on].Args()...)...)
	if err != nil {
		return err
	}
	for i, t := range out {
		to := results[i][start*layer.Size(p.shape.Out[i]):]
		err = errors.Join(err, tensors.ConstFlatData(t, func(flat []float32) { copy(to, flat) }))
		t.MustFinalizeAll()
	}
	return err
}
