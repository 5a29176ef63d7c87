package classifier

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/transfer-learning-go/defects/lib/device"
	"github.com/transfer-learning-go/defects/lib/layer"
)

// compile prepares the graphs of a training step and of an evaluation.
func (t *training) compile() error {
	d, err := device.Open()
	if err != nil {
		return err
	}
	t.step, err = model.NewExec(d.Backend, t.store, func(scope *model.Scope, x, labels, rate *Node) (loss, correct *Node) {
		g := x.Graph()
		env := t.env(scope, g, true)
		logits := t.logits(env, x)
		perImage := crossEntropy(logits, labels)
		if weights := t.config.ClassWeights; weights != nil {
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
			value, first, second := adamStep(values[i], gradient, p.first.NodeValue(g), p.second.NodeValue(g), rate)
			p.value.SetNodeValue(value)
			p.first.SetNodeValue(first)
			p.second.SetNodeValue(second)
		}
		return loss, countCorrect(logits, labels)
	})
	if err != nil {
		return err
	}
	t.evaluate, err = model.NewExec(d.Backend, t.store, func(scope *model.Scope, x, labels *Node) (loss, correct *Node) {
		logits := t.logits(t.env(scope, x.Graph(), false), x)
		return ReduceAllSum(crossEntropy(logits, labels)), countCorrect(logits, labels)
	})
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
	ls, _ := t.model.Layers.Above(t.cut).Logits()
	return ls.Build(env, x)
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

// call runs a graph that gives two scalars, and frees its tensors at once.
func call(exec *model.Exec, args ...any) (a, b float64, err error) {
	out, err := exec.Call(args...)
	if err != nil {
		return 0, 0, err
	}
	a, b = float64(tensors.ToScalar[float32](out[0])), float64(tensors.ToScalar[float32](out[1]))
	for _, v := range append([]any{out[0], out[1]}, args...) {
		if t, ok := v.(*tensors.Tensor); ok {
			if err := t.FinalizeAll(); err != nil {
				return 0, 0, err
			}
		}
	}
	return a, b, nil
}
