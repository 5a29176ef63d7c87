package layer

import (
	"fmt"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// Op is what a layer computes, and all that is known of its class: its Keras configuration in and out, how diagrams name
// it, what it does in training and when a list is folded. One file of this package has it all. Its exported fields are
// its configuration, in Keras's terms; where they are zero, it has Keras's defaults, and where Keras has none, Output says
// what is missing. A new layer usually needs register, to be read from files, and withDefaults; label if a diagram should
// not name it by its class.
type Op interface {
	// Class is the name of the Keras class, such as "Conv2D".
	Class() string
	// Output is the shape that the layer gives for inputs of these shapes.
	Output(inputs [][]int) ([]int, error)
	// Weights lists the layer's weights in Keras's order.
	Weights(inputs [][]int) []Weight
	// Build adds the layer to a graph. It panics on a wrong rank, as GoMLX's graph functions do.
	Build(c *Call, x []*graph.Node) *graph.Node
	// Config is what Keras's get_config gives, without what all layers have (name, trainable, dtype). It fails for what
	// no setting of Keras says.
	Config() (Settings, error)
}

// Settings is the configuration of a layer as Keras writes it in JSON.
type Settings = map[string]any

// What an Op may tell besides, by a method each:
type (
	// Keras's defaults in place of zero values.
	defaulted interface{ withDefaults() Op }
	// The same Op with what its inputs tell, such as the size that a Reshape leaves open.
	resolved interface{ resolve(in [][]int) Op }
	// Settings of a file that can be judged only with the shape of the input.
	checked interface{ check(in []int, f *Fields) }
	// What Keras calls it on, if it is not one tensor.
	called interface{ inputs() Inputs }
	// How a diagram names it, if not by its class. out is the shape that it gives.
	labeled interface{ label(out []int) Label }
	// It drops values at random in training, at this rate.
	dropping interface{ dropRate() float64 }
	// It normalizes by the batch in training.
	batching interface{ usesBatch() }
	// Keras keeps its weights in other layers.
	composed interface{ sublayers() []Sublayer }
	// What it computes before a softmax at its end, nil if that is all of it, and whether it has one.
	softmaxed interface{ logits() (op Op, had bool) }
	// The module of Keras in which it finds the class, if it is none of keras.layers.
	moduled interface{ module() string }
	// What Hash prints; it never changes, since the folders of runs hold hashes.
	identified interface{ identity() string }
)

// Inputs says what Keras calls a layer on.
type Inputs int

const (
	OneTensor     Inputs = iota
	TensorList           // one list of tensors, as Add takes it
	SelfAttention        // one tensor as query and as value
)

// InputsOf says what Keras calls layers of this Op on.
func InputsOf(op Op) Inputs {
	if c, ok := op.(called); ok {
		return c.inputs()
	}
	return OneTensor
}

// Module is where Keras finds the class of this Op.
func Module(op Op) string {
	if m, ok := op.(moduled); ok {
		return m.module()
	}
	return "keras.layers"
}

// Sublayer is a layer that Keras keeps a kernel and a bias of a composed layer in.
type Sublayer struct {
	Name      string // in the names of weights, such as "query" in "query/kernel"
	Attribute string // in the paths of Keras 3's files of variables, such as "query_dense"
}

// Sublayers lists the layers that Keras keeps the weights of this Op in, two weights each; nil for most.
func Sublayers(op Op) []Sublayer {
	if c, ok := op.(composed); ok {
		return c.sublayers()
	}
	return nil
}

// InTraining says how layers of this Op differ in training, unless Layer.Inference is set: whether they compute
// something else, and whether at random.
func InTraining(op Op) (differs, random bool) {
	_, random = op.(dropping)
	_, batch := op.(batching)
	return random || batch, random
}

// Check reports settings of a file that are wrong for an input of this shape.
func Check(op Op, in []int, f *Fields) {
	if c, ok := op.(checked); ok {
		c.check(in, f)
	}
}

// Label is how a diagram names what a layer computes.
type Label struct {
	Text  string // such as "3×3 convolution /2"
	Minor bool   // not worth naming beside others: input, normalization, activation
	Drawn bool   // the diagram's lines say it already: sums, padding
}

// Weight describes one weight of a layer.
type Weight struct {
	Name      string // "kernel", "bias", "gamma", …
	Shape     []int
	Init      Initializer
	Statistic bool   // a moving average, or another value that gradients never train
	Former    string // its name in files of Keras 2, if that is another
}

// Size is the number of values.
func (w Weight) Size() int { return Size(w.Shape) }

// Layer is one row of Keras's summary.
type Layer struct {
	Name   string
	Op     Op
	Inputs []string // names of the layers it reads; none for an input
	Shape  []int    // its output, without the batch
	W      []Weight
	Frozen bool // its weights are not trained; batch normalization then uses its moving statistics
	// Inference makes the layer behave as Keras's layer(x, training=False): batch normalization uses its moving
	// statistics although gamma and beta may be trained.
	Inference bool
}

// Params is the number of values in all weights, as Keras's count_params.
func (l *Layer) Params() int {
	n := 0
	for _, w := range l.W {
		n += w.Size()
	}
	return n
}

// Call is what an Op knows while its part of the graph is built.
type Call struct {
	layer *Layer
	env   *Env
}

// Weight is the i-th weight of the layer, in the order of Op.Weights.
func (c *Call) Weight(i int) *graph.Node { return c.env.Weight(c.layer, i) }

// Training reports whether the layer is built for a training step.
func (c *Call) Training() bool { return c.env.Training && !c.layer.Inference }

// Random reports whether the layer gives another output each time that it is trained on the same input.
func (l *Layer) Random() bool {
	op, ok := l.Op.(dropping)
	return ok && !l.Inference && op.dropRate() > 0
}

// Label is how a diagram names the layer.
func (l *Layer) Label() Label {
	if op, ok := l.Op.(labeled); ok {
		return op.label(l.Shape)
	}
	return Label{Text: l.Op.Class()}
}

// Env is the surrounding of a graph: where weights come from, and where their updates go.
type Env struct {
	Training bool
	// Weight gives the value of the i-th weight of a layer.
	Weight func(l *Layer, i int) *graph.Node
	// Update takes the new value of a moving statistic. It is needed only while training.
	Update func(l *Layer, i int, value *graph.Node)
	// Uniform draws numbers from [0, 1) for dropout. It is needed only while training.
	Uniform func(g *graph.Graph, shape shapes.Shape) *graph.Node
	// Attention is told the weights of each MultiHeadAttention, [batch, heads, n, n]; may be nil.
	Attention func(l *Layer, weights *graph.Node)
}

// weightless is embedded by layers without weights.
type weightless struct{}

func (weightless) Weights([][]int) []Weight { return nil }

// Size is the number of values of a shape.
func Size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

func rank(inputs [][]int, n int) error {
	if len(inputs) != 1 || len(inputs[0]) != n {
		return fmt.Errorf("needs one input of rank %d without the batch", n)
	}
	return nil
}
