//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/weights"
)

// fineTunedViT is the folder of a Vision Transformer of one block, fine-tuned with transformers for the classes of the tests.
func fineTunedViT(t *testing.T) (folder string) {
	t.Helper()
	const width, patch, size = 16, 16, 32
	folder = t.TempDir()
	var layers []weights.Layer
	random := rand.New(rand.NewPCG(1, 2))
	uniform := func(n int) []float32 {
		values := make([]float32, n)
		for i := range values {
			values[i] = random.Float32() - 0.5
		}
		return values
	}
	add := func(name string, shapes map[string][]int) {
		l := weights.Layer{Name: name}
		for _, weight := range []string{"weight", "bias", "cls_token", "position_embeddings"} {
			if shape, ok := shapes[weight]; ok {
				n := 1
				for _, d := range shape {
					n *= d
				}
				l.Tensors = append(l.Tensors, weights.Tensor{Name: weight, Shape: shape, Data: uniform(n)})
			}
		}
		layers = append(layers, l)
	}
	dense := func(name string, out, in int) { add(name, map[string][]int{"weight": {out, in}, "bias": {out}}) }
	norm := func(name string) { add(name, map[string][]int{"weight": {width}, "bias": {width}}) }
	add("vit.embeddings", map[string][]int{"cls_token": {1, 1, width}, "position_embeddings": {1, 5, width}})
	add("vit.embeddings.patch_embeddings.projection", map[string][]int{"weight": {width, 3, patch, patch}, "bias": {width}})
	const block = "vit.encoder.layer.0."
	for _, name := range []string{"query", "key", "value"} {
		dense(block+"attention.attention."+name, width, width)
	}
	dense(block+"attention.output.dense", width, width)
	dense(block+"intermediate.dense", 4*width, width)
	dense(block+"output.dense", width, 4*width)
	norm(block + "layernorm_before")
	norm(block + "layernorm_after")
	norm("vit.layernorm")
	dense("classifier", 3, width)
	if err := weights.SaveSafetensors(filepath.Join(folder, "model.safetensors"), layers); err != nil {
		t.Fatal(err)
	}
	for name, settings := range map[string]map[string]any{
		"config.json": {"model_type": "vit", "hidden_size": width, "num_hidden_layers": 1, "num_attention_heads": 4,
			"intermediate_size": 4 * width, "image_size": size, "patch_size": patch,
			"id2label": map[string]string{"0": "rows", "1": "dots", "2": "stripes"}},
		"preprocessor_config.json": {"size": map[string]int{"height": size, "width": size}},
	} {
		text, err := json.Marshal(settings)
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, name), text, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func TestFoldersOfTransformersAreModels(t *testing.T) {
	needDevice(t)
	folder := fineTunedViT(t)
	picture := imageFile("train", "dots", 1)
	code, stdout, stderr := defects("summary", folder)
	if code != 0 || !strings.Contains(stdout, "Base: vit_16_16") || !strings.Contains(stderr, "alphabetical order") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
	var first, again predictions
	succeed(t, &first, "predict", folder, picture)
	if !slices.Equal(first.Classes, testClasses) || first.Notice != "" {
		t.Errorf("classes %v, notice %q", first.Classes, first.Notice)
	}
	var measured struct {
		evaluation
		Report map[string]any `json:"report"`
	}
	succeed(t, &measured, "evaluate", folder)
	if measured.Total != 9 || strings.Contains(measured.Notice, "names no classes") {
		t.Errorf("%+v", measured.evaluation)
	}
	for _, from := range []string{folder, filepath.Join(folder, "model.safetensors")} {
		out := filepath.Join(t.TempDir(), "model.keras")
		var done converted
		succeed(t, &done, "convert", from, out)
		succeed(t, &again, "predict", out, picture)
		again.Images = first.Images
		if !reflect.DeepEqual(again, first) {
			t.Errorf("converted: %+v, want %+v", again, first)
		}
	}
	run := filepath.Join(t.TempDir(), "tuned")
	var h training
	succeed(t, &h, "train", folder, "--out", run, "--epochs", "1", "--unfreeze-last", "4")
	if h.Epochs() != 1 || h.Weights != folder {
		t.Errorf("%+v", h)
	}
	succeed(t, &again, "predict", run, picture)
	// A name without a slash is a folder here, too.
	t.Chdir(filepath.Dir(folder))
	succeed(t, &again, "predict", filepath.Base(folder), picture)
	if !reflect.DeepEqual(again.Probabilities, first.Probabilities) {
		t.Errorf("%v, want %v", again.Probabilities, first.Probabilities)
	}
}

// Each command says in one line what a file of another kind is.
func TestFilesOfOtherKindsAreNamed(t *testing.T) {
	picture := imageFile("train", "dots", 1)
	for name, c := range map[string]struct{ content, says string }{
		"model.onnx":   {"\x08\x0a\x12\x07pytorch", "this is an ONNX model"},
		"model.tflite": {"\x1c\x00\x00\x00TFL3\x14\x00", "this is a TensorFlow Lite model"},
		"model.pt":     {"\x80\x02\x8a\x0al", "this is a pickle of PyTorch"},
		"config.json":  {`{"model_type": "vit"}`, "settings of a model of transformers or timm: give the folder"},
	} {
		path := write(t, []byte(c.content), t.TempDir(), name)
		for _, args := range [][]string{{"predict", path, picture}, {"evaluate", path}, {"summary", path},
			{"convert", path, filepath.Join(t.TempDir(), "out.keras")},
			{"train", path, "--out", filepath.Join(fixture.root, "runs", "refused")}} {
			refuse(t, []string{c.says, path}, args...)
			if _, _, stderr := defects(args...); strings.Count(strings.TrimSpace(stderr), "\n") > 0 || strings.Contains(stderr, "run.json") {
				t.Errorf("%s: %s", fmt.Sprint(args), stderr)
			}
		}
	}
	folder := t.TempDir()
	write(t, []byte("\x08\x01\x12\x00"), folder, "saved_model.pb")
	refuse(t, []string{"a SavedModel of TensorFlow", folder}, "predict", folder, picture)
	refuse(t, []string{"gone.onnx", "no such file"}, "predict", filepath.Join(folder, "gone.onnx"), picture)
}
