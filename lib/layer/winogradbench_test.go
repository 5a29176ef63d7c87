//go:build unix

package layer

import (
	"fmt"
	"syscall"
	"testing"
	clock "time"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// BenchmarkWinograd compares 3×3 convolutions of ResNet50V2 at 200×200 pixels as XLA has them with winograd, and with
// nine matrix products on shifted views. "folded" has a transformed kernel, as in inference.
//
// The ways take turns, since other programs may disturb one of them. Of each the best run is reported, and the
// processor time of all its runs, both in GFLOP/s of the direct algorithm on two cores.
func BenchmarkWinograd(b *testing.B) {
	padding := [4]int{1, 1, 1, 1}
	for _, s := range []struct{ size, channels, batch int }{
		{50, 64, 4}, {25, 128, 4}, {13, 256, 4}, {7, 512, 4}, {25, 128, 32}, {13, 256, 32}, {7, 512, 32},
	} {
		flops := 18 * float64(s.size*s.size*s.channels*s.channels*s.batch)
		inputs := []*tensors.Tensor{
			uniform("x", s.batch, s.size, s.size, s.channels), uniform("kernel", 3, 3, s.channels, s.channels),
			uniform("folded", 16, s.channels, s.channels), uniform("gradient", s.batch, s.size, s.size, s.channels),
		}
		ways := map[string]func(in []*graph.Node) *graph.Node{
			"native":   func(in []*graph.Node) *graph.Node { return direct(in[0], in[1], padding) },
			"winograd": func(in []*graph.Node) *graph.Node { return winograd(in[0], in[1], padding) },
			"folded":   func(in []*graph.Node) *graph.Node { return winograd(in[0], in[2], padding) },
			"shifted":  func(in []*graph.Node) *graph.Node { return shiftedProducts(pad(in[0], padding), in[1]) },
		}
		for i, what := range []string{"gradient-of-input", "gradient-of-kernel", "forward"} {
			b.Run(fmt.Sprintf("%dx%dx%d/batch=%d/%s", s.size, s.size, s.channels, s.batch, what), func(b *testing.B) {
				execs := map[string]*graph.Exec{}
				for name, way := range ways {
					if what != "forward" && name == "folded" {
						continue
					}
					execs[name] = compile(b, func(in []*graph.Node) []*graph.Node {
						if what == "forward" {
							return []*graph.Node{way(in)}
						}
						return graph.Gradient(graph.ReduceAllSum(graph.Mul(way(in), in[3])), in[i])
					}, inputs)
				}
				best, cpu := map[string]float64{}, map[string]float64{}
				for b.Loop() {
					for name, exec := range execs {
						start, startCPU := clock.Now(), processorTime(b)
						call(b, exec, inputs)
						best[name] = max(best[name], flops/clock.Since(start).Seconds())
						cpu[name] += processorTime(b) - startCPU
					}
				}
				for name := range execs {
					b.ReportMetric(best[name]/1e9, name+"-best")
					b.ReportMetric(2*flops*float64(b.N)/cpu[name]/1e9, name+"-cpu")
				}
			})
		}
	}
}

// shiftedProducts is a 3×3 convolution of stride 1 without padding as nine matrix products.
func shiftedProducts(x, kernel *graph.Node) *graph.Node {
	d, k := x.Shape().Dimensions, kernel.Shape().Dimensions
	var sum *graph.Node
	for i := range 3 {
		for j := range 3 {
			view := graph.Slice(x, graph.AxisRange(), graph.AxisRange(i, i+d[1]-2), graph.AxisRange(j, j+d[2]-2), graph.AxisRange())
			tap := graph.Reshape(graph.Slice(kernel, graph.AxisElem(i), graph.AxisElem(j)), 1, 1, k[2], k[3])
			if product := pointwise(view, tap); sum == nil {
				sum = product
			} else {
				sum = graph.Add(sum, product)
			}
		}
	}
	return sum
}

// processorTime is what this process has used so far, s.
func processorTime(b testing.TB) float64 {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}
