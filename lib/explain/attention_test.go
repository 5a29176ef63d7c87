package explain

import (
	"fmt"
	"image"
	"math"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/result"
)

// kerasAttention is made by scripts/oracle/goldens/keras_attention.py.
type kerasAttention struct {
	Layers  [][]float32 // [images, heads, n, n] each
	Rollout []float32   // [images, patches]
}

const attentionImages, attentionHeads, attentionLayers = 3, 2, 3

// attentive is the model of keras_attention.py, with a head that must change nothing.
func attentive(t *testing.T, classToken bool) *Attention {
	t.Helper()
	b := &layer.Builder{}
	b.Add("image", layer.Input{Shape: []int{11, 15, 3}})
	b.Add("patch_embedding", layer.Conv2D{Filters: 8, Kernel: 4, Strides: 4})
	b.Add("patches", layer.Reshape{Shape: []int{6, 8}})
	if classToken {
		b.Add("class_token", layer.ClassToken{})
	}
	x := b.Add("position_embedding", layer.PositionEmbedding{})
	for i := range attentionLayers {
		b.Add(fmt.Sprintf("block%d_norm1", i), layer.LayerNormalization{})
		y := b.Add(fmt.Sprintf("block%d_attention", i),
			layer.MultiHeadAttention{NumHeads: attentionHeads, KeyDim: 6, Dropout: 0.5})
		x = b.Add(fmt.Sprintf("block%d_add1", i), layer.Add{}, x, y)
	}
	b.Add("pool", layer.GlobalAveragePooling1D{})
	b.Add("dense", layer.Dense{Units: 2, Activation: "softmax"})
	if b.Err != nil {
		t.Fatal(b.Err)
	}
	v := b.List.Initial(1)
	for _, l := range b.List {
		for i, w := range l.W {
			switch l.Op.(type) {
			case layer.Conv2D, layer.LayerNormalization:
				v[l.Name][i] = golden.Weight(l.Name, w.Name, w.Shape)
			default:
				v[l.Name][i] = golden.Uniform(l.Name+"/"+w.Name, w.Size(), -1, 1)
			}
		}
	}
	return attentionIn(t, b.List, v)
}

func attentionIn(t *testing.T, ls layer.List, v layer.Values) *Attention {
	t.Helper()
	a, err := NewAttention(ls, v)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

func attentionOfImages(t *testing.T, a *Attention) []AttentionMaps {
	t.Helper()
	maps, err := a.Explain(t.Context(), numbers{golden.Uniform("attention images", attentionImages*11*15*3, -1, 1), 11 * 15 * 3})
	if err != nil {
		t.Fatal(err)
	}
	if len(maps) != attentionImages {
		t.Fatalf("%d maps of %d images", len(maps), attentionImages)
	}
	return maps
}

func TestAttentionAndRolloutEqualKeras(t *testing.T) {
	want := map[string]kerasAttention{}
	golden.Read(t, "testdata/attention.json.gz", &want)
	for name, w := range want {
		classToken := name == "classtoken"
		for i, a := range attentionOfImages(t, attentive(t, classToken)) {
			if a.Rows != 2 || a.Columns != 3 || a.ClassToken != classToken || len(a.Layers) != attentionLayers {
				t.Fatalf("%s: %d×%d patches, class token %v, %d layers", name, a.Rows, a.Columns, a.ClassToken, len(a.Layers))
			}
			n := attentionHeads * a.tokens() * a.tokens()
			for k, l := range a.Layers {
				if l.Heads != attentionHeads || l.Name != fmt.Sprintf("block%d_attention", k) {
					t.Errorf("%s: layer %d is %s with %d heads", name, k, l.Name, l.Heads)
				}
				if d := golden.Difference(l.Weights, w.Layers[k][i*n:(i+1)*n]); d > 1e-5 {
					t.Errorf("%s, image %d, layer %d: differs from Keras by %v", name, i, k, d)
				}
			}
			if d := golden.Difference(a.Rollout().Values, w.Rollout[i*6:(i+1)*6]); d > 1e-5 {
				t.Errorf("%s, image %d: rollout differs by %v", name, i, d)
			}
		}
	}
}

func TestAttentionRowsSumToOne(t *testing.T) {
	for _, a := range attentionOfImages(t, attentive(t, true)) {
		for _, l := range a.Layers {
			n := a.tokens()
			for r := range l.Heads * n {
				sum := 0.0
				for _, w := range l.Weights[r*n : (r+1)*n] {
					sum += float64(w)
				}
				if math.Abs(sum-1) > 1e-6 {
					t.Fatalf("%s: row %d sums to %v", l.Name, r, sum)
				}
			}
		}
	}
}

// byHand has one row of two patches, and one layer with two heads. All numbers have few digits, so that results can be
// checked in the head.
func byHand(classToken bool) AttentionMaps {
	a := AttentionMaps{Rows: 1, Columns: 2, ClassToken: classToken, Layers: []AttentionLayer{{Heads: 2, Weights: []float32{
		0.5, 0.5, 1, 0, // head 0
		0, 1, 0.25, 0.75, // head 1
	}}}}
	if classToken {
		a.Layers[0] = AttentionLayer{Heads: 1, Weights: []float32{
			0.5, 0.4, 0.1,
			1, 0, 0,
			0.2, 0.2, 0.6,
		}}
	}
	return a
}

func TestAttentionHeatmapsAreThoseComputedByHand(t *testing.T) {
	plain, token := byHand(false), byHand(true)
	twice := byHand(true)
	twice.Layers = append(twice.Layers, twice.Layers[0])
	for name, c := range map[string]struct {
		got  result.Heatmap
		want []float32
	}{
		"mean over queries":        {plain.Head(0, 0), []float32{1, 1. / 3}},           // 0.75, 0.25
		"mean over queries, 1":     {plain.Head(0, 1), []float32{1. / 7, 1}},           // 0.125, 0.875
		"one query":                {plain.Token(0, 1, 1), []float32{1. / 3, 1}},       // 0.25, 0.75
		"rollout":                  {plain.Rollout(), []float32{0.46875 / 0.53125, 1}}, // (0.5+0.4375)/2, (0.5+0.5625)/2
		"stretched":                {plain.Rollout().Stretched(), []float32{0, 1}},
		"nothing to stretch":       {token.Token(0, 0, 0).Stretched(), []float32{0, 0}},
		"class token":              {token.Head(0, 0), []float32{1, 0.25}},
		"one query of class token": {token.Token(0, 0, 0), []float32{0, 0}}, // it looks at the class token alone
		"rollout of class token":   {token.Rollout(), []float32{1, 0.25}},
		// (0.75, 0.2, 0.05) times the layer: 0.75·0.2+0.2·0.5+0.05·0.1 = 0.255 and 0.75·0.05+0.05·0.8 = 0.0775.
		"rollout of two layers": {twice.Rollout(), []float32{1, 0.0775 / 0.255}},
	} {
		if d := golden.Difference(c.got.Values, c.want); d > 1e-6 || c.got.Height != 1 || c.got.Width != 2 || c.got.Class != -1 {
			t.Errorf("%s is %+v, want %v", name, c.got, c.want)
		}
	}
}

// More images than one call holds, and each alone.
func TestAttentionDoesNotDependOnTheBatch(t *testing.T) {
	m := attentive(t, true)
	const n, size = 40, 11 * 15 * 3
	pixels := golden.Uniform("many", n*size, -1, 1)
	all, err := m.Explain(t.Context(), numbers{pixels, size})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != n {
		t.Fatalf("%d maps of %d images", len(all), n)
	}
	for _, i := range []int{31, 32} {
		one, err := m.Explain(t.Context(), numbers{pixels[i*size : (i+1)*size], size})
		if err != nil {
			t.Fatal(err)
		}
		for k := range one[0].Layers {
			if d := golden.Difference(all[i].Layers[k].Weights, one[0].Layers[k].Weights); d > 1e-6 {
				t.Errorf("image %d, layer %d differs by %v", i, k, d)
			}
		}
	}
}

func TestPatchesOfAnUnevenImageCoverAPartOfIt(t *testing.T) {
	a := attentionOfImages(t, attentive(t, true))[0]
	for name, img := range map[string]image.Image{
		"RGBA": image.NewRGBA(image.Rect(10, 10, 40, 32)), "uniform": bounded{image.NewUniform(image.Black)}} {
		if got, want := a.Crop(img).Bounds(), image.Rect(10, 10, 34, 26); got != want { // 12 of 15 and 8 of 11
			t.Errorf("%s: patches cover %v, want %v", name, got, want)
		}
	}
}

// bounded is an image without SubImage.
type bounded struct{ *image.Uniform }

func (bounded) Bounds() image.Rectangle { return image.Rect(10, 10, 40, 32) }

func TestAttentionRefusesWhatItCannotDraw(t *testing.T) {
	build := func(add func(b *layer.Builder)) layer.List {
		b := &layer.Builder{}
		b.Add("image", layer.Input{Shape: []int{2, 2, 4}})
		add(b)
		if b.Err != nil {
			t.Fatal(b.Err)
		}
		return b.List
	}
	heads := layer.MultiHeadAttention{NumHeads: 1, KeyDim: 2}
	for want, ls := range map[string]layer.List{
		"the model has no MultiHeadAttention": build(func(b *layer.Builder) { b.Add("relu", layer.ReLU{}) }),
		"layer heads: nothing before it makes tokens of an image": build(func(b *layer.Builder) {
			b.Add("rows", layer.Reshape{Shape: []int{2, 8}})
			b.Add("heads", heads)
		}),
		"layer heads attends over 3 tokens, but the image has 2×2 patches": build(func(b *layer.Builder) {
			b.Add("tokens", layer.Reshape{Shape: []int{4, 4}})
			b.Add("crop", layer.Cropping1D{Cropping: [2]int{0, 1}})
			b.Add("heads", heads)
		}),
	} {
		if _, err := NewAttention(ls, ls.Initial(1)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one with %q", err, want)
		}
	}
	ls := build(func(b *layer.Builder) {
		b.Add("tokens", layer.Reshape{Shape: []int{4, 4}})
		b.Add("heads", heads)
	})
	good := attentionIn(t, ls, ls.Initial(1))
	if maps, err := good.Explain(t.Context(), numbers{nil, 16}); err != nil || len(maps) != 0 {
		t.Errorf("no images: %v, %v", maps, err)
	}
	_, err := good.Explain(t.Context(), numbers{make([]float32, 17), 17})
	if err == nil || !strings.Contains(err.Error(), "17 values for an image of shape [2 2 4]") {
		t.Errorf("half an image: %v", err)
	}
	v := ls.Initial(1)
	v["heads"][0][0] = float32(math.NaN())
	_, err = attentionIn(t, ls, v).Explain(t.Context(), numbers{make([]float32, 16), 16})
	if err == nil || !strings.Contains(err.Error(), "layer heads: a weight is not a number") {
		t.Errorf("not a number: %v", err)
	}
}
