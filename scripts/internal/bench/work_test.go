package main

import (
	"testing"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/layer"
)

// Counted by TensorFlow's profiler in Keras's networks, convolutions and depthwise ones: python scripts/oracle compare
// flops.
func TestWorkAsTensorFlowCountsIt(t *testing.T) {
	for _, c := range []struct {
		network string
		alpha   float64
		want    float64
	}{{"mobilenetv2", 0.35, 98809088 + 17202528}, {"mobilenetv2", 1, 557555712 + 41432832}, {"resnet50v2", 0, 6960414720}} {
		base, err := backbone.New(c.network, backbone.Config{Alpha: c.alpha, Input: 224})
		if err != nil {
			t.Fatal(err)
		}
		if got := ofInference(base.Layers).flop; got != c.want {
			t.Errorf("%s %v: %.0f, want %.0f", c.network, c.alpha, got, c.want)
		}
	}
}

// What the bench measures has work, in inference and, of all trainings, in each epoch.
func TestAllThatIsMeasuredHasWork(t *testing.T) {
	classes := []string{"a", "b", "c", "d", "e", "f"}
	for _, n := range networks {
		if n.title == vitB16.title {
			continue // takes a second to draw its weights, and is made as the others
		}
		ls, err := n.timed(classes)
		if err != nil {
			t.Fatal(err)
		}
		if w := ofInference(ls); w.flop < 1e8 || w.bytes < 1e6 {
			t.Errorf("%s: %+v", n.title, w)
		}
	}
	for _, tr := range trainings {
		if tr.title == vitB16.title {
			continue
		}
		b := &bench{classes: classes, training: 1440, count: 1800}
		r := b.trainingRows(tr)
		if err := b.countWork(tr, r); err != nil {
			t.Fatal(err)
		}
		if r.whole.work.flop < 1e11 || r.epoch != nil && r.epoch.work.flop < 1e11 {
			t.Errorf("%s: %+v", tr.label, r.whole.work)
		}
		if r.features != nil && !r.features.lower {
			t.Errorf("%s: more seconds are better", tr.label)
		}
	}
}

// By hand: tokens 3 wide, 4 heads of 5, 10 tokens.
func TestWorkOfAttention(t *testing.T) {
	b := &layer.Builder{}
	b.Add("tokens", layer.Input{Shape: []int{10, 3}})
	b.Add("attention", layer.MultiHeadAttention{NumHeads: 4, KeyDim: 5})
	got := ofInference(b.List)
	kernels := 4 * 3 * 4 * 5.0
	if want := 2 * (10*kernels + 2*10*10*4*5); got.flop != want {
		t.Errorf("%v operations, want %v", got.flop, want)
	}
	if want := 4 * (kernels/32 + 30 + 30); got.bytes != want {
		t.Errorf("%v bytes, want %v", got.bytes, want)
	}
}

func TestWorkOfTraining(t *testing.T) {
	m, err := classifier.New(classifier.Config{Classes: []string{"a", "b"}, Layers: func(b *layer.Builder) {
		b.Add("x", layer.Input{Shape: []int{2, 2, 3}})
		b.Add("flat", layer.Flatten{})
		b.Add("frozen", layer.Dense{Units: 16})
		b.Add("first", layer.Dense{Units: 32})
		b.Add("last", layer.Dense{Units: 2, Activation: "softmax"})
	}})
	if err != nil {
		t.Fatal(err)
	}
	m.Layers[m.Layers.Index("frozen")].Frozen = true
	features, epoch := ofTraining(m.Layers, 10, 3)
	if want := 2.0 * 12 * 16 * 13; features.flop != want {
		t.Errorf("features: %v operations, want %v", features.flop, want)
	}
	// The first trained layer needs no gradient of its inputs.
	if want := 2.0*16*32*(2*10+3) + 2*32*2*(3*10+3); epoch.flop != want {
		t.Errorf("an epoch: %v operations, want %v", epoch.flop, want)
	}
}

func TestSharesOfTheLimits(t *testing.T) {
	l := limits{Arithmetic: []float64{90, 100, 120}, Memory: []float64{10}}
	speed := &row{unit: "images/s", work: work{flop: 1e9, bytes: 1e8}}
	speed.add(oursSide, 50)
	seconds := &row{unit: "s", lower: true, work: work{flop: 1e12, bytes: 1e9}}
	seconds.add(oursSide, 20)
	for r, want := range map[*row][2]string{speed: {"50.0 %", "50.0 %"}, seconds: {"50.0 %", "0.50 %"}, {}: {}} {
		if a, m := l.shares(r); a != want[0] || m != want[1] {
			t.Errorf("%s: %q, %q; want %q", r.unit, a, m, want)
		}
	}
}
