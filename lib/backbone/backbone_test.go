package backbone

import (
	"slices"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/notice"
	"github.com/transfer-learning-go/defects/lib/weights"
)

func requireInError(t *testing.T, err error, part string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), part) {
		t.Errorf("error %q does not say %q", err, part)
	}
}

func TestConfigIsChecked(t *testing.T) {
	t.Setenv("WEIGHTS_DIR", t.TempDir())
	t.Setenv("DEFECTS_CACHE", t.TempDir())
	for part, c := range map[string]Config{
		"alpha 0.4":         {Alpha: 0.4},
		"at least 32":       {Input: 31},
		"leave Alpha":       {Alpha: 0.5, Weights: "embedded"},
		"WEIGHTS_DIR":       {Weights: "imagenet"},
		"/no/such/file.h5":  {Weights: "/no/such/file.h5"},
		"use one of [0.35 ": {Alpha: -1},
	} {
		_, err := MobileNetV2(c)
		requireInError(t, err, part)
	}
	_, err := New("vgg16", Config{})
	requireInError(t, err, "mobilenetv2")
}

func TestZeroConfigIsTheLessons(t *testing.T) {
	b, err := MobileNetV2(Config{})
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != "mobilenetv2_1.00_224" || b.Layers.Params() != 2_257_984 || len(b.Layers) != 154 {
		t.Errorf("%s with %d parameters in %d layers", b, b.Layers.Params(), len(b.Layers))
	}
	if b.Source != "random" || b.Notice == "" {
		t.Errorf("random weights have source %q, notice %q", b.Source, b.Notice)
	}
}

func TestSameSeedGivesSameWeights(t *testing.T) {
	hash := func(seed int64) string {
		b, err := MobileNetV2(Config{Alpha: 0.35, Input: 32, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		return b.Layers.Hash(b.Values)
	}
	if hash(1) != hash(1) || hash(1) == hash(2) {
		t.Error("the seed does not decide the weights")
	}
}

func TestFreezeLeavesTheRestTrainable(t *testing.T) {
	b, err := MobileNetV2(Config{Alpha: 0.35, Input: 32})
	if err != nil {
		t.Fatal(err)
	}
	all := b.Layers.TrainableParams()
	b.Layers.Freeze()
	if n := b.Layers.TrainableParams(); n != 0 {
		t.Errorf("%d parameters are trainable when all is frozen", n)
	}
	b.Layers.Unfreeze()
	b.Layers[:100].Freeze()
	want := b.Layers[100:].TrainableParams()
	if n := b.Layers.TrainableParams(); n != want || n == 0 {
		t.Errorf("%d parameters are trainable above layer 100, want %d", n, want)
	}
	b.Layers.Unfreeze()
	if n := b.Layers.TrainableParams(); n != all {
		t.Errorf("%d parameters are trainable when nothing is frozen, want %d", n, all)
	}
}

func TestBestTakesTheNearestWidthOnDisk(t *testing.T) {
	t.Setenv("DEFECTS_CACHE", t.TempDir())
	folder := t.TempDir()
	t.Setenv("WEIGHTS_DIR", folder)
	for _, alpha := range []float64{0.35, 1.3} {
		b, err := MobileNetV2(Config{Alpha: alpha})
		if err != nil {
			t.Fatal(err)
		}
		p, err := mobileNetV2.Published(Config{Alpha: alpha})
		if err != nil {
			t.Fatal(err)
		}
		if err := weights.Save(folder+"/"+p.File, b.Layers.Checkpoint(b.Values)); err != nil {
			t.Fatal(err)
		}
	}
	for alpha, want := range map[float64]float64{0: 1.3, 0.5: 0.35, 1.4: 1.3, 0.35: 0.35} {
		b, err := MobileNetV2(Config{Alpha: alpha, Weights: "best"})
		if err != nil {
			t.Fatal(err)
		}
		if b.Config.Alpha != want || b.Source != "imagenet" {
			t.Errorf("asked for %v: %s from %s, want alpha %v", alpha, b, b.Source, want)
		}
	}
}

// What a program prints beside results must not appear without the notice: New announces it.
func TestSubstitutesAreAnnounced(t *testing.T) {
	for _, source := range []string{"embedded", "random"} {
		b, err := MobileNetV2(Config{Alpha: 0.35, Input: 32, Weights: source})
		if err != nil {
			t.Fatal(err)
		}
		if b.Notice == "" || !slices.Contains(notice.Told(), b.Notice) {
			t.Errorf("%s: notice %q, told %q", source, b.Notice, notice.Told())
		}
	}
}
