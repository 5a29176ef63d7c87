package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// gonbPatches are changes of GoNB's files, each wherever the old text stands.
var gonbPatches = []struct{ file, old, new string }{
	// It waits 12 s before it first talks to gopls. So long no cell runs if somebody has pressed Tab.
	{"internal/goexec/goplsclient/exec.go", "time.After(ConnectTimeout)", "time.After(50 * time.Millisecond)"},
	// It runs goimports and go get for each completion: the imports are there, see scripts/internal/completion.
	{"internal/goexec/inspect.go", "cursorInFile, _, err = s.GoImports(nil, updatedDecls, mainDecl, fileToCellIdAndLine)",
		"_, _, _ = updatedDecls, mainDecl, fileToCellIdAndLine"},
	// On the terminal of scripts/lab it speaks of itself at each start, and repeats what a cell shows of a mistake.
	{"main.go", `_, _ = fmt.Fprintf(os.Stderr, "Setting value of -logtostderr to false (default is true) because -extra_log is set. ` +
		`Did you meant to use -alsologtostderr instead ?\n")`, ""},
	{"main.go", `klog.Error("Error message")`, ""},
	{"internal/goexec/execcode.go", `klog.Errorf("Failed %q:\n%s\n", cmd, output)`, `klog.V(1).Infof("Failed %q:\n%s\n", cmd, output)`},
}

// patchedGoNB makes a copy of GoNB with these changes, and gives the arguments with which go build takes it.
func (s *setup) patchedGoNB(ctx context.Context) (arguments []string, err error) {
	const module = "github.com/janpfeifer/gonb"
	if _, err := s.output(ctx, "go", "mod", "download", module); err != nil { // go list gives no folder of what is not there yet
		return nil, err
	}
	dir, err := s.output(ctx, "go", "list", "-m", "-f", "{{.Dir}}", module)
	if err != nil {
		return nil, err
	}
	sources := s.local("gonb", "src")
	if err := errors.Join(os.RemoveAll(s.local("gonb")), os.MkdirAll(s.local("gonb"), 0o755)); err != nil {
		return nil, err
	}
	if err := os.CopyFS(sources, os.DirFS(dir)); err != nil {
		return nil, err
	}
	for _, p := range gonbPatches {
		path := filepath.Join(sources, filepath.FromSlash(p.file))
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if !bytes.Contains(text, []byte(p.old)) {
			return nil, fmt.Errorf("this version of GoNB has no %q in %s: see gonbPatches", p.old, p.file)
		}
		if err := writeFile(path, bytes.ReplaceAll(text, []byte(p.old), []byte(p.new)), 0o644); err != nil {
			return nil, err
		}
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(s.root, name))
		if err != nil {
			return nil, err
		}
		if name == "go.mod" {
			text = append(text, fmt.Sprintf("\nreplace %s => %q\n", module, sources)...)
		}
		if err := writeFile(s.local("gonb", name), text, 0o644); err != nil {
			return nil, err
		}
	}
	return []string{"-modfile", s.local("gonb", "go.mod")}, nil
}
