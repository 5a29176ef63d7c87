package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestCellsSeeThePackagesOfTheirWorkspace(t *testing.T) {
	module, cell := t.TempDir(), t.TempDir()
	for name, text := range map[string]string{
		"go.mod":                   "module example.com/m\n",
		"lib/figure/figure.go":     "package figure\n",
		"lib/figure/other_test.go": "package figure_test\n",
		"lib/fmt/fmt.go":           "package fmt\n", // hidden by the one that all cells know
		"lib/internal/a/a.go":      "package a\n",
		"scripts/run/main.go":      "package main\n",
		"lib/testdata/b/b.go":      "package b\n",
		".hidden/c/c.go":           "package c\n",
		"lib/only/only_test.go":    "package only\n",
	} {
		put(t, filepath.Join(module, name), text)
	}
	for _, work := range []string{"go 1.26\n\nuse .\nuse " + module + "\n", "go 1.26\n\nuse (\n\t.\n\t" + module + "\n)\n"} {
		put(t, filepath.Join(cell, "go.work"), work)
		got := packages(cell)[len(common):]
		if want := []string{"example.com/m/lib/figure"}; !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := packages(t.TempDir()); !slices.Equal(got, common) {
		t.Errorf("without a workspace: %q", got)
	}
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
