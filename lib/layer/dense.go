package layer

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/core/graph"
)

// Dense is Keras's Dense on the last axis, [inputs], [n, inputs] or [h, w, inputs]: x·kernel + bias with kernel
// [inputs, Units], then the activation. The kernel starts Glorot-uniform, the bias at zero.
type Dense struct {
	Units      int
	Activation string
	NoBias     bool // Keras's use_bias=False
}

func init() { register("Dense", readDense) }

func (Dense) Class() string { return "Dense" }
func (o Dense) Output(in [][]int) ([]int, error) {
	if len(in) != 1 || len(in[0]) == 0 || len(in[0]) > 3 {
		return nil, errors.New("needs one input of rank 1 to 3 without the batch: put a pooling or Flatten before it")
	}
	if o.Units < 1 {
		return nil, fmt.Errorf("%d units: give at least one", o.Units)
	}
	return append(slices.Clone(in[0][:len(in[0])-1]), o.Units), knownActivation(o.Activation)
}
func (o Dense) Weights(in [][]int) []Weight {
	ws := []Weight{{Name: "kernel", Shape: []int{in[0][len(in[0])-1], o.Units}, Init: GlorotUniform}}
	if !o.NoBias {
		ws = append(ws, Weight{Name: "bias", Shape: []int{o.Units}, Init: ZerosInitializer})
	}
	return ws
}
func (o Dense) Build(c *Call, in []*graph.Node) *graph.Node {
	x, dims := in[0], in[0].Shape().Dimensions
	last := len(dims) - 1
	x = graph.Reshape(x, x.Shape().Size()/dims[last], dims[last]) // one matrix product for all vectors of all images
	x = graph.Dot(x, c.Weight(0)).Product()
	if !o.NoBias {
		x = graph.Add(x, graph.ExpandLeftToRank(c.Weight(1), 2))
	}
	return graph.Reshape(activate(x, o.Activation), append(slices.Clone(dims[:last]), o.Units)...)
}

func (o Dense) withDefaults() Op {
	o.Activation = canonical(o.Activation)
	return o
}

func (o Dense) Config() (Settings, error) {
	s := activationConfig(o.Activation)
	s["units"], s["use_bias"] = o.Units, !o.NoBias
	return s, nil
}

func (o Dense) logits() (Op, bool) {
	had := o.Activation == "softmax"
	if had {
		o.Activation = ""
	}
	return o, had
}

func (o Dense) label([]int) Label { return Label{Text: fmt.Sprintf("dense %d", o.Units)} }

func (o Dense) identity() string {
	text := fmt.Sprintf("{Units:%d Activation:%s}", o.Units, o.Activation)
	if o.NoBias {
		text += " without bias"
	}
	return text
}

func readDense(f *Fields) Op {
	f.Only("lora_rank")
	f.Only("quantization_config")
	f.Ignore("kernel_initializer", "bias_initializer")
	f.training("kernel_regularizer", "bias_regularizer", "activity_regularizer", "kernel_constraint", "bias_constraint")
	o := Dense{Activation: f.activation(), NoBias: f.without("use_bias")}
	f.positive("units", &o.Units)
	return o
}
