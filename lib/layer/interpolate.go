package layer

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"
)

// GeneralResizing is Keras's Resizing with "nearest" or "bicubic" interpolation: half-pixel centres, no antialiasing, as
// tf.image.resize.
type GeneralResizing struct {
	weightless
	Height, Width int
	Interpolation string
}

// resizing is the layer for an interpolation.
func resizing(height, width int, interpolation string) Op {
	if samplings[interpolation] == nil {
		return Resizing{Height: height, Width: width}
	}
	return GeneralResizing{Height: height, Width: width, Interpolation: interpolation}
}

func (GeneralResizing) Class() string { return "Resizing" }

func (o GeneralResizing) Output(in [][]int) ([]int, error) {
	if samplings[o.Interpolation] == nil {
		return nil, fmt.Errorf("interpolation %q: use nearest or bicubic, or Resizing for bilinear", o.Interpolation)
	}
	return Resizing{Height: o.Height, Width: o.Width}.Output(in)
}

func (o GeneralResizing) Build(_ *Call, in []*graph.Node) *graph.Node {
	x, sampling := in[0], samplings[o.Interpolation]
	if d := x.Shape().Dimensions; d[1] != o.Height || d[2] != o.Width {
		x = sampleAxis(sampleAxis(x, 1, sampling(d[1], o.Height)), 2, sampling(d[2], o.Width))
	}
	return x
}

func (o GeneralResizing) Config() (Settings, error) {
	s, err := Resizing{Height: o.Height, Width: o.Width}.Config()
	s["interpolation"] = o.Interpolation
	return s, err
}

func (o GeneralResizing) label(out []int) Label {
	return Resizing{Height: o.Height, Width: o.Width}.label(out)
}

// sample says which pixels of an axis make one pixel of the resized axis, and how much each counts.
type sample struct {
	at     []int32
	weight []float32
}

// samplings give the samples of an axis of n pixels that is resized, by the name that Keras has for the interpolation.
// All put the centres of pixels at half-integers and count in float32, as TensorFlow does.
var samplings = map[string]func(n, size int) []sample{"nearest": nearest, "bicubic": bicubic}

func nearest(n, size int) []sample {
	samples := make([]sample, size)
	scale := float32(n) / float32(size)
	for i := range samples {
		at := int32(math.Floor(float64(float32((float32(i) + 0.5) * scale))))
		samples[i] = sample{at: []int32{min(at, int32(n-1))}, weight: []float32{1}}
	}
	return samples
}

// bicubic takes four pixels by the kernel of Keys (1981) with a = −1/2. Distances are rounded to 1/1024, as TensorFlow does
// it. Pixels outside of the image do not count, and the others count for them.
func bicubic(n, size int) []sample {
	const a, steps = -0.5, 1024
	inner := func(x float32) float32 { return ((a+2)*x-(a+3))*x*x + 1 }
	outer := func(x float32) float32 { return ((a*x-5*a)*x+8*a)*x - 4*a }
	samples := make([]sample, size)
	scale := float32(n) / float32(size)
	for i := range samples {
		position := float32((float32(i)+0.5)*scale) - 0.5 // the conversion forbids a fused multiply-add
		first := float32(math.Floor(float64(position)))
		t := float32(math.RoundToEven(float64((position-first)*steps))) / steps
		sum := float32(0)
		for k, w := range []float32{outer(1 + t), inner(t), inner(1 - t), outer(2 - t)} {
			at := int32(first) + int32(k) - 1
			if at < 0 || at >= int32(n) {
				at, w = min(max(at, 0), int32(n-1)), 0
			}
			samples[i].at, samples[i].weight = append(samples[i].at, at), append(samples[i].weight, w)
			sum += w
		}
		for k := range samples[i].weight {
			samples[i].weight[k] /= sum
		}
	}
	return samples
}

// Matrix is how an axis of n pixels is resized, [size, n]: each row says how much the pixels count for one of size.
func (o GeneralResizing) Matrix(n, size int) []float32 {
	m := make([]float32, size*n)
	for i, s := range samplings[o.Interpolation](n, size) {
		for k, at := range s.at {
			m[i*n+int(at)] += s.weight[k]
		}
	}
	return m
}

// sampleAxis resizes one axis of images.
func sampleAxis(x *graph.Node, axis int, samples []sample) *graph.Node {
	shape := []int{1, 1, 1, 1}
	shape[axis] = len(samples)
	var sum *graph.Node
	for k := range samples[0].at {
		at, weight := make([]int32, len(samples)), make([]float32, len(samples))
		for i, s := range samples {
			at[i], weight[i] = s.at[k], s.weight[k]
		}
		term := takeAxis(x, axis, at)
		if len(samples[0].at) > 1 {
			term = graph.Mul(term, graph.Reshape(graph.Const(x.Graph(), weight), shape...))
		}
		if sum == nil {
			sum = term
		} else {
			sum = graph.Add(sum, term)
		}
	}
	return sum
}
