//go:build unix

package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What a file leaves open is said in text and JSON, until --preprocess says it.
func TestPreprocessingIsAskedForAndTaken(t *testing.T) {
	needDevice(t)
	foreign := unzip(t, "../../lib/classifier/testdata/foreign.zip")
	file := write(t, foreign["outside.keras"], t.TempDir(), "outside.keras")
	picture := imageFile("train", "dots", 1)
	const open = "images enter it as 0…255: say with --preprocess"

	code, stdout, _ := defects("predict", file, picture)
	if code != 0 || !strings.Contains(stdout, "NOTICE: ") || !strings.Contains(stdout, open) {
		t.Errorf("exit code %d: %s", code, stdout)
	}
	var unsaid, none, scaled, again predictions
	succeed(t, &unsaid, "predict", file, picture)
	succeed(t, &none, "predict", file, picture, "--preprocess", "none")
	succeed(t, &scaled, "predict", file, picture, "--preprocess", "caffe")
	if !strings.Contains(unsaid.Notice, open) || strings.Contains(none.Notice, open) || strings.Contains(scaled.Notice, open) {
		t.Errorf("notices %q, %q and %q", unsaid.Notice, none.Notice, scaled.Notice)
	}
	if !slices.Equal(unsaid.Probabilities[0], none.Probabilities[0]) || slices.Equal(none.Probabilities[0], scaled.Probabilities[0]) {
		t.Errorf("probabilities %v, %v and %v", unsaid.Probabilities, none.Probabilities, scaled.Probabilities)
	}
	out := filepath.Join(t.TempDir(), "scaled.h5")
	succeed(t, &converted{}, "convert", file, out, "--preprocess", "caffe")
	succeed(t, &again, "predict", out, picture)
	if strings.Contains(again.Notice, open) || !slices.Equal(again.Probabilities[0], scaled.Probabilities[0]) {
		t.Errorf("converted: notice %q, probabilities %v instead of %v", again.Notice, again.Probabilities, scaled.Probabilities)
	}
	refuse(t, []string{"has its own, in layer preprocess_input"}, "predict", out, picture, "--preprocess", "0..1")
	if code, _, stderr := defects("predict", file, picture, "--preprocess", "torch"); code != 2 || !strings.Contains(stderr, "-1..1, 0..1, caffe, imagenet, none") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	for name, notice := range map[string]string{"logits.h5": "", "uncompiled.h5": "does not say whether the outputs"} {
		var p predictions
		succeed(t, &p, "predict", write(t, foreign[name], t.TempDir(), name), picture)
		sum := float32(0)
		for _, v := range p.Probabilities[0] {
			sum += v
		}
		if sum < 0.999 || sum > 1.001 || !strings.Contains(p.Notice, notice) {
			t.Errorf("%s: probabilities %v, notice %q", name, p.Probabilities, p.Notice)
		}
	}
}
