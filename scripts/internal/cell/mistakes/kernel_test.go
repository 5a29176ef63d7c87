package mistakes

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// execute runs all cells of a notebook, also after an error.
const execute = `
import sys, nbformat
from nbclient import NotebookClient
path = sys.argv[1]
notebook = nbformat.read(path, as_version=4)
NotebookClient(notebook, kernel_name="gonb-defects", timeout=None, startup_timeout=300, allow_errors=True,
               resources={"metadata": {"path": sys.argv[2]}}).execute(stdout=sys.stderr, stderr=sys.stderr)
nbformat.write(notebook, path)
`

// TestWhatAStudentSees runs the examples as one notebook through the kernel.
func TestWhatAStudentSees(t *testing.T) {
	root, err := filepath.Abs("../../../..")
	if err != nil {
		t.Fatal(err)
	}
	python := filepath.Join(root, ".venv", "bin", "python")
	for _, need := range []string{python, filepath.Join(root, ".venv", "share", "jupyter", "kernels", "gonb-defects", "bin", "relay")} {
		if _, err := os.Stat(need); err != nil {
			t.Skipf("needs Jupyter and the kernel in .venv (scripts/test sets them up): %v", err)
		}
	}
	dir, err := os.MkdirTemp(filepath.Join(root, ".lesson"), "test-mistakes-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	list := examples(t)
	path := filepath.Join(dir, "mistakes.ipynb")
	writeNotebook(t, path, list)
	cmd := exec.Command(python, "-c", execute, path, dir)
	for name, value := range map[string]string{"JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime", "IPYTHONDIR": "ipython"} {
		cmd.Env = append(cmd.Env, name+"="+filepath.Join(root, ".lesson", "jupyter", value))
	}
	cmd.Env = append(os.Environ(), cmd.Env...)
	if log, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	shown := readNotebook(t, path)
	next := 0
	for _, e := range list {
		next += len(e.cells)
		compare(t, e.name, shown[next-1], e.want)
		if strings.Count(shown[next-1], "main.go") > 0 || strings.Contains(shown[next-1], "gonb_") {
			t.Errorf("%s: names GoNB's own files:\n%s", e.name, shown[next-1])
		}
	}
}

func writeNotebook(t *testing.T, path string, list []example) {
	t.Helper()
	var cells []any
	for _, e := range list {
		for _, code := range e.cells {
			cells = append(cells, map[string]any{"id": fmt.Sprint("c", len(cells)), "cell_type": "code", "source": code,
				"metadata": map[string]any{}, "outputs": []any{}, "execution_count": nil})
		}
	}
	text, err := json.Marshal(map[string]any{"nbformat": 4, "nbformat_minor": 5, "metadata": map[string]any{}, "cells": cells})
	if err == nil {
		err = os.WriteFile(path, text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// readNotebook gives what is shown below each cell, as text.
func readNotebook(t *testing.T, path string) (shown []string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var notebook struct {
		Cells []struct {
			Outputs []struct {
				Type      string           `json:"output_type"`
				Text      lines            `json:"text"`
				Traceback []string         `json:"traceback"`
				Data      map[string]lines `json:"data"`
			} `json:"outputs"`
		} `json:"cells"`
	}
	if err := json.Unmarshal(text, &notebook); err != nil {
		t.Fatal(err)
	}
	for _, c := range notebook.Cells {
		var b strings.Builder
		for _, o := range c.Outputs {
			switch {
			case o.Type == "stream":
				b.WriteString(string(o.Text))
			case o.Type == "error":
				b.WriteString(strings.Join(o.Traceback, "\n") + "\n")
			case strings.HasPrefix(string(o.Data["text/plain"]), "Go's stack"):
				b.WriteString(folded + "\n")
			default:
				b.WriteString(string(o.Data["text/plain"]) + "\n")
			}
		}
		shown = append(shown, colour.ReplaceAllString(b.String(), ""))
	}
	return shown
}
