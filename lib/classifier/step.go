package classifier

import (
	"fmt"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/transfer-learning-go/defects/lib/device"
	"github.com/transfer-learning-go/defects/lib/internal/split"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/notice"
)

// compile prepares the graphs of a training step and of an evaluation.
func (t *training) compile() error {
	d, err := device.Open()
	if err != nil {
		return err
	}
	devices, err := split.New(d, t.batchSize)
	if err != nil {
		return err
	}
	if n := devices.Devices(); n < d.Used() {
		notice.Say(fmt.Sprintf("batches of %d do not divide evenly among %d devices: %d train, the others are idle; take a "+
			"BatchSize that is a multiple of %[2]d", t.batchSize, d.Used(), n))
	}
	step := func(scope *model.Scope, x, labels, rate *Node) (loss, correct *Node) {
		g := x.Graph()
		env := t.env(scope, g, true)
		logits := t.logits(env, x)
		perImage := crossEntropy(logits, labels)
		if weights := t.classWeights; weights != nil {
			ofClass := ConstAsDType(g, dtypes.Float32, [][]float64{weights})
			perImage = Mul(perImage, ReduceSum(Mul(labels, ofClass), -1))
		}
		loss = ReduceAllMean(perImage)
		values := make([]*Node, len(t.parameters))
		for i, p := range t.parameters {
			values[i] = p.value.NodeValue(g)
		}
		for i, gradient := range Gradient(loss, values...) {
			p := t.parameters[i]
			own := rate
			if p.factor != 1 {
				own = MulScalar(rate, p.factor)
			}
			value, first, second := adamStep(values[i], gradient, p.first.NodeValue(g), p.second.NodeValue(g), own)
			p.value.SetNodeValue(value)
			p.first.SetNodeValue(first)
			p.second.SetNodeValue(second)
		}
		return loss, countCorrect(logits, labels)
	}
	evaluate := func(scope *model.Scope, x, labels *Node) (loss, correct *Node) {
		logits := t.logits(t.env(scope, x.Graph(), false), x)
		return ReduceAllSum(crossEntropy(logits, labels)), countCorrect(logits, labels)
	}
	t.step, err = devices.Exec(2, 1, func() (*model.Exec, error) { return model.NewExec(d.Backend, t.store, step) })
	if err != nil {
		return err
	}
	t.evaluate, err = devices.Exec(2, 0, func() (*model.Exec, error) { return model.NewExec(d.Backend, t.store, evaluate) })
	return err
}

func (t *training) env(scope *model.Scope, g *Graph, training bool) *layer.Env {
	variable := func(l *layer.Layer, i int) *model.Variable {
		return t.store.GetVariable("/" + l.Name + "/" + l.W[i].Name)
	}
	return &layer.Env{
		Training: training,
		Weight:   func(l *layer.Layer, i int) *Node { return variable(l, i).NodeValue(g) },
		Update:   func(l *layer.Layer, i int, value *Node) { variable(l, i).SetNodeValue(value) },
		Uniform:  func(g *Graph, shape shapes.Shape) *Node { return scope.RandomUniform(g, shape) },
	}
}

// logits builds the layers above the cut without the last softmax: the loss is computed from logits, as Keras does,
// since the logarithm of a softmax that has gone to zero is lost.
func (t *training) logits(env *layer.Env, x *Node) *Node {
	logits, _ := t.model.Layers.Above(t.cut).Logits()
	return logits.Build(env, x)
}

// crossEntropy is the categorical cross-entropy of each image in nats: −Σ labels·log softmax(logits), [n].
func crossEntropy(logits, labels *Node) *Node {
	return Neg(ReduceSum(Mul(labels, LogSoftmax(logits, -1)), -1))
}

// countCorrect counts the images whose largest logit is that of their class. Rows without a label do not count.
func countCorrect(logits, labels *Node) *Node {
	hit := ConvertDType(Equal(ArgMax(logits, -1), ArgMax(labels, -1)), dtypes.Float32)
	return ReduceAllSum(Mul(hit, ReduceSum(labels, -1)))
}

// call runs a graph that gives two scalars for a batch, and frees its tensors at once.
func call(exec *split.Exec, b batch, others ...float32) (loss, correct float64, err error) {
	out, err := exec.Call([]*tensors.Tensor{b.x, b.y}, others...)
	if err != nil {
		return 0, 0, err
	}
	loss, correct = float64(tensors.ToScalar[float32](out[0])), float64(tensors.ToScalar[float32](out[1]))
	for _, t := range append(out, b.x, b.y) {
		if err := t.FinalizeAll(); err != nil {
			return 0, 0, err
		}
	}
	return loss, correct, nil
}
