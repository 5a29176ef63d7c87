package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// renderPage prints the report of an executed notebook: ROOT/scripts/internal NOTEBOOK FACTS.
const renderPage = `import json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import nbformat, notebook
path = Path(sys.argv[2])
print(notebook.render(nbformat.read(path, 4), path, json.loads(sys.argv[3])))`

// executed is a notebook that has all kinds of cells and outputs, long lines and a wide table among them.
func executed(t *testing.T) string {
	t.Helper()
	curves, err := os.ReadFile("../../../figures/mobilenetv2-curves.png")
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("a long sentence that no screen holds in one line, ", 8)
	table := "<table><thead><tr><th scope=\"col\">Layer (type)</th><th scope=\"col\">Output Shape</th><th scope=\"col\">Param #</th><th scope=\"col\">Connected to</th></tr></thead><tbody>" +
		strings.Repeat("<tr><td>block_1_depthwise_BN (BatchNormalization)</td><td>(None, 112, 112, 96)</td><td>1,234,567</td><td>block_1_depthwise, block_1_expand_relu</td></tr>", 5) + "</tbody></table>"
	stream := func(name, text string) map[string]any {
		return map[string]any{"output_type": "stream", "name": name, "text": text}
	}
	html := func(text string) map[string]any {
		return map[string]any{"output_type": "display_data", "metadata": map[string]any{}, "data": map[string]any{"text/html": text}}
	}
	code := func(i int, source string, outputs ...any) map[string]any {
		return map[string]any{"id": fmt.Sprint("c", i), "cell_type": "code", "metadata": map[string]any{}, "execution_count": i, "source": source, "outputs": append([]any{}, outputs...)}
	}
	text := func(id, source string) map[string]any {
		return map[string]any{"id": id, "cell_type": "markdown", "metadata": map[string]any{}, "source": source}
	}
	n := map[string]any{"nbformat": 4, "nbformat_minor": 5, "metadata": map[string]any{}, "cells": []any{
		text("a", "# 1. A <first> look\n\n"+long+"\n\n> **Questions**\n> - "+long+"\n\n1. `code` and **strong**"),
		code(1, "// "+long+"\nfunc answer() (int, error) {\n\treturn 42 + 0x1f, fmt.Errorf(\"text\\n\")\n}"),
		text("b", "## Tables\n\n| a | b |\n|---|--:|\n| one | 2 |\n\n```go\nfor range 3 {}\n```\n\n<details><summary>A hint</summary>text</details>\n\nNext: [two](2-b.ipynb), [record](../figures/results/x.json)"),
		code(2, "%%\nfmt.Println(answer())", html(table), stream("stdout", long+"\n  precision  recall\n"), stream("stderr", "a warning\n")),
		code(3, "%%\nnotebook.Show(figure.Curves(history, figure.CurvesOptions{}))",
			html(`<div role="note" style="border-left:5px solid #d39e00;background:#fff3cd;color:#3d2c00">drawn images</div>`),
			html(`<img alt="Curves of &quot;five&quot; epochs" width="880" style="max-width:100%;height:auto" src="data:image/png;base64,`+base64.StdEncoding.EncodeToString(curves)+`">`),
			map[string]any{"output_type": "error", "ename": "E", "evalue": "v", "traceback": []string{"\x1b[31mpanic\x1b[0m: broken"}}),
	}}
	data, err := json.Marshal(n)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// reportsOfOne is the site of one rendered notebook.
func reportsOfOne(t *testing.T) (root, dir string) {
	t.Helper()
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	s := newSetup(nil, root, options{})
	if !s.stamped("jupyter", requirementsKey(t, root)) {
		t.Skip("needs Jupyter in .venv; scripts/test sets it up")
	}
	path := filepath.Join(t.TempDir(), "1-a.ipynb")
	write(t, path, executed(t))
	facts := `{"notebook": "1-a.ipynb", "title": "1. A <first> look", "made": "2026-01-02 03:04", "seconds": 12, "quick": true,
		"notices": ["drawn images"], "machine": "two cores", "versions": {"Go": "1.26"}, "records": [
		{"name": "m", "data": "NEU-DET", "header": ["model", "right", "accuracy"], "rows": [["MobileNetV2, frozen base", "358 of 360", "99.4 %"]]},
		{"name": "folds", "header": ["", "mean of five"], "rows": [["grouped by likeness", "0.98"]]}]}`
	cmd := exec.Command(s.venv("bin", "python"), "-c", renderPage, filepath.Join(root, "scripts", "internal"), path, facts)
	cmd.Env = s.environment()
	page, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, err.(*exec.ExitError).Stderr)
	}
	clone, dir := clone(t, "1-a", "2-b")
	write(t, filepath.Join(dir, "1-a.html"), string(page))
	if err := writeSite(clone, dir); err != nil {
		t.Fatal(err)
	}
	return root, dir
}

func TestAReportIsOneSmallFileWithoutDeadLinks(t *testing.T) {
	_, dir := reportsOfOne(t)
	page := read(t, dir, "1-a.html")
	for _, want := range []string{`<html lang="en">`, "<main>", `<span class="kd">func</span>`, `alt='Curves of "five" epochs'`, `id="figure-1"`, "panic"} {
		if !strings.Contains(page, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	for _, not := range []string{`src="http`, `href="http`, "url(http", "cdnjs", `href="2-b`, "x.json"} {
		if strings.Contains(page, not) {
			t.Errorf("the report has %q", not)
		}
	}
	if links := dead(t, dir); len(links) > 0 {
		t.Errorf("dead links %q", links)
	}
	figure, err := os.Stat("../../../figures/mobilenetv2-curves.png")
	if err != nil {
		t.Fatal(err)
	}
	if more := len(page) - int(figure.Size())*4/3; more > 30_000 {
		t.Errorf("beside its figure the report has %d bytes", more)
	}
	if start := read(t, dir, "index.html"); !strings.Contains(start, `<a href="1-a.html#figure-1"><img`) || !strings.Contains(start, "358 of 360") {
		t.Error("the start page has no thumbnail of the figure, or no result")
	}
}

// On a phone and a screen, light and dark, and in print: see scripts/internal/browser/reports.py.
func TestReportsReadWell(t *testing.T) {
	root, dir := reportsOfOne(t)
	python := filepath.Join(root, ".venv", "bin", "python")
	if err := exec.Command(python, "-c", "import playwright, axe_playwright_python").Run(); err != nil {
		t.Skip("needs Playwright and axe-core: .venv/bin/python -m pip install -r scripts/internal/browser/requirements.txt")
	}
	chromium := findBrowser()
	if chromium == "" {
		t.Skip("needs a browser: chromium on the PATH (Debian: apt install chromium)")
	}
	out := filepath.Join(root, ".lesson", "browser", "reports")
	output, err := exec.Command(python, filepath.Join(root, "scripts", "internal", "browser", "reports.py"), chromium, out,
		filepath.Join(dir, "index.html"), filepath.Join(dir, "1-a.html")).CombinedOutput()
	if err != nil {
		t.Errorf("%v; pictures are in %s\n%s", err, out, output)
	}
}

// Each notebook is a program: of declarations, and of the cells that run.
func TestNotebooksBecomeProgramsThatCompile(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	s := newSetup(nil, root, options{})
	if !exists(s.venv("etc", "jupyter", "jupyter_config.py")) {
		t.Skip("needs Jupyter in .venv; scripts/test sets it up")
	}
	dir, err := os.MkdirTemp(s.local(), "test-programs-") // in the module, whose packages the cells use
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	notebooks, err := findNotebooks(root, "")
	if err != nil {
		t.Fatal(err)
	}
	args := append([]string{"nbconvert", "--to", "script", "--output-dir", dir}, notebooks...)
	if output, err := s.exec(t.Context(), s.venv("bin", "jupyter"), args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	for _, n := range notebooks {
		program := filepath.Join(dir, strings.TrimSuffix(filepath.Base(n), ".ipynb")+".go")
		if output, err := s.exec(t.Context(), "go", "list", "-export", program).CombinedOutput(); err != nil { // compiles, but does not link
			t.Errorf("%s: %v\n%s", n, err, output)
		}
	}
}
