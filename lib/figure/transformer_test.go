package figure

import (
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/layer"
)

// transformerList is a transformer of two blocks.
func transformerList(t *testing.T, preNorm bool) layer.List {
	t.Helper()
	b := &layer.Builder{}
	b.Add("image", layer.Input{Shape: []int{32, 32, 3}})
	b.Add("", layer.Conv2D{Filters: 8, Kernel: 8, Strides: 8, UseBias: true})
	b.Add("", layer.Reshaping{Shape: []int{16, 8}})
	b.Add("", layer.PositionEmbedding{})
	for range 2 {
		x := b.Last()
		if preNorm {
			b.Add("", layer.LayerNormalization{})
		}
		b.Add("", layer.MultiHeadAttention{NumHeads: 2, KeyDim: 4})
		x = b.Add("", layer.Sum{}, x, b.Last())
		if y := b.Add("", layer.LayerNormalization{}); !preNorm {
			x = y
		}
		b.Add("", layer.Dense{Units: 8, Activation: "gelu"})
		b.Add("", layer.Dropout{Rate: 0.1})
		b.Add("", layer.Sum{}, x, b.Last())
		if !preNorm {
			b.Add("", layer.LayerNormalization{})
		}
	}
	if b.Err != nil {
		t.Fatal(b.Err)
	}
	return b.List
}

func TestATransformerBlockIsFoundWhereverItNormalizes(t *testing.T) {
	for _, c := range []struct {
		preNorm bool
		start   int
		steps   []string
		says    string
	}{
		{true, 4, []string{"layer normalization", "attention, 2 heads of 4", "Add", "layer normalization", "dense 8, GELU", "Add"},
			"Pre-norm"},
		{false, 4, []string{"attention, 2 heads of 4", "Add", "layer normalization", "dense 8, GELU", "Add",
			"layer normalization"}, "Post-norm"},
	} {
		ls := transformerList(t, c.preNorm)
		block, start := transformerBlock(ls)
		if start != c.start {
			t.Errorf("pre-norm %t: the block begins at layer %d, not %d", c.preNorm, start, c.start)
		}
		in := newTransformerInset(block, start)
		var steps []string
		for _, l := range in.steps {
			steps = append(steps, operation(l))
			if _, sum := l.Op.(layer.Sum); sum && in.block.Index(in.passes(l)) >= in.block.Index(l.Name)-1 {
				t.Errorf("pre-norm %t: the shortcut to %s comes from %s", c.preNorm, l.Name, in.passes(l))
			}
		}
		if got, want := strings.Join(steps, ", "), strings.Join(c.steps, ", "); got != want {
			t.Errorf("pre-norm %t: %s; want %s", c.preNorm, got, want)
		}
		f, err := Architecture("ViT", ls, Options{})
		if err != nil || !strings.Contains(f.Alt, c.says) {
			t.Errorf("pre-norm %t: %v, %v", c.preNorm, f, err)
		}
	}
}

func TestAConvolutionalNetworkHasNoTransformerBlock(t *testing.T) {
	b := &layer.Builder{}
	b.Add("image", layer.Input{Shape: []int{8, 8, 3}})
	b.Add("", layer.Conv2D{Filters: 4, Kernel: 3})
	if block, _ := transformerBlock(b.List); block != nil {
		t.Errorf("found %v", block)
	}
}
