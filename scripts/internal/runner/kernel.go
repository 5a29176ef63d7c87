package main

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const (
	kernelName  = "gonb-defects"
	kernelTitle = "Go (defects)"
)

// kernelEnvironment is what cells are built with. The library is built with the same settings beforehand.
var kernelEnvironment = map[string]string{
	"GOFLAGS": "-buildvcs=false '-ldflags=-s -w'", // without symbol tables a cell links in half the time
	"GOPROXY": "off",                              // what the project needs is there; do not wait for a network
	"GOWORK":  "",                                 // the kernel makes its own workspace
}

// kernel.sh needs no absolute path: Jupyter expands {resource_dir}, and the module is the notebook's own.
//
//go:embed kernel.sh
var kernelWrapper []byte

// outside.sh is what kernel.sh puts before go for a notebook that lies elsewhere.
//
//go:embed outside.sh
var outsideWrapper []byte

// buildKernel builds GoNB and goimports at the versions of go.mod, and tells Jupyter of them.
func (s *setup) buildKernel(ctx context.Context, l *live) (string, error) {
	version, err := s.output(ctx, "go", "list", "-m", "-f", "{{.Version}}", "github.com/janpfeifer/gonb")
	if err != nil {
		return "", err
	}
	note := fmt.Sprintf("GoNB %s, as Jupyter kernel %q", version, kernelName)
	sum, err := os.ReadFile(filepath.Join(s.root, "go.sum"))
	if err != nil {
		return "", err
	}
	dir := s.venv("share", "jupyter", "kernels", kernelName)
	if err := os.MkdirAll(filepath.Join(dir, "bin"), 0o755); err != nil {
		return "", err
	}
	if err := s.writeKernelSpec(dir); err != nil {
		return "", err
	}
	key := fmt.Sprintf("%s %s %q %x", s.tools, version, gonbPatches, sha256.Sum256(sum))
	if s.stamped("kernel", key) {
		return note, nil
	}
	patched, err := s.patchedGoNB(ctx)
	if err != nil {
		return "", err
	}
	for _, tool := range []string{"github.com/janpfeifer/gonb", "golang.org/x/tools/cmd/goimports"} {
		// Built aside and renamed: a kernel that runs cannot be written over.
		path := filepath.Join(dir, "bin", filepath.Base(tool))
		if err := s.command(ctx, l, "go", append(append([]string{"build"}, patched...), "-o", path+".new", tool)...); err != nil {
			return "", err
		}
		if err := os.Rename(path+".new", path); err != nil {
			return "", err
		}
	}
	return note, s.stamp("kernel", key)
}

func (s *setup) writeKernelSpec(dir string) error {
	if err := os.MkdirAll(filepath.Join(dir, "outside"), 0o755); err != nil {
		return err
	}
	if err := errors.Join(writeFile(filepath.Join(dir, "kernel.sh"), kernelWrapper, 0o755),
		writeFile(filepath.Join(dir, "outside", "go"), outsideWrapper, 0o755)); err != nil {
		return err
	}
	spec, err := json.MarshalIndent(map[string]any{
		"argv":           []string{"{resource_dir}/kernel.sh", "{connection_file}"},
		"display_name":   kernelTitle,
		"language":       "go",
		"interrupt_mode": "message",
		"env":            kernelEnvironment,
	}, "", "  ")
	if err != nil {
		return err
	}
	return errors.Join(writeFile(filepath.Join(dir, "kernel.json"), spec, 0o644), writeLogo(dir))
}

// fetchModules does, with the network, what GoNB does for each cell without it: go get, in a workspace of the
// cell and this module. It reads the go.mod of more modules than a build does. The cell imports the library
// alone: for other modules go get would look for new versions.
func (s *setup) fetchModules(ctx context.Context, l *live) error {
	module, err := s.output(ctx, "go", "list", "-m")
	if err != nil {
		return err
	}
	packages, err := s.output(ctx, "go", "list", "./lib/...")
	if err != nil {
		return err
	}
	var imports []string
	for _, p := range strings.Fields(packages) {
		if !strings.Contains(p, "/internal/") {
			imports = append(imports, p)
		}
	}
	dir, err := os.MkdirTemp("", "lesson-cell-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	cell := "package main\n\nimport (\n\t_ \"" + strings.Join(imports, "\"\n\t_ \"") + "\"\n)\n\nfunc main() {}\n"
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(cell), 0o644); err != nil {
		return err
	}
	// Cells import must; the library has no need of it.
	if err := s.command(ctx, l, "go", "mod", "download", "github.com/janpfeifer/must"); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"mod", "init", "cell"},
		{"mod", "edit", "-replace=" + module + "=" + s.root},
		{"work", "init", ".", s.root},
		{"get"},
	} {
		cmd := s.exec(ctx, "go", args...)
		cmd.Dir, cmd.Stdout, cmd.Stderr = dir, l, l
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("getting the modules that cells need: go %s: %w", strings.Join(args, " "), err)
		}
	}
	return nil
}
