//go:build unix

package main

import (
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/metrics"
)

func TestFeaturesOfImages(t *testing.T) {
	needDevice(t)
	a, b := imageFile("train", "dots", 1), imageFile("train", "rows", 1)
	get := func(args ...string) (out featureTable) {
		t.Helper()
		succeed(t, &out, append([]string{"features", "mobilenetv2"}, args...)...)
		return out
	}
	got := get("--weights", fixture.weights, "--alpha", "0.35", a, b, a)
	if !slices.Equal(got.Images, []string{a, b, a}) || len(got.Features) != 3 || len(got.Features[0]) != 1280 {
		t.Fatalf("images %v, %d rows", got.Images, len(got.Features))
	}
	if !slices.Equal(got.Features[0], got.Features[2]) || slices.Equal(got.Features[0], got.Features[1]) {
		t.Error("equal images differ, or different ones do not")
	}
	// Options may stand between and after images.
	direct := get(a, "--alpha=0.35", "--no-lesson-resize", b, a, "--weights", fixture.weights)
	if !slices.Equal(direct.Images, got.Images) || slices.Equal(direct.Features[0], got.Features[0]) {
		t.Errorf("--no-lesson-resize changes nothing for %v", direct.Images)
	}
	code, stdout, _ := defects("features", "mobilenetv2", "--weights", "none", "--alpha", "0.35", "--input", "96", a)
	if code != 0 || !strings.Contains(stdout, "mobilenetv2_0.35_96") || !strings.Contains(stdout, "NOTICE: random weights") ||
		!strings.Contains(stdout, a+": 1280 features") {
		t.Errorf("exit code %d: %s", code, stdout)
	}
}

func TestFeaturesOfResNet50V2(t *testing.T) {
	needDevice(t)
	var got featureTable
	succeed(t, &got, "features", "resnet50v2", "--weights", "none", "--input", "32", imageFile("train", "dots", 1))
	if got.Backbone != "resnet50v2" || len(got.Features[0]) != 2048 || !strings.Contains(got.Notice, "random weights") {
		t.Errorf("%s: %d features, notice %q", got.Backbone, len(got.Features[0]), got.Notice)
	}
}

func TestTrainEvaluatePredict(t *testing.T) {
	needDevice(t)
	run := filepath.Join(t.TempDir(), "run")
	var history training
	succeed(t, &history, "train", "mobilenetv2", "--out", run, "--alpha", "0.35", "--weights", fixture.weights, "--epochs", "3", "--seed", "7")
	for _, column := range [][]float64{history.Loss, history.Accuracy, history.ValLoss, history.ValAccuracy, history.Seconds} {
		if len(column) != 3 {
			t.Errorf("%d epochs, want 3", len(column))
		}
	}
	if !strings.Contains(history.Notice, "synthetic") || history.Data != fixture.data || history.Weights != fixture.weights {
		t.Errorf("notice %q, data %s, weights %s", history.Notice, history.Data, history.Weights)
	}

	var measured struct {
		evaluation
		Report map[string]any `json:"report"`
	}
	succeed(t, &measured, "evaluate", run)
	if measured.Total != 9 || measured.Accuracy != history.ValAccuracy[2] {
		t.Errorf("accuracy %v of %d images; training said %v of 9", measured.Accuracy, measured.Total, history.ValAccuracy[2])
	}
	if want := metrics.Wilson(measured.Correct, 9); measured.Interval != want || history.Interval != want {
		t.Errorf("intervals %v and %v, want %v", measured.Interval, history.Interval, want)
	}
	if !slices.Equal(measured.Classes, testClasses) || len(measured.Confusion) != 3 || !strings.Contains(measured.Notice, "synthetic") {
		t.Errorf("%+v", measured)
	}
	if measured.Report["accuracy"] != measured.Accuracy {
		t.Errorf("the report says %v", measured.Report["accuracy"])
	}
	code, stdout, _ := defects("evaluate", "--data", fixture.data, run)
	if code != 0 || !strings.Contains(stdout, "weighted avg") || !strings.Contains(stdout, "NOTICE: synthetic") {
		t.Errorf("exit code %d: %s", code, stdout)
	}

	images := []string{imageFile("validation", "stripes", 8), imageFile("validation", "dots", 7)}
	var guess predictions
	succeed(t, &guess, append([]string{"predict", run}, images...)...)
	if !slices.Equal(guess.Images, images) || !slices.Equal(guess.Classes, testClasses) {
		t.Errorf("%+v", guess)
	}
	for i, row := range guess.Probabilities {
		sum, best := 0.0, 0
		for j, p := range row {
			sum += float64(p)
			if p > row[best] {
				best = j
			}
		}
		if math.Abs(sum-1) > 1e-5 || guess.Predicted[i] != testClasses[best] {
			t.Errorf("row %v sums to %v, predicted %s", row, sum, guess.Predicted[i])
		}
	}
	code, stdout, _ = defects("predict", run, images[0])
	if code != 0 || !strings.Contains(stdout, images[0]) || !strings.Contains(stdout, "NOTICE: synthetic") {
		t.Errorf("exit code %d: %s", code, stdout)
	}
}

func TestEmbeddedWeightsAreAnnounced(t *testing.T) {
	needDevice(t)
	if _, err := backbone.MobileNetV2(backbone.Config{Weights: "embedded"}); err != nil {
		t.Skipf("needs embedded weights: %v", err)
	}
	var got featureTable
	for _, choice := range [][]string{{"--weights", "embedded"}, {}} { // nothing else is on disk
		succeed(t, &got, append([]string{"features", "mobilenetv2", "--input", "96", imageFile("train", "dots", 1)}, choice...)...)
		if got.Weights != "embedded" || got.Backbone != "mobilenetv2_0.35_96" || !strings.Contains(got.Notice, "embedded weights") {
			t.Errorf("%v: weights %s for %s, notice %q", choice, got.Weights, got.Backbone, got.Notice)
		}
	}
	refuse(t, []string{"no weights for alpha 1.4", "fetch weights --alpha 1.4"}, "features", "mobilenetv2", "--alpha", "1.4", imageFile("train", "dots", 1))
	refuse(t, []string{"alpha 0.35"}, "features", "mobilenetv2", "--alpha", "1.4", "--weights", "embedded", imageFile("train", "dots", 1))
}

func TestTrainTakesUpARun(t *testing.T) {
	needDevice(t)
	train := func(run string, args ...string) (h training) {
		t.Helper()
		succeed(t, &h, append([]string{"train", "mobilenetv2", "--alpha", "0.35", "--weights", fixture.weights, "--out", run}, args...)...)
		return h
	}
	whole, broken := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")
	want := train(whole, "--epochs", "3")
	train(broken, "--epochs", "1")
	got := train(broken, "--epochs", "3")
	if !slices.Equal(got.Loss, want.Loss) || !slices.Equal(got.ValLoss, want.ValLoss) {
		t.Errorf("losses %v and %v, want %v and %v", got.Loss, got.ValLoss, want.Loss, want.ValLoss)
	}
	if a, b := listing(t, whole), listing(t, broken); a != b {
		t.Errorf("the run that was taken up holds %s, the other %s", b, a)
	}
	if again := train(broken, "--epochs", "1"); !reflect.DeepEqual(again.History, got.History) {
		t.Error("a finished run was trained again")
	}
	code, _, stderr := defects("train", "mobilenetv2", "--alpha", "0.35", "--weights", fixture.weights, "--out", broken, "--seed", "8")
	if code != 1 || !strings.Contains(stderr, "made otherwise") {
		t.Errorf("another seed: exit code %d: %s", code, stderr)
	}
	if h := train(broken, "--seed", "8", "--epochs", "1", "--retrain"); h.Epochs() != 1 {
		t.Errorf("--retrain left %d epochs", h.Epochs())
	}
	if _, h, err := classifier.Load(broken); err != nil || h.Epochs() != 1 {
		t.Errorf("%v, %v", h, err)
	}
}

func TestDoctorTellsWhatIsUsed(t *testing.T) {
	needDevice(t)
	var d diagnosis
	succeed(t, &d, "doctor")
	parts := map[string]part{}
	for _, p := range d.Parts {
		parts[p.Name] = p
	}
	if p := parts["data"]; !strings.Contains(p.Used, "18 training and 9 validation images of 3 classes") || !strings.Contains(p.Notice, "synthetic") {
		t.Errorf("data: %+v", p)
	}
	if p := parts["backend"]; !strings.Contains(p.Used, "XLA") {
		t.Errorf("backend: %+v", p)
	}
	if p := parts["cache"]; p.Used != os.Getenv("DEFECTS_CACHE") {
		t.Errorf("cache: %+v", p)
	}
	if p := parts["mobilenetv2"]; !strings.Contains(p.Remedy, "fetch weights mobilenetv2") || !strings.Contains(p.Notice, "embedded") {
		t.Errorf("mobilenetv2: %+v", p)
	}
	if p := parts["resnet50v2"]; !strings.Contains(p.Remedy, "fetch weights resnet50v2") || !strings.Contains(p.Notice, "random") {
		t.Errorf("resnet50v2: %+v", p)
	}
	if p := parts["vit"]; !strings.Contains(p.Remedy, "fetch weights vit") || !strings.Contains(p.Notice, "random") ||
		!strings.Contains(p.Remedy, "model.safetensors of google/vit-base-patch16-224") {
		t.Errorf("vit: %+v", p)
	}
	t.Setenv("NEU_DET_DIR", filepath.Join(t.TempDir(), "gone"))
	succeed(t, &d, "doctor")
	if d.OK {
		t.Error("all is well without data")
	}
}
