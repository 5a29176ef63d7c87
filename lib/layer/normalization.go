package layer

import (
	"errors"
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"
)

// Normalization is Keras's over the last axis: (x − mean) / sqrt(variance), with numbers that are set beforehand and
// never trained. Mean and Variance hold one for each channel; without them, they are weights, which come from a file, and
// with them the number of images that they were measured on (Keras's adapt), which does not count in the result.
type Normalization struct {
	Mean, Variance []float64
}

func init() { register("Normalization", readNormalization) }

func (Normalization) Class() string { return "Normalization" }

func (o Normalization) Output(in [][]int) ([]int, error) {
	if len(in) != 1 || len(in[0]) == 0 {
		return nil, errors.New("needs one input with channels")
	}
	n := in[0][len(in[0])-1]
	if o.Mean != nil && len(o.Mean) != n || len(o.Mean) != len(o.Variance) {
		return nil, fmt.Errorf("it has %d means and %d variances: give one for each channel, or none", len(o.Mean),
			len(o.Variance))
	}
	return in[0], nil
}

func (o Normalization) Weights(in [][]int) []Weight {
	if o.Mean != nil {
		return nil
	}
	shape := in[0][len(in[0])-1:]
	return []Weight{
		{Name: "mean", Shape: shape, Init: ZerosInitializer, Statistic: true},
		{Name: "variance", Shape: shape, Init: OnesInitializer, Statistic: true},
		{Name: "count", Shape: []int{}, Init: ZerosInitializer, Statistic: true},
	}
}

func (o Normalization) Build(c *Call, in []*graph.Node) *graph.Node {
	x := in[0]
	var mean, variance *graph.Node
	if o.Mean != nil {
		mean, variance = channels(x, o.Mean), channels(x, o.Variance)
	} else {
		mean, variance = graph.ExpandLeftToRank(c.Weight(0), x.Rank()), graph.ExpandLeftToRank(c.Weight(1), x.Rank())
	}
	// 1e-7 is Keras's backend.epsilon().
	return graph.Div(graph.Sub(x, mean), graph.MaxScalar(graph.Sqrt(variance), 1e-7))
}

func (o Normalization) Config() (Settings, error) {
	s := Settings{"axis": -1, "invert": false, "mean": nil, "variance": nil}
	if o.Mean != nil {
		s["mean"], s["variance"] = o.Mean, o.Variance
	}
	return s, nil
}

func (Normalization) label([]int) Label { return Label{Text: "normalization", Minor: true} }

func readNormalization(f *Fields) Op {
	f.Only("invert", "false")
	f.Only("axis", "-1", "[-1]", "1", "[1]", "2", "[2]", "3", "[3]") // the last one: see check
	var o Normalization
	mean, _ := f.numbers("mean", []float64{})
	variance, _ := f.numbers("variance", []float64{})
	if len(mean) != len(variance) {
		f.Fail("mean is %s and variance is %s; known here is one number for each channel", Short(f.values["mean"]),
			Short(f.values["variance"]))
	}
	for _, v := range variance {
		if v < 0 || math.IsNaN(v) {
			f.Fail("variance is %s; it must not be negative", Short(f.values["variance"]))
		}
	}
	if len(mean) > 0 {
		o.Mean, o.Variance = mean, variance
	}
	return o
}

func (Normalization) check(in []int, f *Fields) { f.lastAxis(in) }
