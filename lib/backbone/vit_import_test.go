package backbone

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes/bfloat16"
	"github.com/gomlx/compute/dtypes/float16"

	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/weights"
)

// scripts/oracle/common/vit_golden.py has the same.
func init() {
	vitVariants = append(vitVariants, vitVariant{name: "tiny/16", width: 32, blocks: 2, heads: 2, patch: 16})
	vit.Variants = vitNames()
}

// vitGolden is what a library computes for a small ViT; made by scripts/oracle/goldens/vit_torch.py and vit_kerashub.py.
type vitGolden struct {
	Library string
	Tensors []struct {
		Name      string
		Shape     []int
		Low, High float32
	}
	Runs []struct {
		Input, Images int
		Top           bool
		Output        []float32
	}
}

func readViTs(t *testing.T) []vitGolden {
	t.Helper()
	var torch, kerasHub []vitGolden
	golden.Read(t, "testdata/vit_torch.json.gz", &torch)
	golden.Read(t, "testdata/vit_kerashub.json.gz", &kerasHub)
	return append(torch, kerasHub...)
}

func (g vitGolden) pyTorch() bool { return !strings.HasPrefix(g.Library, "KerasHub") }

// layers are the tensors as weights.Open gives them.
func (g vitGolden) layers() []weights.Layer {
	separator := "/"
	if g.pyTorch() {
		separator = "."
	}
	var layers []weights.Layer
	for _, t := range g.Tensors {
		at := strings.LastIndex(t.Name, separator)
		name := t.Name[:max(at, 0)]
		n := 1
		for _, d := range t.Shape {
			n *= d
		}
		tensor := weights.Tensor{Name: t.Name[at+1:], Shape: t.Shape, Data: golden.Uniform(t.Name, n, t.Low, t.High)}
		if i := slices.IndexFunc(layers, func(l weights.Layer) bool { return l.Name == name }); i >= 0 {
			layers[i].Tensors = append(layers[i].Tensors, tensor)
		} else {
			layers = append(layers, weights.Layer{Name: name, Tensors: []weights.Tensor{tensor}})
		}
	}
	return layers
}

// save writes the layers as the library does.
func (g vitGolden) save(t *testing.T, layers []weights.Layer) string {
	t.Helper()
	path, write := filepath.Join(t.TempDir(), "x.weights.h5"), weights.SaveVariables
	if g.pyTorch() {
		path, write = filepath.Join(t.TempDir(), "model.safetensors"), weights.SaveSafetensors
	}
	if err := write(path, layers); err != nil {
		t.Fatal(err)
	}
	return path
}

// requireRuns compares what the backbone of a file gives with what the library does.
func (g vitGolden) requireRuns(t *testing.T, path string, limit float64) {
	t.Helper()
	for _, run := range g.Runs {
		b, err := ViT(Config{Variant: "tiny/16", Input: run.Input, IncludeTop: run.Top, Classes: 5, Weights: path})
		if err != nil {
			t.Errorf("%s, %d pixels, top %v: %v", g.Library, run.Input, run.Top, err)
			continue
		}
		last := b.Layers[len(b.Layers)-1].Name
		pixels := golden.Uniform("images", run.Images*run.Input*run.Input*3, -1, 1)
		got := activations(t, b.Layers, b.Values, []string{last}, run.Images, pixels)[last]
		d := golden.Difference(got, run.Output)
		t.Logf("%s, %d pixels, top %v: differs by %.2g", g.Library, run.Input, run.Top, d)
		if d > limit {
			t.Errorf("%s, %d pixels, top %v: differs by %.2g", g.Library, run.Input, run.Top, d)
		}
	}
}

func TestViTEqualsOtherLibraries(t *testing.T) {
	for _, g := range readViTs(t) {
		g.requireRuns(t, g.save(t, g.layers()), 1e-5)
	}
}

func TestViTTakesTheEpsilonThatGoesWithTheFile(t *testing.T) {
	for _, g := range readViTs(t) {
		b, err := ViT(Config{Variant: "tiny/16", Input: 64, Weights: g.save(t, g.layers())})
		if err != nil {
			t.Fatal(err)
		}
		want := layer.LayerNormalization{Epsilon: 1e-6}
		if g.Library == "Hugging Face" {
			want.Epsilon = 1e-12
		}
		for _, name := range []string{"block0_norm1", "block1_norm2", "norm"} {
			if op := b.Layers[b.Layers.Index(name)].Op; op != want {
				t.Errorf("%s: %s is %+v, want %+v", g.Library, name, op, want)
			}
		}
	}
}

func TestViTOfHalfPrecisionIsWithinIt(t *testing.T) {
	for _, g := range readViTs(t) {
		if !g.pyTorch() {
			continue
		}
		g.Runs = g.Runs[:1]
		path := filepath.Join(t.TempDir(), "half.safetensors")
		saveHalf(t, path, g.layers(), "F16", func(v float32) uint16 { return float16.FromFloat32(v).Bits() })
		g.requireRuns(t, path, 5e-3)
		saveHalf(t, path, g.layers(), "BF16", func(v float32) uint16 { return bfloat16.FromFloat32(v).Bits() })
		g.requireRuns(t, path, 4e-2)
	}
}

// saveHalf writes a safetensors file of numbers of 16 bits.
func saveHalf(t *testing.T, path string, layers []weights.Layer, dtype string, bits func(float32) uint16) {
	t.Helper()
	header, data := map[string]any{}, []byte{}
	for _, l := range layers {
		for _, tensor := range l.Tensors {
			start := len(data)
			for _, v := range tensor.Data {
				data = binary.LittleEndian.AppendUint16(data, bits(v))
			}
			header[strings.TrimPrefix(l.Name+"."+tensor.Name, ".")] = map[string]any{
				"dtype": dtype, "shape": tensor.Shape, "data_offsets": []int{start, len(data)}}
		}
	}
	text, err := json.Marshal(header)
	if err != nil {
		t.Fatal(err)
	}
	file := append(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), text...)
	if err := os.WriteFile(path, append(file, data...), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestViTReadsItsOwnFileAtAnotherSize(t *testing.T) {
	g := readViTs(t)[0]
	native := g.save(t, g.layers())
	b, err := ViT(Config{Variant: "tiny/16", Input: 64, Weights: native})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "own.h5")
	if err := weights.Save(path, b.Layers.Checkpoint(b.Values)); err != nil {
		t.Fatal(err)
	}
	for _, input := range []int{64, 96} {
		c := Config{Variant: "tiny/16", Input: input, Weights: native}
		want, err := ViT(c)
		if err != nil {
			t.Fatal(err)
		}
		c.Weights = path
		got, err := ViT(c)
		if err != nil {
			t.Fatal(err)
		}
		for name, values := range want.Values {
			for i, v := range values {
				if d := golden.Difference(got.Values[name][i], v); d != 0 {
					t.Errorf("%d pixels: weight %d of %s differs by %.2g", input, i, name, d)
				}
			}
		}
	}
}

func TestViTFilesOfAnotherKindAreRefused(t *testing.T) {
	all := readViTs(t)
	huggingFace, timm, kerasHub := all[0], all[1], all[3]
	without := func(g vitGolden, name string) []weights.Layer {
		return slices.DeleteFunc(g.layers(), func(l weights.Layer) bool { return l.Name == name })
	}
	vector := []weights.Tensor{{Name: "weight", Shape: []int{32}, Data: make([]float32, 32)}}
	reshaped := func(name string, shape []int, n int) []weights.Layer {
		layers := huggingFace.layers()
		for i := range layers {
			for j := range layers[i].Tensors {
				if layers[i].Name+"."+layers[i].Tensors[j].Name == name {
					layers[i].Tensors[j] = weights.Tensor{Name: layers[i].Tensors[j].Name, Shape: shape, Data: make([]float32, n)}
				}
			}
		}
		return layers
	}
	top := Config{Variant: "tiny/16", Input: 64, IncludeTop: true, Classes: 5}
	for _, c := range []struct {
		g      vitGolden
		layers []weights.Layer
		config Config
		parts  []string
	}{
		{huggingFace, huggingFace.layers(), Config{},
			[]string{"are for ViT tiny/16 without top, not for ViT B/16 without top"}},
		{kerasHub, kerasHub.layers(), Config{Variant: "Ti/16"}, []string{"are for ViT tiny/16 without top"}},
		{huggingFace, without(huggingFace, "classifier"), top,
			[]string{"missing classifier.weight [5 32]", "missing classifier.bias [5]"}},
		{huggingFace, huggingFace.layers(), Config{Variant: "tiny/16", Input: 64, IncludeTop: true},
			[]string{"classifier.weight has shape [5 32], want [1000 32]"}},
		{huggingFace, without(huggingFace, "vit.encoder.layer.1.attention.attention.key"), top,
			[]string{"missing vit.encoder.layer.1.attention.attention.key.weight [32 32]", "names of Hugging Face"}},
		{timm, without(timm, "blocks.1.attn.qkv"), top, []string{"missing blocks.1.attn.qkv.weight [96 32]"}},
		{timm, append(without(timm, "norm"), weights.Layer{Name: "fc_norm", Tensors: vector}), top,
			[]string{"missing norm.weight",
				"unexpected fc_norm.weight: a normalization behind the mean over tokens is not supported"}},
		{huggingFace, reshaped("vit.embeddings.position_embeddings", []int{1, 16, 32}, 16*32), top,
			[]string{"vit.embeddings.position_embeddings has shape [1 16 32], want [1 17 32]"}},
		{huggingFace, reshaped("vit.embeddings.patch_embeddings.projection.weight", []int{32, 1, 16, 16}, 32*256), top,
			[]string{"projection.weight has shape [32 1 16 16], want [32 3 16 16]"}},
		{huggingFace, reshaped("vit.embeddings.patch_embeddings.projection.weight", []int{32, 3, 8, 8}, 32*3*64), top,
			[]string{"a ViT of 32 numbers per token and patches of 8 pixels", "Ti/16, S/16"}},
		{kerasHub, append(kerasHub.layers(), weights.Layer{Name: "layers/dense_1", Tensors: []weights.Tensor{
			{Name: "0", Shape: []int{32, 5}, Data: make([]float32, 160)}}}), top, []string{"unexpected layers/dense_1/0"}},
	} {
		c.config.Weights = c.g.save(t, c.layers)
		_, err := ViT(c.config)
		for _, part := range append(c.parts, c.config.Weights) {
			requireInError(t, err, part)
		}
	}
	_, err := ResNet50V2(Config{Input: 64, Weights: huggingFace.save(t, huggingFace.layers())})
	requireInError(t, err, "are for ViT tiny/16 without top, not for ResNet50V2")
}

func TestOneShardIsToldFromAWholeFile(t *testing.T) {
	g := readViTs(t)[0]
	path := filepath.Join(t.TempDir(), "model-00001-of-00002.safetensors")
	layers := g.layers()
	if err := os.Rename(g.save(t, layers[:len(layers)/2]), path); err != nil {
		t.Fatal(err)
	}
	_, err := ViT(Config{Variant: "tiny/16", Input: 64, Weights: path})
	requireInError(t, err, path)
	requireInError(t, err, "give the path of the index beside them, model.safetensors.index.json")
}

func TestWeightsNotNeededAreLeftOut(t *testing.T) {
	g := readViTs(t)[0]
	pooler := weights.Layer{Name: "vit.pooler.dense", Tensors: []weights.Tensor{
		{Name: "weight", Shape: []int{32, 32}, Data: make([]float32, 32*32)}}}
	b, err := ViT(Config{Variant: "tiny/16", Input: 64, Weights: g.save(t, append(g.layers(), pooler))})
	if err != nil {
		t.Fatal(err)
	}
	if len(b.Values) != len(b.Layers)-1-1-4 { // but for the input, the patches, and two sums in each block
		t.Errorf("%d layers have values", len(b.Values))
	}
	for name, values := range b.Values {
		for _, v := range values {
			if slices.ContainsFunc(v, func(x float32) bool { return math.IsNaN(float64(x)) }) {
				t.Errorf("%s holds NaN", name)
			}
		}
	}
	// A bare ViTModel of Hugging Face has no prefix.
	layers := g.layers()
	for i := range layers {
		layers[i].Name = strings.TrimPrefix(layers[i].Name, "vit.")
	}
	bare, err := ViT(Config{Variant: "tiny/16", Input: 64, Weights: g.save(t, layers)})
	if err != nil {
		t.Fatal(err)
	}
	if b.Layers.Hash(b.Values) != bare.Layers.Hash(bare.Values) {
		t.Error("without the prefix, other values come back")
	}
}
