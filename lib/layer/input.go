package layer

import "github.com/gomlx/gomlx/core/graph"

// Input is Keras's InputLayer; Shape leaves the batch out, such as {224, 224, 3}.
type Input struct {
	weightless
	Shape []int
}

func (Input) Class() string                               { return "InputLayer" }
func (o Input) Output([][]int) ([]int, error)             { return o.Shape, nil }
func (Input) Build(_ *Call, in []*graph.Node) *graph.Node { return in[0] }

func (Input) label([]int) Label { return Label{Text: "input", Minor: true} }

func (o Input) Config() (Settings, error) {
	shape := []any{nil}
	for _, n := range o.Shape {
		shape = append(shape, n)
	}
	return Settings{"batch_shape": shape, "sparse": false}, nil
}

func init() {
	register("InputLayer", func(f *Fields) Op {
		f.Only("sparse", "false")
		f.Only("ragged", "false")
		f.Ignore("optional", "input_tensor")
		o, ok := inputOf(f)
		if !ok {
			f.Fail("it has neither batch_shape nor batch_input_shape")
		}
		return o
	})
}

// inputOf is the Input that the configuration of a layer tells, if it does. Sizes that it leaves open are 0.
func inputOf(f *Fields) (Input, bool) {
	var batch []*int
	ok := f.Read("batch_shape", &batch) || f.Read("batch_input_shape", &batch)
	return WithoutBatch(batch), ok
}

// WithoutBatch is the Input of a shape that Keras writes with the batch.
func WithoutBatch(batch []*int) Input {
	shape := []int{}
	for i, n := range batch {
		if i == 0 {
			continue
		}
		if n == nil {
			n = new(int)
		}
		shape = append(shape, *n)
	}
	return Input{Shape: shape}
}
