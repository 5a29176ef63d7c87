package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestGoNBsChangesStandInItsSources(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(root, name), string(text))
	}
	s := newSetup(nil, root, options{})
	arguments, err := s.patchedGoNB(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range gonbPatches {
		text, err := os.ReadFile(s.local("gonb", "src", p.file))
		if err != nil || strings.Contains(string(text), p.old) || !strings.Contains(string(text), p.new) {
			t.Errorf("%s: %v", p.file, err)
		}
	}
	// The copy is what is built, and the versions of all else are the lesson's.
	listed, err := s.output(t.Context(), "go", append([]string{"list", "-m", "-f", "{{.Dir}} {{.Version}}"},
		append(arguments, "github.com/janpfeifer/gonb", "k8s.io/klog/v2")...)...)
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Split(listed, "\n"); len(lines) != 2 || !strings.HasPrefix(lines[0], s.local("gonb", "src")) {
		t.Errorf("go builds with\n%s", listed)
	}
}
