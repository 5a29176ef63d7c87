package backbone

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/transfer-learning-go/defects/lib/files"
	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/keras"
	"github.com/transfer-learning-go/defects/lib/weights"
)

func TestPublishedWeightsLoad(t *testing.T) {
	const file = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.h5"
	folder := os.Getenv("WEIGHTS_DIR")
	if folder == "" {
		folder = filepath.Join(files.ModuleRoot(), "..", "shared", "data")
		t.Setenv("WEIGHTS_DIR", folder)
	}
	if _, err := os.Stat(filepath.Join(folder, file)); err != nil {
		t.Skipf("needs %s, as Keras publishes it, in WEIGHTS_DIR or ../shared/data", file)
	}
	b, err := MobileNetV2(Config{Alpha: 0.35, Weights: "imagenet"})
	if err != nil {
		t.Fatal(err)
	}
	if b.Source != "imagenet" || b.Notice != "" {
		t.Errorf("source %q, notice %q", b.Source, b.Notice)
	}
	if v := b.Values["Conv_1_bn"][3]; slices.Max(v) <= slices.Min(v) {
		t.Error("the last moving variance is constant: not trained")
	}
}

// What Keras saves of a base alone names no layers, but counts them.
func TestVariablesOfABaseAloneAreMatched(t *testing.T) {
	for name, c := range map[string]Config{"mobilenetv2": {Alpha: 0.35, Input: 32}, "resnet50v2": {Input: 32},
		"vit": {Variant: "tiny/16", Input: 32}} {
		c.Seed = 3
		b, err := New(name, c)
		if err != nil {
			t.Fatal(err)
		}
		for _, ending := range []string{".weights.h5", ".keras"} {
			c.Weights = filepath.Join(t.TempDir(), "base"+ending)
			if err := keras.Save(c.Weights, &keras.Model{Name: name, Layers: b.Layers, Values: b.Values}); err != nil {
				t.Fatal(err)
			}
			again, err := New(name, c)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if again.Layers.Hash(again.Values) != b.Layers.Hash(b.Values) {
				t.Errorf("%s%s: other values come back", name, ending)
			}
		}
	}
}

func TestWeightsOfAnotherWidthAreRefused(t *testing.T) {
	b, err := MobileNetV2(Config{Alpha: 0.35, Input: 32})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.h5")
	if err := weights.Save(path, b.Layers.Checkpoint(b.Values)); err != nil {
		t.Fatal(err)
	}
	same, err := MobileNetV2(Config{Alpha: 0.35, Input: 96, Weights: path})
	if err != nil {
		t.Fatal(err)
	}
	if golden.Difference(same.Values["Conv_1"][0], b.Values["Conv_1"][0]) != 0 {
		t.Error("other values come back")
	}
	_, err = MobileNetV2(Config{Alpha: 0.5, Weights: path})
	requireInError(t, err, path)
	requireInError(t, err, "alpha 0.35 without top")

	// A layer is missing, so that it is no other variant either.
	if err := weights.Save(path, b.Layers.Checkpoint(b.Values)[2:]); err != nil {
		t.Fatal(err)
	}
	_, err = MobileNetV2(Config{Alpha: 0.35, Weights: path})
	requireInError(t, err, path)
	requireInError(t, err, "missing layer Conv1 kernel[3 3 3 16]")
}
