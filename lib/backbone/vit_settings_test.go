package backbone

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/layer"
)

// library finds the tensors of a small ViT under a library's names.
func library(t *testing.T, name string) vitGolden {
	t.Helper()
	for _, g := range readViTs(t) {
		if g.Library == name {
			return g
		}
	}
	t.Fatalf("no golden of %s", name)
	return vitGolden{}
}

// saveWith puts files of settings beside the weights, whose path it returns.
func (g vitGolden) saveWith(t *testing.T, files map[string]json.RawMessage) string {
	t.Helper()
	path := g.save(t, g.layers())
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(filepath.Dir(path), name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// testdata/vit_settings.json.gz is made by scripts/oracle/vit_settings.py.
func TestSettingsBesideTheWeightsAreUsed(t *testing.T) {
	var cases []struct {
		Library string
		Files   map[string]json.RawMessage
		Output  []float32
	}
	golden.Read(t, "testdata/vit_settings.json.gz", &cases)
	for i, want := range cases {
		path := library(t, want.Library).saveWith(t, want.Files)
		if i%2 == 1 { // the folder stands for the file
			path = filepath.Dir(path)
		}
		b, err := ViT(Config{Variant: "tiny/16", Input: 64, Weights: path})
		if err != nil {
			t.Fatalf("case %d: %v", i, err)
		}
		if cropped := strings.Contains(b.Notice, "for the centre of images"); cropped != (want.Library == "timm") ||
			!cropped && b.Notice != "" {
			t.Errorf("case %d: notice %q", i, b.Notice)
		}
		model := &layer.Builder{}
		model.Add("image", layer.Input{Shape: []int{64, 64, 3}})
		last := b.AddTo(model)
		if model.Err != nil {
			t.Fatal(model.Err)
		}
		got := activations(t, model.List, model.Values, []string{last}, 2, golden.Uniform("pixels", 2*64*64*3, 0, 255))[last]
		d := golden.Relative(got, want.Output)
		t.Logf("case %d, %s: differs by %.2g of the largest value", i, want.Library, d)
		if d > 1e-5 {
			t.Errorf("case %d, %s: differs by %.2g of the largest value", i, want.Library, d)
		}
	}
}

// tinyConfig is the config.json of the small ViT, with changes in JSON.
func tinyConfig(changes string) json.RawMessage {
	members := map[string]json.RawMessage{}
	for _, text := range []string{`{"model_type": "vit", "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
		"intermediate_size": 128, "image_size": 64, "patch_size": 16}`, "{" + changes + "}"} {
		more := map[string]json.RawMessage{}
		if err := json.Unmarshal([]byte(text), &more); err != nil {
			panic(err)
		}
		maps.Copy(members, more)
	}
	text, err := json.Marshal(members)
	if err != nil {
		panic(err)
	}
	return text
}

func TestSettingsThatCannotBeComputedAreRefused(t *testing.T) {
	huggingFace, timmFile := library(t, "Hugging Face"), library(t, "timm")
	config := func(changes string) map[string]json.RawMessage {
		return map[string]json.RawMessage{"config.json": tinyConfig(changes)}
	}
	processor := func(text string) map[string]json.RawMessage {
		return map[string]json.RawMessage{"config.json": tinyConfig(""), "preprocessor_config.json": []byte(text)}
	}
	timmConfig := func(text string) map[string]json.RawMessage {
		return map[string]json.RawMessage{"config.json": []byte(text)}
	}
	for _, c := range []struct {
		g     vitGolden
		files map[string]json.RawMessage
		says  string
	}{
		{huggingFace, config(`"hidden_size": 64`), "hidden_size is 64: ViT tiny/16 has 32"},
		{huggingFace, config(`"num_hidden_layers": 1`), "num_hidden_layers is 1: ViT tiny/16 has 2"},
		{huggingFace, config(`"intermediate_size": 64`), "intermediate_size is 64: ViT tiny/16 has 128"},
		{huggingFace, config(`"patch_size": [8, 8]`), "patch_size is 8: ViT tiny/16 has 16"},
		{huggingFace, config(`"patch_size": [16, 8]`), "patch_size is [16 8]: only equal numbers"},
		{huggingFace, config(`"patch_size": []`), "patch_size is [], not a whole number"},
		{huggingFace, config(`"image_size": 96`), "image_size is 96, which makes 36 patches, but the weights have 17 positions"},
		{huggingFace, config(`"num_channels": 1`), "num_channels is 1: ViT tiny/16 has 3"},
		{huggingFace, config(`"num_attention_heads": 5`), "num_attention_heads is 5: it must divide the 32"},
		{huggingFace, config(`"num_attention_heads": 0`), "num_attention_heads is 0"},
		{huggingFace, config(`"num_attention_heads": 2.5`), "num_attention_heads is 2.5, not a whole number"},
		{huggingFace, config(`"layer_norm_eps": 0`), "layer_norm_eps is 0"},
		{huggingFace, config(`"layer_norm_eps": "small"`), `layer_norm_eps is "small", not a number`},
		{huggingFace, config(`"hidden_act": "quick_gelu"`), `hidden_act is "quick_gelu": only "gelu" (exact), "relu" and "silu"`},
		{huggingFace, config(`"hidden_act": "gelu_new"`), `hidden_act is "gelu_new"`},
		{huggingFace, config(`"qkv_bias": false`), "qkv_bias is false"},
		{huggingFace, config(`"model_type": "deit"`), `model_type is "deit": only "vit"`},
		{huggingFace, map[string]json.RawMessage{"config.json": []byte(`[]`)}, "which should hold settings of the weights"},
		{huggingFace, map[string]json.RawMessage{"config.json": []byte(`{"hidden_size": `)}, "get it again, or remove it"},
		{huggingFace, map[string]json.RawMessage{"config.json": []byte(strings.Repeat(" ", 1<<20+1))}, "more than a megabyte"},
		{huggingFace, processor(`{"image_std": [0.5, 0, 0.5]}`), "image_std is [0.5 0 0.5]: only numbers above 0"},
		{huggingFace, processor(`{"image_mean": [0.5, 0.5]}`), "image_mean is [0.5 0.5]: it has 2 numbers, not 3"},
		{huggingFace, processor(`{"image_mean": "imagenet"}`), `image_mean is "imagenet", not a number`},
		{huggingFace, processor(`{"resample": 9}`), "resample is 9: it is 0 to 5"},
		{huggingFace, processor(`{"do_rescale": 1}`), "do_rescale is 1, not true or false"},
		{huggingFace, processor(`{"do_flip_channel_order": true}`), "do_flip_channel_order is true"},
		{huggingFace, processor(`not JSON`), "preprocessor_config.json, which should hold settings"},
		{timmFile, timmConfig(`{"architecture": "vit_base_patch16_clip_quickgelu_224"}`), "its approximation of GELU"},
		{timmFile, timmConfig(`{"architecture": "v", "model_args": {"num_heads": 5}}`), "config.json: model_args: num_heads is 5"},
		{timmFile, timmConfig(`{"architecture": "v", "model_args": {"act_layer": "silu"}}`), `act_layer is "silu"`},
		{timmFile, timmConfig(`{"architecture": "v", "model_args": []}`), "model_args is [], not an object"},
		{timmFile, timmConfig(`{"architecture": "v", "pretrained_cfg": {"std": [1, 1, -1]}}`), "pretrained_cfg: std is [1 1 -1]"},
	} {
		path := c.g.saveWith(t, c.files)
		_, err := ViT(Config{Variant: "tiny/16", Input: 64, Weights: path})
		requireInError(t, err, c.says)
		requireInError(t, err, filepath.Join(filepath.Dir(path), "config.json")[:len(filepath.Dir(path))])
	}
	// All at once, each in a line.
	_, err := ViT(Config{Variant: "tiny/16", Input: 64, Weights: huggingFace.saveWith(t, config(`"qkv_bias": false, "hidden_act": "x"`))})
	requireInError(t, err, "hidden_act")
	requireInError(t, err, "qkv_bias")
}

func TestSettingsThatAreAssumedAreSaid(t *testing.T) {
	huggingFace, timmFile := library(t, "Hugging Face"), library(t, "timm")
	bicubic := json.RawMessage(`{"resample": 3, "do_center_crop": true}`)
	for _, c := range []struct {
		g     vitGolden
		files map[string]json.RawMessage
		says  []string
	}{
		{huggingFace, nil, []string{"no config.json beside the weights: 2 heads, an epsilon of 1e-12 and pixels of −1…1 are assumed"}},
		{timmFile, nil, []string{"no config.json beside the weights: 2 heads, an epsilon of 1e-06"}},
		{timmFile, map[string]json.RawMessage{"config.json": []byte(`{"num_heads": 4}`)}, []string{"no config.json beside"}},
		{huggingFace, map[string]json.RawMessage{"config.json": tinyConfig("")},
			[]string{"no preprocessor_config.json beside the weights: pixels of −1…1 are assumed"}},
		{huggingFace, map[string]json.RawMessage{"config.json": tinyConfig(""), "preprocessor_config.json": bicubic},
			[]string{"resized by bicubic interpolation", "the centre of images"}},
		{timmFile, map[string]json.RawMessage{"config.json": []byte(`{"architecture": "vit_tiny_patch16_224"}`)},
			[]string{"resized by bicubic interpolation"}},
	} {
		b, err := ViT(Config{Variant: "tiny/16", Input: 64, Weights: c.g.saveWith(t, c.files)})
		if err != nil {
			t.Fatal(err)
		}
		for _, says := range c.says {
			if !strings.Contains(b.Notice, says) {
				t.Errorf("notice %q, want %q in it", b.Notice, says)
			}
		}
		if b.Preprocess() != minusOneToOne {
			t.Errorf("preprocessing %+v", b.Preprocess())
		}
	}
}

func TestAddToPutsABackboneIntoAModel(t *testing.T) {
	b, err := MobileNetV2(Config{Alpha: 0.35, Input: 32, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	model := &layer.Builder{}
	model.Add("image", layer.Input{Shape: []int{48, 48, 3}})
	model.Add("", layer.Resizing{Height: 32, Width: 32})
	last := b.AddTo(model)
	if model.Err != nil {
		t.Fatal(model.Err)
	}
	n := model.Nested[0]
	if last != "out_relu" || n.Name != "mobilenetv2_0.35_32" || n.Start != 3 || n.End-n.Start != len(b.Layers) ||
		model.List[2].Name != "preprocess_input" || model.List[2].Op != minusOneToOne {
		t.Errorf("%s ends with %s", n.Name, last)
	}
	for i, l := range model.List[n.Start:] {
		if !l.Inference || l == b.Layers[i] {
			t.Fatalf("%s is the backbone's own, or trains", l.Name)
		}
	}
	if golden.Difference(model.Values["Conv1"][0], b.Values["Conv1"][0]) != 0 {
		t.Error("the values are lost")
	}
	wrong := &layer.Builder{}
	wrong.Add("image", layer.Input{Shape: []int{48, 48, 3}})
	b.AddTo(wrong)
	requireInError(t, wrong.Err, "[32 32 3]")
}
