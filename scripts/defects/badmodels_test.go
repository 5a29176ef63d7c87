//go:build unix

package main

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLayersThatAreNotThereAreRefused(t *testing.T) {
	run := trainedRun(t)
	out := filepath.Join(fixture.root, "runs", "refused")
	for option, says := range map[string][]string{
		"--unfreeze-from 154":       {"--unfreeze-from 154", "154 layers, 0 to 153"},
		"--unfreeze-last 155":       {"--unfreeze-last 155", "154 layers"},
		"--unfreeze-prefix conv9_":  {"--unfreeze-prefix conv9_", "no layer", "out_relu"},
		"--unfreeze-last 1":         {"have no weights"},
		"--unfreeze-prefix Conv1_r": {"have no weights"},
	} {
		args := append([]string{"train", run, "--out", out}, strings.Fields(option)...)
		refuse(t, says, args...)
		args[1] = "mobilenetv2"
		refuse(t, says, append(args, "--alpha", "0.35", "--weights", fixture.weights)...)
	}
}

func TestBadModelFilesAreRefused(t *testing.T) {
	keras := unzip(t, kerasFile(t, "lesson-keras3.keras"))
	archive := func(change func(members map[string][]byte)) string {
		members := map[string][]byte{}
		for name, data := range keras {
			members[name] = data
		}
		change(members)
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for name, data := range members {
			w, err := z.Create(name) // deflated
			if err == nil {
				_, err = w.Write(data)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return write(t, b.Bytes(), t.TempDir(), "m.keras")
	}
	config := func(old, new string) func(map[string][]byte) {
		return func(members map[string][]byte) {
			if !bytes.Contains(members["config.json"], []byte(old)) {
				t.Fatalf("the configuration has no %s", old)
			}
			members["config.json"] = bytes.ReplaceAll(members["config.json"], []byte(old), []byte(new))
		}
	}
	whole := archive(func(map[string][]byte) {})
	if code, _, stderr := defects("summary", whole); code != 0 {
		t.Fatalf("packed anew, the archive is refused: %s", stderr)
	}
	for _, c := range []struct {
		name, path string
		says       []string
	}{
		{"missing", filepath.Join(t.TempDir(), "gone.keras"), []string{"gone.keras", "no such file"}},
		{"empty", write(t, nil, t.TempDir(), "m.h5"), []string{"m.h5"}},
		{"text", write(t, []byte("Dear reader, this is a letter."), t.TempDir(), "m.keras"), []string{"m.keras"}},
		{"path that leaves the archive", archive(func(m map[string][]byte) { m["../../evil.h5"] = []byte("x") }),
			[]string{"m.keras", "../../evil.h5", "leaves the archive"}},
		{"bomb", archive(func(m map[string][]byte) { m["model.weights.h5"] = make([]byte, 64<<20) }), []string{"m.keras", "model.weights.h5", "67108864"}},
		{"missing part", archive(func(m map[string][]byte) { delete(m, "model.weights.h5") }), []string{"m.keras", "no model.weights.h5"}},
		{"unknown layer", archive(config(`"Dropout"`, `"Bogus"`)), []string{"m.keras", "Bogus", "GlobalAveragePooling2D"}},
		{"other weights", archive(config(`"units": 7`, `"units": 9`)), []string{"m.keras", "disagree", "conv"}},
		{"published weights", fixture.weights, []string{"w.h5", "without their architecture"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			refuse(t, c.says, "predict", c.path, imageFile("train", "dots", 1))
			refuse(t, c.says, "evaluate", c.path)
			refuse(t, c.says, "train", c.path, "--out", filepath.Join(fixture.root, "runs", "refused"))
			refuse(t, c.says, "convert", c.path, filepath.Join(fixture.root, "refused.h5"))
		})
	}
}

// The old file stays whole when the new one cannot be written.
func TestConvertLeavesTheOldFile(t *testing.T) {
	in, out := kerasFile(t, "lesson-keras3.keras"), filepath.Join(t.TempDir(), "out.h5")
	old := []byte("the old file")
	if err := os.WriteFile(out, old, 0o644); err != nil {
		t.Fatal(err)
	}
	reader, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	child := start([]string{"DEFECTS_TEST_LIMIT=10000"}, "convert", in, out) // as on a full disk
	log, err := child.CombinedOutput()
	if err == nil || !strings.Contains(string(log), "file too large") || !strings.Contains(string(log), out) {
		t.Errorf("%v: %s", err, log)
	}
	if got, err := os.ReadFile(out); err != nil || !bytes.Equal(got, old) {
		t.Errorf("the old file holds %d bytes, %v", len(got), err)
	}
	if names := listing(t, filepath.Dir(out)); names != "\n/out.h5" {
		t.Errorf("the folder holds %s", names)
	}
	if code, _, stderr := defects("convert", in, out); code != 0 {
		t.Error(stderr)
	}
	if got, err := io.ReadAll(reader); err != nil || !bytes.Equal(got, old) {
		t.Errorf("who reads the old file gets %d bytes, %v", len(got), err)
	}
	for path, says := range map[string]string{
		filepath.Join(write(t, nil, t.TempDir(), "a-file"), "out.h5"): "not a directory",
		filepath.Join(t.TempDir(), "folder.keras") + "/":              "end its name in",
	} {
		if code, _, stderr := defects("convert", in, path); code == 0 || !strings.Contains(stderr, says) {
			t.Errorf("%s: exit code %d: %s", path, code, stderr)
		}
	}
}
