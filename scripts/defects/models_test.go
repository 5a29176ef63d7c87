//go:build unix

package main

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/neudet"
)

// unzip reads a zip file whole.
func unzip(t *testing.T, path string) map[string][]byte {
	t.Helper()
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	members := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if members[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return members
}

// kerasFile copies a model that Keras saved out of the files that scripts/oracle/goldens/keras_files.py made.
func kerasFile(t *testing.T, name string) string {
	t.Helper()
	data, ok := unzip(t, "../../lib/keras/testdata/models.zip")[name]
	if !ok {
		t.Fatalf("there is no %s", name)
	}
	return write(t, data, t.TempDir(), name)
}

func TestFilesOfKerasAreEvaluated(t *testing.T) {
	needDevice(t)
	var first evaluation
	for _, name := range []string{"sequential-keras3.keras", "sequential-keras3.h5", "sequential-keras2.keras", "sequential-keras2.h5"} {
		file := kerasFile(t, name)
		var got struct {
			evaluation
			Report map[string]any `json:"report"`
		}
		succeed(t, &got, "evaluate", file)
		if got.Total != 9 || !slices.Equal(got.Classes, testClasses) || got.Model != file ||
			!strings.Contains(got.Notice, name+" names no classes") || !strings.Contains(got.Notice, "synthetic") {
			t.Errorf("%s: %+v", name, got)
		}
		if first.Confusion == nil {
			first = got.evaluation
		}
		if !reflect.DeepEqual(got.Confusion, first.Confusion) { // the files hold the same numbers
			t.Errorf("%s: confusion %v, in the first file %v", name, got.Confusion, first.Confusion)
		}
	}
	file := kerasFile(t, "lesson-keras3.keras")
	refuse(t, []string{"6 outputs", "3 classes [dots rows stripes]", "--data"}, "evaluate", file)
}

func TestOutputsWithoutNamesGetSome(t *testing.T) {
	needDevice(t)
	for name, want := range map[string]struct {
		classes []string
		notice  string
	}{
		"lesson-keras3.h5":     {neudet.Classes, "taken for NEU-DET's"},
		"sequential-keras3.h5": {[]string{"class 0", "class 1", "class 2"}, "they are numbered"},
	} {
		var got predictions
		succeed(t, &got, "predict", kerasFile(t, name), imageFile("train", "dots", 1))
		if !slices.Equal(got.Classes, want.classes) || !strings.Contains(got.Notice, want.notice) || len(got.Probabilities) != 1 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestConversionsAreSaid(t *testing.T) {
	needDevice(t)
	file := kerasFile(t, "lesson-float16.keras")
	for _, args := range [][]string{{"predict", file, imageFile("train", "dots", 1)}, {"summary", file}, {"convert", file, file + ".h5"}} {
		code, _, stderr := defects(args...)
		if code != 0 || !strings.Contains(stderr, "float16") || !strings.Contains(stderr, "float32") {
			t.Errorf("%s: exit code %d: %s", args[0], code, stderr)
		}
	}
}

func TestSummaryOfAModelListsAllLayersAndTheBase(t *testing.T) {
	run := trainedRun(t)
	code, stdout, _ := defects("summary", run)
	for _, s := range []string{"block_1_pad (ZeroPadding2D)", "Total params: 738,915", "Trainable params: 328,707",
		"Base: mobilenetv2_0.35_224, layers[3:157], 154 layers", "NOTICE: synthetic"} {
		if !strings.Contains(stdout, s) {
			t.Errorf("exit code %d, no %q in %s", code, s, stdout)
		}
	}
	var got layerTable
	succeed(t, &got, "summary", kerasFile(t, "lesson-keras3.keras"))
	if got.Layers[0].Name != "pixels" || got.Layers[len(got.Layers)-1].Output[0] != 6 {
		t.Errorf("%+v", got)
	}
}

// A model goes through all whole-model formats and keeps its probabilities, its classes and what is to be known of it.
func TestConvertKeepsAllOfAModel(t *testing.T) {
	run := trainedRun(t)
	dir := t.TempDir()
	image := imageFile("validation", "rows", 8)
	var want predictions
	succeed(t, &want, "predict", run, image)
	from := run
	for _, name := range []string{"a.h5", "b.keras", "c.h5"} {
		to := filepath.Join(dir, name)
		var done converted
		succeed(t, &done, "convert", from, to)
		if done.Params != 738_915 || done.Bytes < 4*738_915 {
			t.Errorf("%+v", done)
		}
		from = to
	}
	var got predictions
	succeed(t, &got, "predict", from, image)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	weightsFile := filepath.Join(dir, "d.weights.h5")
	if code, _, stderr := defects("convert", run, weightsFile); code != 0 {
		t.Error(stderr)
	}
	refuse(t, []string{"without their architecture"}, "convert", weightsFile, filepath.Join(dir, "e.keras"))
	refuse(t, []string{"without their architecture"}, "convert", weightsFile, filepath.Join(dir, "e.onnx"))
	refuse(t, []string{"without their architecture"}, "predict", weightsFile, image)
}

// What the file computes, the tests of packages onnx and classifier tell.
func TestConvertWritesONNX(t *testing.T) {
	run := trainedRun(t)
	out := filepath.Join(t.TempDir(), "a.onnx")
	var done converted
	succeed(t, &done, "convert", run, out)
	if done.Params != 738_915 || done.Bytes < 4*738_915 || len(done.Notes) != 1 || !strings.HasPrefix(done.Notes[0], "NOTICE: synthetic") {
		t.Errorf("%+v", done)
	}
	file, err := os.ReadFile(out)
	if err != nil || !bytes.Contains(file, []byte(`["dots","rows","stripes"]`)) || !bytes.Contains(file, []byte("synthetic")) {
		t.Errorf("%v: the file does not tell the classes and the notice", err)
	}
	foreign := write(t, unzip(t, "../../lib/classifier/testdata/foreign.zip")["outside.keras"], t.TempDir(), "outside.keras")
	var open, told converted
	succeed(t, &open, "convert", foreign, out)
	succeed(t, &told, "convert", foreign, out, "--preprocess", "caffe")
	if said := strings.Join(open.Notes, "\n"); !strings.Contains(said, "names no classes") || !strings.Contains(said, "--preprocess") ||
		strings.Contains(strings.Join(told.Notes, "\n"), "--preprocess") {
		t.Errorf("%+v, %+v", open, told)
	}
}

// fineTuned trains on and gives the names of the layers of the base that changed.
func fineTuned(t *testing.T, from string, args ...string) (run string, changed layer.List) {
	t.Helper()
	run = filepath.Join(t.TempDir(), "tuned")
	var h training
	succeed(t, &h, append([]string{"train", from, "--out", run, "--epochs", "1"}, args...)...)
	before, _, err := classifier.Load(from)
	if err != nil {
		t.Fatal(err)
	}
	after, _, err := classifier.Load(run)
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range before.Base.Layers {
		if !reflect.DeepEqual(before.Values[l.Name], after.Values[after.Base.Layers[i].Name]) {
			changed = append(changed, l)
		}
	}
	return run, changed
}

func TestFineTuningTrainsWhatIsUnfrozen(t *testing.T) {
	needDevice(t)
	file := kerasFile(t, "sequential-keras3.keras")
	for _, c := range []struct{ args, want string }{
		{"", ""}, // as it was saved: frozen
		{"--unfreeze-last 2", "features features_bn"},
		{"--unfreeze-from 5", "depthwise_bn features features_bn"},
		{"--unfreeze-prefix depthwise", "depthwise depthwise_bn"},
	} {
		_, changed := fineTuned(t, file, strings.Fields(c.args)...)
		var names []string
		for _, l := range changed {
			names = append(names, l.Name)
		}
		if got := strings.Join(names, " "); got != c.want {
			t.Errorf("%s: %s changed, want %s", c.args, got, c.want)
		}
	}
}

func TestFineTuningIsTakenUpAndEvaluated(t *testing.T) {
	needDevice(t)
	file := kerasFile(t, "sequential-keras3.keras")
	run, _ := fineTuned(t, file, "--unfreeze-from", "5")
	var again training
	succeed(t, &again, "train", file, "--out", run, "--unfreeze-from", "5", "--epochs", "2")
	var measured struct {
		evaluation
		Report map[string]any `json:"report"`
	}
	succeed(t, &measured, "evaluate", run)
	if again.Epochs() != 2 || measured.Accuracy != again.ValAccuracy[1] || !slices.Equal(measured.Classes, testClasses) {
		t.Errorf("accuracy %v, in training %v", measured.Accuracy, again.ValAccuracy)
	}
}
