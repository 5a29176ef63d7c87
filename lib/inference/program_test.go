package inference

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/layer"
)

const pixels = 32

// network is the smallest backbone, with weights that keep activations in range, and some rows for it.
func network(t testing.TB, rows int) (*backbone.Backbone, []float32) {
	t.Helper()
	base, err := backbone.MobileNetV2(backbone.Config{Alpha: 0.35, Input: pixels})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range base.Layers {
		for i, w := range l.W {
			base.Values[l.Name][i] = golden.Weight(l.Name, w.Name, w.Shape)
		}
	}
	return base, golden.Uniform("rows", rows*pixels*pixels*3, -1, 1)
}

func program(t testing.TB, base *backbone.Backbone) *Program {
	t.Helper()
	p, err := New(base.Layers, base.Values)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

func run(t testing.TB, p *Program, rows []float32) []float32 {
	t.Helper()
	out, err := p.Run(t.Context(), rows)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestRowsDoNotDependOnTheirBatch(t *testing.T) {
	base, rows := network(t, 41)
	p := program(t, base)
	if !slices.Equal(p.In(), []int{pixels, pixels, 3}) || !slices.Equal(p.Out(), []int{1, 1, 1280}) || p.Batch() <= 16 {
		t.Errorf("%v to %v in batches of %d", p.In(), p.Out(), p.Batch())
	}
	in, out := layer.Size(p.In()), layer.Size(p.Out())
	together := run(t, p, rows)
	for _, group := range []int{1, 7, 32, 40} {
		var apart []float32
		for part := range slices.Chunk(rows, group*in) {
			apart = append(apart, run(t, p, part)...)
		}
		if !slices.Equal(apart, together) {
			t.Errorf("in groups of %d, other values come out", group)
		}
	}
	for i := range 3 {
		one, err := p.One(t.Context(), rows[i*in:(i+1)*in])
		if err != nil {
			t.Fatal(err)
		}
		if d := golden.Relative(one, together[i*out:(i+1)*out]); d > 1e-5 || slices.Max(one) == 0 {
			t.Errorf("row %d alone differs by %g", i, d)
		}
	}
	if none := run(t, p, nil); len(none) != 0 {
		t.Errorf("no rows give %v", none)
	}
}

func TestManyGoroutinesGetTheSameAsOne(t *testing.T) {
	base, rows := network(t, 41)
	p := program(t, base)
	in, out := layer.Size(p.In()), layer.Size(p.Out())
	want := run(t, p, rows)
	var alone []float32
	fresh := program(t, base)
	for row := range slices.Chunk(rows, in) {
		one, err := p.One(t.Context(), row)
		if err != nil {
			t.Fatal(err)
		}
		alone = append(alone, one...)
	}
	var workers sync.WaitGroup
	for g := range 8 {
		workers.Go(func() {
			for k := range 4 {
				at := (5*g + 3*k) % 40
				n := min(1+(g+k)%3*16, 41-at)
				got, err := fresh.Run(t.Context(), rows[at*in:(at+n)*in]) // the first ones compile it
				if err != nil || !slices.Equal(got, want[at*out:(at+n)*out]) {
					t.Errorf("rows %d to %d differ: %v", at, at+n-1, err)
				}
				one, err := fresh.One(t.Context(), rows[at*in:(at+1)*in])
				if err != nil || !slices.Equal(one, alone[at*out:(at+1)*out]) {
					t.Errorf("row %d alone differs: %v", at, err)
				}
			}
		})
	}
	workers.Wait()
}

func TestCloseWaitsAndLaterCallsFail(t *testing.T) {
	base, rows := network(t, 320)
	p := program(t, base)
	want := run(t, p, rows)
	started := make(chan struct{})
	var calls sync.WaitGroup
	for range 4 {
		calls.Go(func() {
			started <- struct{}{}
			for {
				got, err := p.Run(t.Context(), rows)
				if errors.Is(err, ErrClosed) {
					return
				}
				if err != nil || !slices.Equal(got, want) {
					t.Errorf("while the program is closed: %v", err)
					return
				}
			}
		})
	}
	for range 4 {
		<-started
	}
	for range 2 {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
	calls.Wait()
	if _, err := p.One(t.Context(), rows[:layer.Size(p.In())]); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed program gives %v", err)
	}
}

func TestContextEndsBetweenBatches(t *testing.T) {
	base, rows := network(t, 320)
	p := program(t, base)
	run(t, p, rows[:layer.Size(p.In())])
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(5*time.Millisecond, cancel)
	many := slices.Repeat(rows, 20) // seconds of work
	if out, err := p.Run(ctx, many); !errors.Is(err, context.Canceled) || out != nil {
		t.Errorf("got %d values, %v", len(out), err)
	}
	if _, err := p.One(ctx, rows[:layer.Size(p.In())]); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestGraphWithOtherInputsAndOutputs(t *testing.T) {
	base, rows := network(t, 3)
	p, err := NewGraph(base.Layers, base.Values, Graph{
		In: [][]int{base.Layers[0].Shape, {}}, Out: [][]int{base.Layers.Output(), {}},
		Build: func(ls layer.List, env *layer.Env, in []*graph.Node) []*graph.Node {
			out := ls.Build(env, in[0])
			return []*graph.Node{out, graph.Mul(in[1], graph.ReduceMean(out, 1, 2, 3))}
		}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	want := run(t, program(t, base), rows)
	got, err := p.RunAll(t.Context(), rows, []float32{1, 2, 0})
	if err != nil || len(got) != 2 || !slices.Equal(got[0], want) {
		t.Fatalf("%d outputs, %v", len(got), err)
	}
	one, err := p.RunAll(t.Context(), rows[layer.Size(p.In()):2*layer.Size(p.In())], []float32{2})
	if err != nil || !slices.Equal(one[1], got[1][1:2]) || got[1][2] != 0 || got[1][1] == 0 {
		t.Errorf("%v and %v, %v", one[1], got[1], err)
	}
	if _, err := p.RunAll(t.Context(), rows, []float32{1}); err == nil || !strings.Contains(err.Error(), "as many rows") {
		t.Errorf("got %v", err)
	}
	if _, err := p.RunAll(t.Context(), rows); err == nil || !strings.Contains(err.Error(), "takes 2") {
		t.Errorf("got %v", err)
	}
}

func TestWrongUseIsRefused(t *testing.T) {
	base, rows := network(t, 2)
	p := program(t, base)
	if _, err := p.Run(t.Context(), rows[1:]); err == nil || !strings.Contains(err.Error(), "whole number of rows") {
		t.Errorf("got %v", err)
	}
	if _, err := p.One(t.Context(), rows); err == nil || !strings.Contains(err.Error(), "takes one row, not 2") {
		t.Errorf("got %v", err)
	}
	if _, err := New(nil, nil); err == nil {
		t.Error("a program without layers")
	}
	delete(base.Values, "block_3_expand")
	if _, err := New(base.Layers, base.Values); err == nil || !strings.Contains(err.Error(), "block_3_expand") {
		t.Errorf("got %v", err)
	}
}

func TestProgramKeepsItsWeights(t *testing.T) {
	base, rows := network(t, 2)
	p := program(t, base)
	want := run(t, p, rows)
	for _, values := range base.Values {
		for _, v := range values {
			clear(v)
		}
	}
	if !slices.Equal(run(t, p, rows), want) {
		t.Error("changing values changes a program")
	}
}

// A panic where a micro-batch is computed is an error of that call; its place is given back.
func TestPanicOfAWorkerIsAnError(t *testing.T) {
	base, rows := network(t, 1)
	p := program(t, base)
	broken := &engine{backend: p.many.backend, exec: p.many.exec} // without weights
	for range 2 * cap(p.slots.free) {
		_, err := p.run(t.Context(), 1, 1, [][]float32{rows}, func() (*engine, error) { return broken, nil })
		if err == nil || !strings.Contains(err.Error(), "index out of range") || !strings.Contains(err.Error(), "run.go") {
			t.Fatalf("%v", err)
		}
	}
	run(t, p, rows)
}
