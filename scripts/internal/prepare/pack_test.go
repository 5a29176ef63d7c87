package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The weights that a stick brings are those that notebooks take for the best here, at whatever width.
func TestPackTakesTheWeightsThatAreHere(t *testing.T) {
	cache, clone := t.TempDir(), t.TempDir()
	plugin := filepath.Join(cache, "plugin.so")
	if err := os.WriteFile(plugin, []byte("plugin"), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("DEFECTS_CACHE", cache)
	t.Setenv("HF_HUB_CACHE", cache)
	t.Setenv("WEIGHTS_DIR", published(t, "mobilenetv2"))
	t.Setenv("GOMLX_BACKEND", "xla:"+plugin)
	note, err := pack(context.Background(), clone)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("WEIGHTS_DIR", "")
	t.Setenv("DEFECTS_CACHE", filepath.Join(clone, stores))
	if lines, err := imagenet(context.Background(), true); err != nil || !strings.HasPrefix(lines, "ImageNet, MobileNetV2 α=0.35") {
		t.Errorf("from the stick: %v\n%s\n%s", err, lines, note)
	}
	if text, err := os.ReadFile(filepath.Join(clone, stores, "plugin.so")); string(text) != "plugin" {
		t.Errorf("the plugin is %q, %v", text, err)
	}
	if !strings.Contains(note, "NOTICE: no ImageNet weights of ResNet50V2") {
		t.Errorf("what is missing is not said:\n%s", note)
	}
}

func TestCopyTreeCopiesWhatIsMissing(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	write := func(dir, name, text string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(from, "a/new", "new")
	write(from, "a/there", "from")
	write(to, "a/there", "mine")
	write(from, "a/half", "whole")
	write(to, "a/half", "wh")
	if err := copyTree(context.Background(), from, to); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"a/new": "new", "a/there": "mine", "a/half": "whole"} {
		if text, err := os.ReadFile(filepath.Join(to, name)); string(text) != want {
			t.Errorf("%s: %q, %v; want %q", name, text, err, want)
		}
	}
}
