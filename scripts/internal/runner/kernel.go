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

// kernelTools are built into the kernel, at the versions of go.mod.
var kernelTools = []string{"github.com/janpfeifer/gonb", "golang.org/x/tools/cmd/goimports"}

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

// buildKernel builds GoNB and goimports at the versions of go.mod and what stands in for goimports and go, and tells
// Jupyter of them.
func (s *setup) buildKernel(ctx context.Context, l *live) (string, error) {
	version, err := s.output(ctx, "go", "list", "-m", "-f", "{{.Version}}", "github.com/janpfeifer/gonb")
	if err != nil {
		return "", err
	}
	note := fmt.Sprintf("GoNB %s, as Jupyter kernel %q", version, kernelName)
	sources, err := s.sources("go.sum", "scripts/internal/cell/*.go", "scripts/internal/cell/*/*.go")
	if err != nil {
		return "", err
	}
	for _, folder := range []string{"bin", "real"} {
		if err := os.MkdirAll(s.kernel(folder), 0o755); err != nil {
			return "", err
		}
	}
	if err := s.writeKernelSpec(s.kernel()); err != nil {
		return "", err
	}
	key := fmt.Sprintf("%s %s %q %s", s.tools, version, gonbPatches, sources)
	if s.stamped("kernel", key) {
		return note, nil
	}
	patched, err := s.patchedGoNB(ctx)
	if err != nil {
		return "", err
	}
	for _, tool := range []struct{ source, path string }{
		{kernelTools[0], s.kernel("bin", "gonb")},
		{kernelTools[1], s.kernel("real", "goimports")},
		{"./scripts/internal/cell", s.kernel("bin", "cell")},
		{"./scripts/internal/cell/relay", s.kernel("bin", "relay")},
	} {
		if err := s.build(ctx, l, tool.path, append(patched[:len(patched):len(patched)], tool.source)...); err != nil {
			return "", err
		}
	}
	program, err := os.ReadFile(s.kernel("bin", "cell"))
	if err != nil {
		return "", err
	}
	for _, name := range []string{"go", "goimports"} {
		if err := writeFile(s.kernel("bin", name), program, 0o755); err != nil {
			return "", err
		}
	}
	return note, s.stamp("kernel", key)
}

// build makes a program aside and renames it: one that runs cannot be written over. args end with its package.
func (s *setup) build(ctx context.Context, l *live, path string, args ...string) error {
	if err := s.command(ctx, l, "go", append([]string{"build", "-o", path + ".new"}, args...)...); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// kernel is a path in the folder that Jupyter knows the kernel by.
func (s *setup) kernel(elements ...string) string {
	return s.venv(append([]string{"share", "jupyter", "kernels", kernelName}, elements...)...)
}

// sources is the hash of some of the clone's files.
func (s *setup) sources(patterns ...string) (string, error) {
	hash := sha256.New()
	for _, pattern := range patterns {
		paths, err := filepath.Glob(filepath.Join(s.root, pattern))
		if err != nil {
			return "", err
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				return "", err
			}
			fmt.Fprintln(hash, path, len(text))
			hash.Write(text)
		}
	}
	return fmt.Sprintf("%x", hash.Sum(nil)), nil
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

// prepareCells lets the kernel's stand-in for go find out once what go would find out for each cell. Cells import the
// library, must and gonbui, beside what Go has.
func (s *setup) prepareCells(ctx context.Context) error {
	module, err := s.output(ctx, "go", "list", "-m")
	if err != nil {
		return err
	}
	_, err = s.output(ctx, s.kernel("bin", "cell"), "prepare", s.root, module+"/lib/...", "github.com/janpfeifer/must",
		"github.com/janpfeifer/gonb/gonbui")
	return err
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
