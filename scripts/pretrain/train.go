package main

import (
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/device"
	"github.com/transfer-learning-go/defects/lib/layer"
)

const (
	batchSize    = 32
	learningRate = 2e-3 // of Adam, the highest: it rises over the warm-up and falls along half a cosine
	warmUp       = 100  // steps
	// headRate multiplies the rate of the heads: where hundreds of features change together, a small step of each is large.
	headRate = 0.2
	// statisticsWeight is that of the statistics' mean squared error beside the families' cross-entropy.
	statisticsWeight = 3.0
)

// supervised are the layers whose features are to tell it: the last, and two on the way there, so that the layers below
// need not wait for those above (Lee et al., "Deeply-Supervised Nets", AISTATS 2015).
var supervised = []string{"block_6_expand_relu", "block_13_expand_relu", "out_relu"}

// training fits a base whose features, averaged over a picture, tell its statistics and its family linearly.
type training struct {
	base, heads  layer.List
	store        *model.Store
	step, settle *model.Exec
	trained      []string // names of the variables that gradients change
	ofBase       int      // how many of them, the first ones, are the base's
	steps, done  int
}

func newTraining(steps int) (*training, error) {
	base, err := backbone.MobileNetV2(backbone.Config{Alpha: 0.35, Input: size, Seed: seed})
	if err != nil {
		return nil, err
	}
	t := &training{base: base.Layers, store: model.NewStore(), steps: steps}
	for _, l := range t.base {
		if norm, ok := l.Op.(layer.BatchNormalization); ok {
			norm.Momentum = 0.98 // the statistics of early weights are soon forgotten
			l.Op = norm
		}
	}
	b := &layer.Builder{}
	for _, name := range supervised {
		from := b.Add(name+".features", layer.Input{Shape: t.base[t.base.Index(name)].Shape[2:]})
		b.Add(name+".families", layer.Dense{Units: len(trainedOn)}, from)
		b.Add(name+".statistics", layer.Dense{Units: statisticsCount}, from)
	}
	if b.Err != nil {
		return nil, b.Err
	}
	t.heads = b.List
	values := maps.Clone(base.Values)
	for _, l := range t.heads { // from zeros: what random heads say is to be unlearned first
		for _, w := range l.W {
			values[l.Name] = append(values[l.Name], make([]float32, w.Size()))
		}
	}
	for l := range t.layers() {
		for i, w := range l.W {
			if err := t.add(l.Name+"/"+w.Name, w, values[l.Name][i]); err != nil {
				return nil, err
			}
		}
		if l == t.base[len(t.base)-1] {
			t.ofBase = len(t.trained)
		}
	}
	return t, t.compile()
}

// layers are those with weights or without, of the base and of the heads.
func (t *training) layers() iter.Seq[*layer.Layer] {
	return func(yield func(*layer.Layer) bool) {
		for _, l := range slices.Concat(t.base, t.heads) {
			if !yield(l) {
				return
			}
		}
	}
}

// add makes the variables of a weight.
func (t *training) add(name string, w layer.Weight, value []float32) error {
	all := map[string][]float32{name: value}
	if !w.Statistic {
		t.trained = append(t.trained, name)
		all[firstMoment+name], all[secondMoment+name] = make([]float32, w.Size()), make([]float32, w.Size())
	}
	for name, value := range all {
		if _, err := t.store.CreateVariable("/"+name, tensors.FromFlatDataAndDimensions(value, w.Shape...)); err != nil {
			return err
		}
	}
	return nil
}

func (t *training) variable(name string) *model.Variable { return t.store.GetVariable("/" + name) }

func (t *training) compile() error {
	d, err := device.Open()
	if err != nil {
		return err
	}
	if t.step, err = model.NewExec(d.Backend, t.store, t.update); err != nil {
		return err
	}
	t.settle, err = model.NewExec(d.Backend, t.store, func(_ *model.Scope, pictures *Node) *Node {
		return ReduceAllMean(t.features(pictures)["out_relu"])
	})
	return err
}

// features are what supervised layers see in pictures [n, h, w, 3] of 0…255, averaged over the places, by layer: [n,
// channels].
func (t *training) features(pictures *Node) map[string]*Node {
	all := t.base.BuildAll(t.env(pictures.Graph()), AddScalar(MulScalar(pictures, 1/127.5), -1))
	features := map[string]*Node{}
	for _, name := range supervised {
		features[name] = ReduceMean(all[name], 1, 2)
	}
	return features
}

func (t *training) env(g *Graph) *layer.Env {
	variable := func(l *layer.Layer, i int) *model.Variable { return t.variable(l.Name + "/" + l.W[i].Name) }
	return &layer.Env{
		Training: true,
		Weight:   func(l *layer.Layer, i int) *Node { return variable(l, i).NodeValue(g) },
		Update:   func(l *layer.Layer, i int, value *Node) { variable(l, i).SetNodeValue(value) },
	}
}

// update is a step of Adam (Kingma and Ba, 2015). It gives the share of pictures whose family the last layer tells, and
// of the statistics' variance.
func (t *training) update(_ *model.Scope, pictures, labels, rate *Node) (told, explained *Node) {
	g := pictures.Graph()
	env := t.env(g)
	family := OneHot(labels, len(trainedOn), dtypes.Float32)
	want := statistics(pictures)
	features := t.features(pictures)
	loss := ScalarZero(g, dtypes.Float32)
	for i, name := range supervised {
		x := t.heads[3*i:3*i+3].BuildAll(env, normalized(features[name]))
		logits := x[name+".families"]
		mistake := ReduceAllMean(Square(Sub(x[name+".statistics"], want)))
		crossEntropy := Neg(ReduceAllMean(ReduceSum(Mul(family, LogSoftmax(logits, -1)), -1)))
		loss = Add(loss, Add(crossEntropy, MulScalar(mistake, statisticsWeight)))
		told = ReduceAllMean(ConvertDType(Equal(ArgMax(logits, -1, dtypes.Int32), labels), dtypes.Float32))
		explained = OneMinus(Div(mistake, ReduceAllMean(Square(want))))
	}

	values := make([]*Node, len(t.trained))
	for i, name := range t.trained {
		values[i] = t.variable(name).NodeValue(g)
	}
	for i, gradient := range Gradient(loss, values...) {
		first, second := t.variable(firstMoment+t.trained[i]), t.variable(secondMoment+t.trained[i])
		m := Add(MulScalar(first.NodeValue(g), beta1), MulScalar(gradient, 1-beta1))
		v := Add(MulScalar(second.NodeValue(g), beta2), MulScalar(Square(gradient), 1-beta2))
		first.SetNodeValue(m)
		second.SetNodeValue(v)
		step := Div(Mul(rate, m), AddScalar(Sqrt(v), 1e-7))
		if i >= t.ofBase {
			step = MulScalar(step, headRate)
		}
		t.variable(t.trained[i]).SetNodeValue(Sub(values[i], step))
	}
	return told, explained
}

// normalized gives each feature mean 0 and deviation 1 over the batch, so that heads learn from all alike.
func normalized(x *Node) *Node {
	x = Sub(x, ReduceAndKeep(x, ReduceMean, 0))
	return Div(x, Sqrt(AddScalar(ReduceAndKeep(Square(x), ReduceMean, 0), 1e-4)))
}

const (
	beta1, beta2 = 0.9, 0.999 // Adam's
	firstMoment  = "adam_m."
	secondMoment = "adam_v."
)

// rate is Adam's step size of step n, counted from 0, its bias corrections included.
func (t *training) rate(n int) float32 {
	rate := learningRate * min(1, float64(n+1)/warmUp) * (0.5 + 0.5*math.Cos(math.Pi*float64(n)/float64(t.steps)))
	after := float64(n + 1)
	return float32(rate * math.Sqrt(1-math.Pow(beta2, after)) / (1 - math.Pow(beta1, after)))
}

// learn makes one step.
func (t *training) learn(pictures []float32, labels []int32) (told, explained float64, err error) {
	n := len(labels)
	x, y := tensors.FromFlatDataAndDimensions(pictures, n, size, size, 3), tensors.FromFlatDataAndDimensions(labels, n)
	out, err := t.step.Call(x, y, t.rate(t.done))
	if err != nil {
		return 0, 0, fmt.Errorf("step %d: %w", t.done, err)
	}
	t.done++
	told, explained = float64(tensors.ToScalar[float32](out[0])), float64(tensors.ToScalar[float32](out[1]))
	for _, o := range append(out, x, y) {
		o.MustFinalizeAll()
	}
	if math.IsNaN(told + explained) {
		return 0, 0, fmt.Errorf("step %d: the loss is not a number", t.done)
	}
	return told, explained, nil
}

// see moves the moving statistics towards those of these pictures.
func (t *training) see(pictures []float32, n, size int) error {
	x := tensors.FromFlatDataAndDimensions(pictures, n, size, size, 3)
	out, err := t.settle.Call(x)
	if err != nil {
		return err
	}
	out[0].MustFinalizeAll()
	x.MustFinalizeAll()
	return nil
}
