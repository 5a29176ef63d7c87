package backbone

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/files"
	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/keras"
	"github.com/transfer-learning-go/defects/lib/weights"
)

const published035 = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.h5"

// needPublished finds the published weights of MobileNetV2 of width 0.35.
func needPublished(t *testing.T) (path string) {
	t.Helper()
	folder := os.Getenv("WEIGHTS_DIR")
	if folder == "" {
		folder = filepath.Join(files.ModuleRoot(), "..", "shared", "data")
		t.Setenv("WEIGHTS_DIR", folder)
	}
	path = filepath.Join(folder, published035)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("needs %s, as Keras publishes it, in WEIGHTS_DIR or ../shared/data", published035)
	}
	return path
}

func TestPublishedWeightsLoad(t *testing.T) {
	needPublished(t)
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
		"vit": {Variant: "tiny/16", Input: 32}, "efficientnetb0": {Input: 32}} {
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

// A file that is not the published one, as its sum tells, is used, but everything that is made with it says so.
func TestFilesThatAreNotThePublishedOnesAreDoubted(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("WEIGHTS_DIR", folder)
	t.Setenv("DEFECTS_CACHE", t.TempDir())
	base, err := EfficientNetB0(Config{Input: 32, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	p, err := efficientNetB0.Published(Config{})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, p.File)
	if err := weights.Save(path, base.Layers.Checkpoint(base.Values)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"imagenet", "best", path} {
		b, err := EfficientNetB0(Config{Input: 32, Weights: name})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.Notice, path+" is not the published file: its MD5 is ") || !strings.Contains(b.Notice, p.MD5) {
			t.Errorf("%s: notice %q", name, b.Notice)
		}
	}
	other := filepath.Join(folder, "mine.h5")
	if err := os.Rename(path, other); err != nil {
		t.Fatal(err)
	}
	if b, err := EfficientNetB0(Config{Input: 32, Weights: other}); err != nil || b.Notice != "" {
		t.Errorf("%v, notice %q", err, b.Notice)
	}
	if p.doubt(path, base) == "" { // a file that cannot be read is not the published one either
		t.Error("a file that is not there is not doubted")
	}
}

// The numbers are known of one file, however they are stored, so that one wrong bit is noticed in it.
func TestWrongBitsInPublishedWeightsAreNoticed(t *testing.T) {
	b, err := MobileNetV2(Config{Alpha: 0.35, Input: 32})
	if err != nil {
		t.Fatal(err)
	}
	p := Published{Values: b.valuesSum()}
	if got := p.doubt("w.h5", b); got != "" {
		t.Errorf("the same numbers: %q", got)
	}
	values := b.Values["block_3_project"][0]
	values[7] = math.Float32frombits(math.Float32bits(values[7]) ^ 1)
	if got := p.doubt("w.h5", b); !strings.Contains(got, "w.h5 does not hold the published weights") {
		t.Errorf("one bit is wrong: %q", got)
	}
}

// Fetch keeps a sum beside a file, which goes where the file is copied to.
func TestASumBesideAFileIsComparedWhereverItLies(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("WEIGHTS_DIR", folder)
	t.Setenv("DEFECTS_CACHE", t.TempDir())
	small, err := MobileNetV2(Config{Alpha: 0.5, Input: 32})
	if err != nil {
		t.Fatal(err)
	}
	p, err := mobileNetV2.Published(Config{Alpha: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, p.File)
	if err := weights.Save(path, small.Layers.Checkpoint(small.Values)); err != nil {
		t.Fatal(err)
	}
	sum, err := files.SHA256(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path+".sha256", []byte(sum+"  "+p.File+"\n"))
	if found, damaged := p.Find(); found != path || damaged != nil {
		t.Errorf("found %q, %v", found, damaged)
	}
	write(t, path+".sha256", []byte(sum[1:]+"0  "+p.File+"\n"))
	if found, damaged := p.Find(); found != "" || damaged == nil || !strings.Contains(damaged.Error(), path+" is damaged") {
		t.Errorf("found %q, %v", found, damaged)
	}
	for _, name := range []string{"imagenet", path} {
		_, err = MobileNetV2(Config{Alpha: 0.5, Input: 32, Weights: name})
		requireInError(t, err, path+" is damaged")
	}
}

// One bit is flipped at a hundred places of the published file: it must be refused, or give what was published, or be
// doubted.
func TestFlippedBitsInThePublishedFileAreNoticed(t *testing.T) {
	whole, err := os.ReadFile(needPublished(t))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), published035)
	load := func(data []byte) (*Backbone, error) {
		write(t, path, data)
		return MobileNetV2(Config{Alpha: 0.35, Input: 32, Weights: path})
	}
	want, err := load(whole)
	if err != nil || want.Notice != "" {
		t.Fatalf("%v, notice %q", err, want.Notice)
	}
	refused, doubted := 0, 0
	for i := range 100 {
		damaged := slices.Clone(whole)
		bit := (8*len(whole)/100+1)*i + 5
		damaged[bit/8] ^= 1 << (bit % 8)
		switch b, err := load(damaged); {
		case err != nil:
			refused++
		case b.Notice != "":
			doubted++
		case b.valuesSum() != want.valuesSum():
			t.Errorf("bit %d is flipped, and other weights are used without a word", bit)
		}
	}
	if t.Logf("of 100 flips, %d are refused and %d doubted", refused, doubted); refused+doubted < 50 {
		t.Error("that is too few: most of the file are weights")
	}
}
