package diagram

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/internal/canvas"
	"github.com/transfer-learning-go/defects/lib/layer"
)

// networks are transformers, and convolutional networks with their heads. They are made once: tests only read them.
func networks(t *testing.T) map[string]layer.List {
	t.Helper()
	if made != nil {
		return made
	}
	lists := map[string]layer.List{}
	keep := func(name string, ls layer.List, err error) {
		if err != nil {
			t.Fatal(err)
		}
		lists[name] = ls
	}
	postNorm, err := smallViT(255, false)
	keep("small ViT, post-norm", postNorm, err)
	preNorm, err := smallViT(255, true)
	keep("small ViT, pre-norm", preNorm, err)
	top := backbone.Config{IncludeTop: true, Classes: 1000}
	for name, build := range map[string]func(backbone.Config) (*backbone.Backbone, error){
		"ViT B/16": backbone.ViT, "MobileNetV2": backbone.MobileNetV2, "ResNet50V2": backbone.ResNet50V2,
	} {
		b, err := build(top)
		if err != nil {
			t.Fatal(err)
		}
		lists[name+" with top"] = b.Layers
		if name == "ViT B/16" {
			lists[name] = b.Layers[:b.Layers.Index("norm")+1]
		}
	}
	made = lists
	return lists
}

var made map[string]layer.List

func TestRowsEndWithTheHeadAndFindBlocksWithoutNames(t *testing.T) {
	lists := networks(t)
	const tokens = "input_layer 0, patch_embedding … patches 0, class_token … position_embedding 0, "
	for name, want := range map[string]string{
		"small ViT, post-norm": "image 0, conv2d … reshape 0, position_embedding 0, block 1 … block 4 4, head 0",
		"small ViT, pre-norm": "image 0, rescaling … reshape 0, position_embedding 0, block 1 … block 4 4, " +
			"layer_normalization_8 0, head 0",
		"ViT B/16":          tokens + "block0 … block11 12, norm 0",
		"ViT B/16 with top": tokens + "block0 … block11 12, norm 0, head 0",
		"MobileNetV2 with top": "input_layer 0, Conv1 … Conv1_relu 0, expanded_conv 1, block_1 … block_2 2, " +
			"block_3 … block_5 3, block_6 … block_9 4, block_10 … block_12 3, block_13 … block_15 3, block_16 1, " +
			"Conv_1 … out_relu 0, head 0",
		"ResNet50V2 with top": "input_layer 0, conv1_pad … pool1_pool 0, conv2 3, conv3 4, conv4 6, conv5 3, " +
			"post_bn … post_relu 0, head 0",
	} {
		if got := rows(t, name, lists[name]); got != want {
			t.Errorf("%s: rows %s, want %s", name, got, want)
		}
	}
}

// No name of a row and no text in it may be cut off.
func TestTextsOfRowsFitIntoTheirBoxes(t *testing.T) {
	for name, ls := range networks(t) {
		small := canvas.Tiny
		for _, s := range stages(ls) {
			room := boxWidth - 14 - small.Width(indices(s.start, s.start+len(s.layers))) - 8
			if small.Bold().Width(s.name) > room || small.Width(s.content()) > boxWidth-14 {
				t.Errorf("%s: no room for %q, %q", name, s.name, s.content())
			}
		}
	}
}

func TestATransformerBlockIsFoundWhereverItNormalizes(t *testing.T) {
	lists := networks(t)
	for name, c := range map[string]struct{ title, steps, says string }{
		"small ViT, pre-norm": {"Inside block 1: layers 5–13", "layer normalization, attention, 4 heads of 128, Add, " +
			"layer normalization, dense 256, GELU, dense 128, Add", "Pre-norm"},
		"small ViT, post-norm": {"Inside block 1: layers 4–12", "attention, 4 heads of 128, Add, layer normalization, " +
			"dense 256, GELU, dense 128, Add, layer normalization", "Post-norm"},
		"ViT B/16": {"Inside block0: layers 5–11", "layer normalization, attention, 12 heads of 64, Add, " +
			"layer normalization, dense 3072, GELU, dense 768, Add", "Pre-norm"},
	} {
		var in *transformerInset
		for _, s := range stages(lists[name]) {
			if len(s.blocks) > 0 {
				in = newTransformerInset(s.blocks[0], s.start)
			}
		}
		var steps, taps []string
		for _, l := range in.steps {
			steps = append(steps, inBlock(l))
			if isSum(l) {
				taps = append(taps, in.passes(l))
			}
		}
		// The second shortcut takes what the first part has given: its sum, or that normalized.
		second := in.steps[slices.IndexFunc(in.steps, isSum)]
		if c.says == "Post-norm" {
			second = in.steps[slices.IndexFunc(in.steps, isLayerNorm)]
		}
		if want := []string{"", second.Name}; !slices.Equal(taps, want) || !in.tapped(second) {
			t.Errorf("%s: the shortcuts come from %q, want %q", name, taps, want)
		}
		if got := strings.Join(steps, ", "); got != c.steps || in.title != c.title {
			t.Errorf("%s: %s: %s; want %s: %s", name, in.title, got, c.title, c.steps)
		}
		f, err := Architecture("ViT", lists[name], Options{})
		if err != nil || !strings.Contains(f.Alt, c.says) {
			t.Errorf("%s: %v, %v", name, f, err)
		}
	}
}

func TestWhatIsNoTransformerBlock(t *testing.T) {
	add := func(ops ...layer.Op) *layer.Builder {
		b := &layer.Builder{}
		for _, op := range ops {
			b.Add("", op)
		}
		return b
	}
	tokens := layer.Input{Shape: []int{4, 8}}
	attention := layer.MultiHeadAttention{NumHeads: 2, KeyDim: 4}
	oneSum := add(tokens, attention)
	oneSum.Add("", layer.Add{}, oneSum.List[0].Name, oneSum.Last())
	next := oneSum.Last()
	oneSum.Add("", attention)
	oneSum.Add("", layer.Add{}, next, oneSum.Last())
	long := add(tokens) // a block whose input a later layer reads, too
	addDense := func(b *layer.Builder) {
		x := b.Last()
		b.Add("", attention)
		x = b.Add("", layer.Add{}, x, b.Last())
		b.Add("", layer.Dense{Units: 8})
		b.Add("", layer.Add{}, x, b.Last())
	}
	addDense(long)
	long.Add("", layer.Add{}, long.List[0].Name, long.Last())
	for name, b := range map[string]*layer.Builder{
		"convolutions":      add(layer.Input{Shape: []int{8, 8, 3}}, layer.Conv2D{Filters: 4, Kernel: 3}),
		"no sums":           add(tokens, attention, layer.Dense{Units: 8}),
		"attention only":    oneSum,
		"a shortcut around": long,
	} {
		if found := transformerBlocks(b.List); b.Err != nil || found != nil {
			t.Errorf("%s: found %v, %v", name, found, b.Err)
		}
		if _, err := Architecture("a", b.List, Options{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Blocks of convolutions, found by name, may stand before those of a transformer.
func TestAHybridShowsBothKindsOfBlocks(t *testing.T) {
	b := &layer.Builder{List: residual(0)}
	b.Add("", layer.Reshape{Shape: []int{64, 16}})
	x := b.Last()
	b.Add("", layer.MultiHeadAttention{NumHeads: 2, KeyDim: 8})
	x = b.Add("", layer.Add{}, x, b.Last())
	b.Add("", layer.Dense{Units: 16})
	b.Add("", layer.Add{}, x, b.Last())
	b.Add("", layer.GlobalAveragePooling1D{})
	b.Add("", layer.Dense{Units: 6})
	if b.Err != nil {
		t.Fatal(b.Err)
	}
	want := "image 0, stem 0, block_1 1, reshape 0, block 1 1, head 0"
	if got := rows(t, "hybrid", b.List); got != want {
		t.Errorf("rows %s, want %s", got, want)
	}
	if f, err := Architecture("a", b.List, Options{}); err != nil || !strings.Contains(f.Alt, "Attention mixes") ||
		strings.Contains(f.Alt, "norm:") || strings.Contains(f.Alt, "patches") {
		t.Errorf("%v, %v", f, err)
	}
}

func TestPatchesAreThoseOfTheImage(t *testing.T) {
	lists := maps.Clone(networks(t))
	b := &layer.Builder{}
	b.Add("", layer.Input{Shape: []int{32, 32, 3}})
	b.Add("", layer.Conv2D{Filters: 8, Kernel: 3, Padding: "same"})
	b.Add("", layer.Conv2D{Filters: 8, Kernel: 8, Strides: 8})
	b.Add("", layer.Reshape{Shape: []int{16, 8}})
	lists["patches of features"] = b.List
	for name, want := range map[string]string{
		"small ViT, post-norm": "15×15 = 225 patches of 16×16 pixels. 15 pixels at the right and bottom (grey) are dropped. " +
			"A linear map makes each a token of 128 numbers. Each place adds a learned vector to its token.",
		"ViT B/16": "14×14 = 196 patches of 16×16 pixels. A linear map makes each a token of 768 numbers. " +
			"A learned class token (0) stands before them. Each place adds a learned vector to its token.",
		"ResNet50V2 with top": "", "patches of features": "",
	} {
		got := ""
		if p := patchesOf(lists[name]); p != nil {
			got = strings.Join(p.text(), " ")
		}
		if got != want {
			t.Errorf("%s: %s; want %s", name, got, want)
		}
	}
}
