//go:build unix

package main

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// shapes are the files of scripts/oracle/goldens/keras_shapes.py, and what Keras says of its images by each model.
type shapes struct {
	folder  string
	members map[string][]byte
	names   []string // of the images
	files   []string
	want    map[string]map[string][]float32
}

func unzipShapes(t *testing.T) (s shapes) {
	t.Helper()
	s.folder, s.members = t.TempDir(), unzip(t, "../../lib/classifier/testdata/shapes.zip")
	for name, data := range s.members {
		file := write(t, data, s.folder, name)
		if strings.HasPrefix(name, "images/") {
			s.names, s.files = append(s.names, name), append(s.files, file)
		}
	}
	if err := json.Unmarshal(s.members["probabilities.json"], &s.want); err != nil {
		t.Fatal(err)
	}
	if len(s.names) != 9 || len(s.want) != 7 {
		t.Fatalf("%d images, %d models", len(s.names), len(s.want))
	}
	return s
}

// From the files on, as Keras: grey images, and several labels.
func TestModelsOfOtherShapesPredict(t *testing.T) {
	needDevice(t)
	s := unzipShapes(t)
	for _, model := range []string{"grey", "labels"} {
		var got predictions
		succeed(t, &got, append([]string{"predict", filepath.Join(s.folder, model+".keras")}, s.files...)...)
		if labels := model == "labels"; got.MultiLabel != labels || (len(got.Labels) == 9) != labels {
			t.Errorf("%s: several labels %v, %v", model, got.MultiLabel, got.Labels)
		}
		for i, name := range s.names {
			for class, want := range s.want[model][name] {
				if p := got.Probabilities[i][class]; p-want > 1e-4 || want-p > 1e-4 {
					t.Errorf("%s, %s: class %d has %v, Keras says %v", model, name, class, p, want)
				}
			}
		}
	}
}

func TestSizesAndClassesThatAFileLeavesOpen(t *testing.T) {
	needDevice(t)
	s := unzipShapes(t)
	at := func(name string) string { return filepath.Join(s.folder, name) }
	var p predictions
	succeed(t, &p, "predict", at("open.keras"), s.files[0], "--classes", "dots, lines,waves")
	if !strings.Contains(p.Notice, "any size: they are resized to 224×224") || !slices.Equal(p.Classes, []string{"dots", "lines", "waves"}) {
		t.Errorf("notice %q, classes %q", p.Notice, p.Classes)
	}
	list := write(t, []byte("dots\nlines\nwaves\n"), s.folder, "classes.txt")
	succeed(t, &converted{}, "convert", at("open.keras"), at("named.keras"), "--classes", "@"+list, "--image-size", "24")
	var named predictions
	succeed(t, &named, "predict", at("named.keras"), s.files[0])
	if !slices.Equal(named.Classes, p.Classes) || strings.Contains(named.Notice, "any size") {
		t.Errorf("converted: classes %q, notice %q", named.Classes, named.Notice)
	}
	for _, c := range []struct {
		says []string
		args []string
	}{
		{[]string{"images are of 24×40 pixels", "cannot be of 40×24"}, []string{"predict", at("wide.keras"), s.files[0], "--image-size", "40x24"}},
		{[]string{"names its classes", "leave --classes out"}, []string{"predict", at("named.keras"), s.files[0], "--classes", "a,b,c"}},
		{[]string{"--classes names 2 classes", "3 outputs"}, []string{"predict", at("wide.keras"), s.files[0], "--classes", "a,b"}},
		{[]string{"several", "predict --json"}, []string{"evaluate", at("labels.keras")}},
	} {
		refuse(t, c.says, c.args...)
	}
	data := filepath.Join(fixture.root, "data")
	for name, says := range map[string]string{"wide.keras": "24×40 pixels and 3 channels", "grey.keras": "24×24 pixels and 1 channels"} {
		code, _, stderr := defects("train", at(name), "--out", at("run"), "--data", data, "--epochs", "1")
		if code != 1 || !strings.Contains(stderr, says) || !strings.Contains(stderr, "train it in Keras") {
			t.Errorf("train %s: exit code %d: %s", name, code, stderr)
		}
	}
	for _, wrong := range [][]string{{"--image-size", "24xx"}, {"--image-size", "0"}, {"--classes", "a,a,b"}, {"--classes", "a,,b"}} {
		if code, _, stderr := defects(append([]string{"predict", at("open.keras"), s.files[0]}, wrong...)...); code != 2 {
			t.Errorf("%v: exit code %d: %s", wrong, code, stderr)
		}
	}
	code, stdout, _ := defects("predict", at("labels.keras"), s.files[0], "--classes", "a,b,c,d")
	if code != 0 || !strings.Contains(stdout, "each class by itself") || strings.Count(stdout, "\n") < 3 {
		t.Errorf("exit code %d: %s", code, stdout)
	}
}
