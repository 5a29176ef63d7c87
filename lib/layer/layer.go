// Package layer builds Keras's layers as GoMLX graphs.
//
// A model is a List of named layers in Keras's order. The one list gives the graph, the summary, the parameter
// counts, the names that checkpoints are matched by, and the cut below which activations are computed once.
// Images are channels-last, [batch, height, width, channels], float32. Shapes in this package leave the batch out.
package layer

import (
	"fmt"
	"maps"
	"slices"

	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// Op is what a layer computes. Its exported fields are its configuration, in Keras's terms.
type Op interface {
	// Class is the name of the Keras class, such as "Conv2D".
	Class() string
	// Output is the shape that the layer gives for inputs of these shapes.
	Output(inputs [][]int) ([]int, error)
	// Weights lists the layer's weights in Keras's order.
	Weights(inputs [][]int) []Weight
	// Build adds the layer to a graph. It panics on a wrong rank, as GoMLX's graph functions do.
	Build(c *Call, x []*Node) *Node
}

// Weight describes one weight of a layer.
type Weight struct {
	Name      string // "kernel", "bias", "gamma", …
	Shape     []int
	Init      Initializer
	Statistic bool // a moving average: never trained by gradients
}

// Size is the number of values.
func (w Weight) Size() int { return product(w.Shape) }

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
func (c *Call) Weight(i int) *Node { return c.env.Weight(c.layer, i) }

// Training tells whether the layer is built for a training step.
func (c *Call) Training() bool { return c.env.Training && !c.layer.Inference }

// Random tells whether the layer gives another output each time that it is trained on the same input.
func (l *Layer) Random() bool {
	switch op := l.Op.(type) {
	case Dropout:
		return !l.Inference && op.Rate > 0
	case MultiHeadAttention:
		return !l.Inference && op.Dropout > 0
	}
	return false
}

// Env is the surrounding of a graph: where weights come from, and where their updates go.
type Env struct {
	Training bool
	// Weight gives the value of the i-th weight of a layer.
	Weight func(l *Layer, i int) *Node
	// Update takes the new value of a moving statistic. It is needed only while training.
	Update func(l *Layer, i int, value *Node)
	// Uniform draws numbers from [0, 1) for dropout. It is needed only while training.
	Uniform func(g *Graph, shape shapes.Shape) *Node
	// Attention is told the weights of each MultiHeadAttention, [batch, heads, n, n]; may be nil.
	Attention func(l *Layer, weights *Node)
}

// List is a model: layers in Keras's order, each after those that it reads.
type List []*Layer

// Index is the position of the layer of that name, or −1.
func (ls List) Index(name string) int {
	return slices.IndexFunc(ls, func(l *Layer) bool { return l.Name == name })
}

// Params is the number of values in all weights.
func (ls List) Params() int {
	n := 0
	for _, l := range ls {
		n += l.Params()
	}
	return n
}

// TrainableParams counts the values that gradients change: weights of layers that are not frozen, without moving
// statistics. It equals what Keras's summary calls trainable parameters.
func (ls List) TrainableParams() int {
	n := 0
	for _, l := range ls {
		for _, w := range l.W {
			if !l.Frozen && !w.Statistic {
				n += w.Size()
			}
		}
	}
	return n
}

// Output is the shape of the last layer.
func (ls List) Output() []int { return ls[len(ls)-1].Shape }

// Build adds the layers to a graph, x being what the Input layer gives, and returns the output of the last.
func (ls List) Build(env *Env, x *Node) *Node {
	return ls.BuildAll(env, x)[ls[len(ls)-1].Name]
}

// BuildAll is Build, returning the output of every layer by name.
func (ls List) BuildAll(env *Env, x *Node) map[string]*Node {
	values := map[string]*Node{}
	for _, l := range ls {
		if len(l.Inputs) == 0 {
			values[l.Name] = x
			continue
		}
		inputs := make([]*Node, len(l.Inputs))
		for i, name := range l.Inputs {
			inputs[i] = values[name]
		}
		values[l.Name] = l.Op.Build(&Call{layer: l, env: env}, inputs)
	}
	return values
}

// Above is the model from position cut on: an Input that stands for the output of layer cut−1, then ls[cut:].
// SingleCrossing(cut) must hold. Above(0) is the whole list.
func (ls List) Above(cut int) List {
	if cut == 0 {
		return ls
	}
	below := ls[cut-1]
	input := &Layer{Name: below.Name, Op: Input{Shape: below.Shape}, Shape: below.Shape}
	return append(List{input}, ls[cut:]...)
}

// SingleCrossing tells whether ls[cut-1]'s output is the only value that layers from cut on read from below.
func (ls List) SingleCrossing(cut int) bool {
	below := map[string]bool{}
	for _, l := range ls[:cut-1] {
		below[l.Name] = true
	}
	for _, l := range ls[cut:] {
		for _, name := range l.Inputs {
			if below[name] {
				return false
			}
		}
	}
	return true
}

// Builder appends layers to a List. The first error stays in Err, and later calls do nothing.
type Builder struct {
	List   List
	Values Values   // of nested models; other weights have none yet
	Nested []Nested // the models that Nest put into the list
	Err    error
}

// Nested is a model inside another: the layers from Start up to End of its list.
type Nested struct {
	Name       string
	Start, End int
	Of         any // what the model was made from, such as a *backbone.Backbone; nil if nothing else is known of it
}

// Sequential adds layers one after the other, each reading the one before it.
func Sequential(ops ...Op) func(*Builder) {
	return func(b *Builder) {
		for _, op := range ops {
			b.Add("", op)
		}
	}
}

// Nest appends a whole model with its values, in inference mode as Keras's model(x, training=False): its Input passes on
// what the layer before it gives, which must have the same shape. It returns the name of the model's last layer. The
// layers are copied: freezing those of the builder's List leaves the model as it is.
func (b *Builder) Nest(name string, model List, v Values) string {
	switch {
	case b.Err != nil:
		return ""
	case len(b.List) == 0 || !slices.Equal(b.List.Output(), model[0].Shape):
		b.Err = fmt.Errorf("model %s reads values of shape %v: put a layer before it that gives these", name, model[0].Shape)
		return ""
	}
	n := Nested{Name: name, Start: len(b.List)}
	before := b.Last()
	for _, original := range model {
		if b.List.Index(original.Name) >= 0 {
			b.Err = fmt.Errorf("model %s: layer %q is defined twice: give one of them another name", name, original.Name)
			return ""
		}
		l := *original
		l.Inference = true
		if len(l.Inputs) == 0 {
			l.Inputs = []string{before}
		}
		b.List = append(b.List, &l)
	}
	n.End = len(b.List)
	b.Nested = append(b.Nested, n)
	if b.Values == nil {
		b.Values = Values{}
	}
	maps.Copy(b.Values, v)
	return b.Last()
}

// Add appends a layer and returns its name. Without inputs it reads the layer before it. An empty name is replaced
// by Keras's automatic one: the class in snake case, numbered from the second on.
func (b *Builder) Add(name string, op Op, inputs ...string) string {
	if b.Err != nil {
		return name
	}
	if name == "" {
		name = b.autoName(op.Class())
	}
	if b.List.Index(name) >= 0 {
		b.Err = fmt.Errorf("layer %q is defined twice: give one of them another name", name)
		return name
	}
	op = complete(op)
	_, isInput := op.(Input)
	if len(inputs) == 0 && !isInput {
		if len(b.List) == 0 {
			b.Err = fmt.Errorf("layer %q has nothing to read: a list begins with an Input", name)
			return name
		}
		inputs = []string{b.List[len(b.List)-1].Name}
	}
	l := &Layer{Name: name, Op: op, Inputs: inputs}
	var in [][]int
	for _, i := range inputs {
		at := b.List.Index(i)
		if at < 0 {
			b.Err = fmt.Errorf("layer %q reads %q, which is not defined before it", name, i)
			return name
		}
		in = append(in, b.List[at].Shape)
	}
	if l.Shape, b.Err = op.Output(in); b.Err != nil {
		b.Err = fmt.Errorf("layer %q (%s) on inputs of shape %v: %w", name, op.Class(), in, b.Err)
		return name
	}
	l.W = op.Weights(in)
	b.List = append(b.List, l)
	return name
}

// Last is the name of the layer that was added last, "" at the start.
func (b *Builder) Last() string {
	if len(b.List) == 0 {
		return ""
	}
	return b.List[len(b.List)-1].Name
}

// complete fills in Keras's defaults, so that ops that compute the same are equal.
func complete(op Op) Op {
	if d, ok := op.(interface{ withDefaults() Op }); ok {
		return d.withDefaults()
	}
	return op
}

func (b *Builder) autoName(class string) string {
	base := snake(class)
	name := base
	for n := 1; b.List.Index(name) >= 0; n++ {
		name = fmt.Sprintf("%s_%d", base, n)
	}
	return name
}

// snake turns GlobalAveragePooling2D into global_average_pooling2d, as Keras does for automatic names.
func snake(class string) string {
	out := make([]rune, 0, len(class)+4)
	runes := []rune(class)
	upper := func(i int) bool { return i >= 0 && i < len(runes) && runes[i] >= 'A' && runes[i] <= 'Z' }
	for i, r := range runes {
		lowerNext := i+1 < len(runes) && runes[i+1] >= 'a' && runes[i+1] <= 'z'
		digit := i > 0 && runes[i-1] >= '0' && runes[i-1] <= '9'
		if i > 0 && upper(i) && !digit && (!upper(i-1) || lowerNext) {
			out = append(out, '_')
		}
		if upper(i) {
			r += 'a' - 'A'
		}
		out = append(out, r)
	}
	return string(out)
}

func product(shape []int) int {
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
