package main

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// cells runs code cells through the kernel of this clone. Notebooks lie in the module, as the lesson's do.
func cells(t *testing.T, ctx context.Context, sources ...string) (report, output string, err error) {
	t.Helper()
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	s := newSetup(nil, root, options{quick: true})
	if !s.stamped("jupyter", requirementsKey(t, root)) || !exists(s.kernel("bin", "goimports")) {
		t.Skip("needs Jupyter and the kernel in .venv; scripts/test sets them up")
	}
	dir, err := os.MkdirTemp(s.local(), "test-notebook-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	notebook := map[string]any{"nbformat": 4, "nbformat_minor": 5, "metadata": map[string]any{}}
	list := []any{map[string]any{"id": "t", "cell_type": "markdown", "metadata": map[string]any{}, "source": "# Claims & <checks>"}}
	for i, source := range sources {
		list = append(list, map[string]any{"id": string(rune('a' + i)), "cell_type": "code", "metadata": map[string]any{},
			"source": source, "outputs": []any{}, "execution_count": nil})
	}
	notebook["cells"] = list
	text, err := json.Marshal(notebook)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "1-test.ipynb")
	write(t, path, string(text))
	cmd := s.exec(ctx, s.venv("bin", "python"), filepath.Join(root, "scripts", "internal", "notebook.py"), path,
		filepath.Join(dir, "out", "1-test.html"), filepath.Join(dir, "executed.ipynb"), filepath.Join(dir, "log.txt"))
	log, err := cmd.CombinedOutput()
	html, _ := os.ReadFile(filepath.Join(dir, "out", "1-test.html"))
	return string(html), string(log), err
}

func TestANotebookBecomesAReportThatNeedsNoNetwork(t *testing.T) {
	report, output, err := cells(t, t.Context(),
		"type Pair struct{ A, B int }",
		"%%\nfmt.Println(\"sum\", Pair{40, 2}.A+Pair{40, 2}.B, lesson.Quick(true, false))\nnotice.Tell(\"made of <nothing>\")")
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	for _, want := range []string{"sum 42 true", "made of &lt;nothing&gt;", "Claims &amp;", "A quick run", `"lesson-report"`} {
		if !strings.Contains(report, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	for _, not := range []string{`src="http`, `href="http`, `url(http`, `from "http`, "cdnjs"} {
		if strings.Contains(report, not) {
			t.Errorf("the report has %q: it needs the network", not)
		}
	}
	if !strings.Contains(output, "cell 2 of 2") {
		t.Errorf("no progress in\n%s", output)
	}
}

func TestAKernelThatDoesNotStartIsSaidInASentence(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "kernels", "gonb-defects")
	write(t, filepath.Join(broken, "kernel.json"), `{"argv": ["false", "{connection_file}"], "display_name": "broken", "language": "go"}`)
	t.Setenv("JUPYTER_PATH", filepath.Dir(filepath.Dir(broken)))
	_, output, err := cells(t, t.Context(), "%%\nfmt.Println(1)")
	if err == nil || !strings.Contains(output, "the kernel did not start: Kernel died before replying") || strings.Contains(output, "Traceback") {
		t.Errorf("%v\n%s", err, output)
	}
}

func TestAFailingCellStopsTheRun(t *testing.T) {
	for _, c := range []struct{ name, code, want string }{
		{"compile error", "%%\n// A comment.\nfmt.Println(undefined)", "Cell [2], line 3: undefined: undefined"},
		{"panic", "%%\npanic(errors.New(\"broken\"))", "panic: broken"},
		{"panic after a warning", "%%\nfmt.Fprintln(os.Stderr, \"no images\")\npanic(\"broken\")", "panic: broken"},
		{"exit", "%%\nfmt.Fprintln(os.Stderr, \"no images\")\nos.Exit(1)", "no images"},
	} {
		report, output, err := cells(t, t.Context(), "%%\nfmt.Println(1)", c.code, "%%\nfmt.Println(\"too far\")")
		if exit, ok := err.(*exec.ExitError); !ok && err != nil || ok && exit.ExitCode() != 1 || err == nil {
			t.Errorf("%s: %v; want exit code 1", c.name, err)
		}
		if !strings.Contains(output, "cell 2 of 3 failed") || !strings.Contains(output, c.want) || strings.Contains(output, "cell 3") {
			t.Errorf("%s: output\n%s", c.name, output)
		}
		if report != "" {
			t.Errorf("%s: there is a report", c.name)
		}
	}
}

func TestInterruptingEndsARun(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Second)
	defer cancel()
	start := time.Now()
	_, output, err := cells(t, ctx, "%%\ntime.Sleep(time.Minute)")
	if err == nil || time.Since(start) > 14*time.Second {
		t.Errorf("ended after %v with %v\n%s", time.Since(start), err, output)
	}
}

func requirementsKey(t *testing.T, root string) string {
	t.Helper()
	_, key, err := requirements(root)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
