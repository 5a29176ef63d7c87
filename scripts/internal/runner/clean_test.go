package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// committed lists the notebooks of the lesson.
func committed(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"*.ipynb", "*/*.ipynb"} {
		paths, err := filepath.Glob(filepath.Join("..", "..", "..", "notebooks", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if !strings.Contains(path, ".ipynb_checkpoints") {
				all = append(all, path)
			}
		}
	}
	if len(all) < 6 {
		t.Fatalf("%d notebooks", len(all))
	}
	return all
}

// A notebook that only was opened and saved is no change, if what is committed is what the filter makes.
func TestCommittedNotebooksAreClean(t *testing.T) {
	for _, path := range committed(t) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		clean, err := cleaned(text)
		if err != nil {
			t.Errorf("%s: %v", path, err)
		} else if !bytes.Equal(text, clean) {
			t.Errorf("%s is not as git keeps it; that is: .lesson/bin/runner . clean < notebooks/%s", path, filepath.Base(path))
		}
	}
}

// The oracle of the form is Jupyter's own writing: what nbformat reads and writes has no other bytes.
func TestCommittedNotebooksAreAsJupyterWritesThem(t *testing.T) {
	python := filepath.Join("..", "..", "..", ".venv", "bin", "python")
	if exec.Command(python, "-c", "import nbformat").Run() != nil {
		t.Skip("needs Jupyter in .venv; scripts/test sets it up")
	}
	const check = `
import io, sys, nbformat
for path in sys.argv[1:]:
    text = open(path, encoding="utf-8", newline="").read()
    out = io.StringIO()
    nbformat.write(nbformat.reads(text, as_version=4), out)
    if out.getvalue() != text:
        print(path)
`
	output, err := exec.Command(python, append([]string{"-c", check}, committed(t)...)...).CombinedOutput()
	if err != nil || len(output) > 0 {
		t.Errorf("nbformat writes these in another way:\n%s%v", output, err)
	}
}

func TestWhatRunningLeavesIsNoChange(t *testing.T) {
	const clean = `{
 "cells": [
  {
   "cell_type": "markdown",
   "id": "a",
   "metadata": {},
   "source": [
    "<b> & \"é\" \\u2028  → 1e-3\n",
    "end"
   ]
  },
  {
   "cell_type": "code",
   "execution_count": null,
   "id": "b",
   "metadata": {
    "jupyter": {
     "source_hidden": true
    },
    "tags": [
     "solution"
    ]
   },
   "outputs": [],
   "source": [
    "%%\n",
    "fmt.Println(12345678901234567890)"
   ]
  }
 ],
 "metadata": {
  "kernelspec": {
   "display_name": "Go (defects)",
   "language": "go",
   "name": "gonb-defects"
  },
  "language_info": {
   "codemirror_mode": "go",
   "file_extension": ".go",
   "mimetype": "text/x-go",
   "name": "go",
   "pygments_lexer": "go"
  }
 },
 "nbformat": 4,
 "nbformat_minor": 5
}
`
	separated := strings.Replace(clean, "→", "\u2028", 1)
	for name, text := range map[string][2]string{
		"clean":          {clean, clean},
		"line separator": {separated, separated},
		"run": {strings.NewReplacer(`"outputs": []`, `"outputs": [{"output_type": "stream", "name": "stdout", "text": ["x"]}]`,
			`"execution_count": null`, `"execution_count": 7`).Replace(clean), clean},
		"folded": {strings.NewReplacer(`"source_hidden": true`, `"source_hidden": true, "outputs_hidden": true`,
			`"metadata": {}`, `"metadata": {"collapsed": true, "scrolled": false, "execution": {"iopub.status.busy": "1"}, "vscode": {"languageId": "go"}}`).Replace(clean), clean},
		"another Go": {strings.Replace(clean, `"codemirror_mode": "go"`, `"version": "go1.99", "codemirror_mode": ""`, 1), clean},
		"one string": {strings.Replace(clean, `[
    "%%\n",
    "fmt.Println(12345678901234567890)"
   ]`, `"%%\nfmt.Println(12345678901234567890)"`, 1), clean},
		"a cell below": {strings.Replace(clean, "  }\n ],", `  },
  {"cell_type": "code", "id": "c", "metadata": {}, "execution_count": null, "outputs": [], "source": []}
 ],`, 1), clean},
		"other order, four spaces": {strings.ReplaceAll(strings.Replace(clean, ` "nbformat": 4,
`, "", 1), "{\n \"cells\"", "{\"nbformat\": 4,\n \"cells\""), clean},
		"an edited cell": {strings.Replace(clean, "Println", "Print", 1), strings.Replace(clean, "Println", "Print", 1)},
	} {
		got, err := cleaned([]byte(text[0]))
		if err != nil || string(got) != text[1] {
			t.Errorf("%s: %v\n%s", name, err, got)
		}
	}
}

func TestOtherKernelsKeepTheirNames(t *testing.T) {
	got, err := cleaned([]byte(`{"cells": [], "metadata": {"kernelspec": {"name": "python3", "display_name": "P"}}, "nbformat": 4, "nbformat_minor": 5}`))
	if err != nil || !strings.Contains(string(got), `"display_name": "P"`) || strings.Contains(string(got), "language_info") {
		t.Errorf("%v\n%s", err, got)
	}
}

func TestWhatIsNoNotebookGoesThroughAsItIs(t *testing.T) {
	for _, text := range []string{"", "<<<<<<< ours\n{}\n", `{"cells": 1}`, `[1]`, `{"cells": []} {}`} {
		var out, log bytes.Buffer
		if err := filter(strings.NewReader(text), &out, &log); err != nil || out.String() != text || log.Len() == 0 {
			t.Errorf("%q: %v, %q, %q", text, err, out.String(), log.String())
		}
	}
}
