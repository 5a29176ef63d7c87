package backbone

import (
	"slices"
	"testing"

	"github.com/transfer-learning-go/defects/lib/layer"
)

func TestViTHasTheParametersOfTimm(t *testing.T) {
	// timm.create_model("vit_tiny_patch16_224", num_classes=0) and so on; B/16 is the lesson's.
	for name, want := range map[string]int{
		"Ti/16": 5_524_416, "S/16": 21_665_664, "B/16": 85_798_656, "L/16": 303_301_632,
		"S/32": 22_493_952, "B/32": 87_455_232, "L/32": 305_510_400,
	} {
		layers, err := vitLayers(Config{Variant: name, Input: 224})
		if err != nil {
			t.Fatal(err)
		}
		if got := layers.Params(); got != want {
			t.Errorf("%s has %d parameters, timm's %d", name, got, want)
		}
	}
}

func TestViTLayers(t *testing.T) {
	layers, err := vitLayers(Config{Variant: "B/16", Input: 255, IncludeTop: true, Classes: 1000})
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"input_layer", "patch_embedding", "patches", "class_token", "position_embedding",
		"block0_norm1", "block0_attention", "block0_add1", "block0_norm2", "block0_mlp1", "block0_mlp2", "block0_add2"}
	tail := []string{"block11_add2", "norm", "class_token_only", "flatten", "predictions"}
	var got []string
	for _, l := range layers {
		got = append(got, l.Name)
	}
	if !slices.Equal(got[:len(names)], names) || !slices.Equal(got[len(got)-len(tail):], tail) || len(got) != 5+12*7+4 {
		t.Errorf("layers %v", got)
	}
	// 255 pixels hold 15 patches of 16; the border of 15 pixels is left out.
	for name, want := range map[string][]int{
		"patch_embedding": {15, 15, 768}, "patches": {225, 768}, "class_token": {226, 768}, "norm": {226, 768},
		"class_token_only": {1, 768}, "predictions": {1000},
	} {
		if shape := layers[layers.Index(name)].Shape; !slices.Equal(shape, want) {
			t.Errorf("%s has shape %v, want %v", name, shape, want)
		}
	}
	if want := []string{"block0_add1", "block0_mlp2"}; !slices.Equal(layers[layers.Index("block0_add2")].Inputs, want) {
		t.Errorf("the second sum of a block does not add to the first")
	}
}

func TestViTsConfigIsChecked(t *testing.T) {
	t.Setenv("WEIGHTS_DIR", t.TempDir())
	t.Setenv("DEFECTS_CACHE", t.TempDir())
	t.Setenv("HF_HUB_CACHE", t.TempDir())
	for _, c := range []struct {
		part string
		Config
	}{
		{"one patch", Config{Input: 15}},
		{"one patch", Config{Input: 31, Variant: "S/32"}},
		{"use one of Ti/16, S/16, B/16, L/16, S/32, B/32, L/32", Config{Variant: "H/14"}},
		{"use one of Ti/16", Config{Variant: "H/14", Weights: "imagenet"}},
		{"leave Alpha out", Config{Alpha: 1}},
		{"no ImageNet weights for ViT B/16 without top on disk", Config{Weights: "imagenet"}},
		{"not for S/16", Config{Weights: "imagenet", Variant: "S/16"}},
		{"embedded weights are for MobileNetV2", Config{Weights: "embedded"}},
	} {
		_, err := ViT(c.Config)
		requireInError(t, err, c.part)
	}
	_, err := ResNet50V2(Config{Variant: "B/16"})
	requireInError(t, err, "leave Variant out")
}

func TestViTOfRandomWeightsSaysSo(t *testing.T) {
	t.Setenv("WEIGHTS_DIR", t.TempDir())
	t.Setenv("DEFECTS_CACHE", t.TempDir())
	t.Setenv("HF_HUB_CACHE", t.TempDir())
	for _, source := range []string{"", "best"} {
		b, err := ViT(Config{Variant: "Ti/16", Input: 32, Weights: source})
		if err != nil {
			t.Fatal(err)
		}
		if b.Source != "random" || b.Notice == "" || b.String() != "vit_ti16_32" {
			t.Errorf("%q: %s from %q, notice %q", source, b, b.Source, b.Notice)
		}
	}
	b, err := ViT(Config{Variant: "tiny/16", Input: 16})
	if err != nil {
		t.Fatal(err)
	}
	if op := b.Layers[b.Layers.Index("norm")].Op; op != (layer.LayerNormalization{Epsilon: 1e-6}) {
		t.Errorf("epsilon of %+v is not that of the authors", op)
	}
}
