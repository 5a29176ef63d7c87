//go:build unix

package main

import (
	"encoding/json"
	"math"
	"path/filepath"
	"strings"
	"testing"
)

// From the files on: decoding, resizing and the network. scripts/oracle/goldens/keras_jpegs.py makes them.
func TestProbabilitiesOfJPEGFilesAreKeras(t *testing.T) {
	needDevice(t)
	members, folder := unzip(t, "testdata/jpegs.zip"), t.TempDir()
	var want map[string][]float64
	if err := json.Unmarshal(members["probabilities.json"], &want); err != nil {
		t.Fatal(err)
	}
	var names []string
	words := []string{"predict", write(t, members["model.keras"], folder, "model.keras")}
	for name, file := range members {
		if strings.HasSuffix(name, ".jpg") {
			names = append(names, name)
			words = append(words, write(t, file, folder, strings.ReplaceAll(name, "/", "-")))
		}
	}
	var got predictions
	succeed(t, &got, words...)
	if len(names) != 15 || len(want) != 15 || len(got.Probabilities) != 15 {
		t.Fatalf("%d images, %d of Keras, %d rows", len(names), len(want), len(got.Probabilities))
	}
	worst := 0.0
	for i, name := range names {
		for class, p := range want[name] {
			d := math.Abs(float64(got.Probabilities[i][class]) - p)
			worst = max(worst, d)
			if d > 1e-4 {
				t.Errorf("%s (%s): class %d has %v, Keras says %v", name, filepath.Base(got.Images[i]), class,
					got.Probabilities[i][class], p)
			}
		}
	}
	t.Logf("largest difference %.1e", worst)
}
