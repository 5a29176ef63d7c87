package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestGoNBsChangesStandInItsSources(t *testing.T) {
	s := lessonModule(t)
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

// lessonModule is a clone that holds the lesson's versions alone.
func lessonModule(t *testing.T) *setup {
	t.Helper()
	root := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(root, name), string(text))
	}
	return newSetup(nil, root, options{})
}

// A class's server, and a machine that is new to Go, have nothing in the module cache.
func TestGoNBsSourcesAreFetchedWhereTheyAreNotThere(t *testing.T) {
	if said, err := exec.Command("go", "mod", "download", "github.com/janpfeifer/gonb").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	cache, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOPROXY", "file://"+filepath.ToSlash(filepath.Join(strings.TrimSpace(string(cache)), "cache", "download")))
	t.Setenv("GOSUMDB", "off") // go.sum has the sums
	t.Setenv("GOMODCACHE", t.TempDir())
	t.Cleanup(func() { exec.Command("go", "clean", "-modcache").Run() }) // its files cannot be removed otherwise
	if _, err := lessonModule(t).patchedGoNB(t.Context()); err != nil {
		t.Error(err)
	}
}
