package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/transfer-learning-go/defects/lib/device"
	"github.com/transfer-learning-go/defects/lib/layer"
)

// limits are what XLA reaches on this machine, a sample for each time they were looked at.
type limits struct {
	Arithmetic []float64 `json:"arithmetic"` // GFLOP/s, of a product of large matrices
	Memory     []float64 `json:"memory"`     // GB/s, read and written, of an addition to each of many values
}

// measureLimits is our side's program that looks at them: the fastest of a second's repetitions each.
func measureLimits(w io.Writer) error {
	const n, many = 2048, 1 << 25
	d, err := device.Open()
	if err != nil {
		return err
	}
	var l limits
	for _, m := range []struct {
		samples *[]float64
		work    float64
		shape   []int
		build   func(x *graph.Node) *graph.Node
	}{
		{&l.Arithmetic, 2e-9 * n * n * n, []int{n, n}, func(x *graph.Node) *graph.Node { return graph.Dot(x, x).Product() }},
		{&l.Memory, 2e-9 * 4 * many, []int{many}, func(x *graph.Node) *graph.Node { return graph.AddScalar(x, 1) }},
	} {
		exec, err := graph.NewExec(d.Backend, m.build)
		if err != nil {
			return err
		}
		x := tensors.FromFlatDataAndDimensions(make([]float32, layer.Size(m.shape)), m.shape...)
		least := math.Inf(1)
		for began := time.Now(); time.Since(began) < time.Second; { // the first one compiles, too
			start := time.Now()
			out, err := exec.Call(x)
			if err != nil {
				return err
			}
			least = min(least, time.Since(start).Seconds())
			out[0].MustFinalizeAll()
		}
		*m.samples = append(*m.samples, m.work/least)
		x.MustFinalizeAll()
		exec.Finalize()
	}
	return json.NewEncoder(w).Encode(l)
}

// lookAtLimits takes a sample of them, as often as the machine may have changed.
func (b *bench) lookAtLimits() error {
	b.step("what the machine can do")
	f, err := program(b.command(b.binary, "ours", "limits"))
	if err != nil {
		return err
	}
	var l limits
	if err := json.Unmarshal(f.stdout, &l); err != nil {
		return err
	}
	b.limits.Arithmetic = append(b.limits.Arithmetic, l.Arithmetic...)
	b.limits.Memory = append(b.limits.Memory, l.Memory...)
	return nil
}

func (l limits) String() string {
	return fmt.Sprintf("In XLA, a product of large matrices reaches %s GFLOP/s, a pass over memory %s GB/s.",
		cell(l.Arithmetic), cell(l.Memory))
}

// shares are how much of the limits our side of a row reaches, as text: "" where its work is not counted.
func (l limits) shares(r *row) (arithmetic, memory string) {
	ours := median(r.samples[oursSide])
	if r.work == (work{}) || ours == 0 || len(l.Arithmetic) == 0 {
		return "", ""
	}
	perSecond := ours
	if r.lower {
		perSecond = 1 / ours
	}
	percent := func(amount float64, limit []float64) string {
		return figures(100*amount*perSecond/1e9/median(limit)) + " %"
	}
	return percent(r.work.flop, l.Arithmetic), percent(r.work.bytes, l.Memory)
}
