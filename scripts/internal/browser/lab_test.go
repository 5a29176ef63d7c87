// Package browser tests what students see, in a browser.
package browser

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// needs gives the clone's Python, which has Playwright and what else is named, and a browser.
func needs(t *testing.T, modules ...string) (root, python, chromium string) {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", "..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if chromium, err = exec.LookPath(name); err == nil {
			break
		}
	}
	if chromium == "" {
		t.Skip("needs a browser: chromium on the PATH (Debian: apt install chromium)")
	}
	python = filepath.Join(root, ".venv", "bin", "python")
	modules = append(modules, "playwright")
	if err := exec.Command(python, "-c", "import "+strings.Join(modules, ", ")).Run(); err != nil {
		t.Skipf("needs %s in .venv; scripts/test installs them", strings.Join(modules, " and "))
	}
	return root, python, chromium
}

// gopls waits for the set-up's build in the background.
func gopls(t *testing.T, root string) {
	t.Helper()
	path := filepath.Join(root, ".venv", "share", "jupyter", "kernels", "gonb-defects", "completion", "gopls")
	log := filepath.Join(root, ".lesson", "log", "completion.txt")
	for end := time.Now().Add(15 * time.Minute); time.Now().Before(end); time.Sleep(time.Second) {
		if _, err := os.Stat(path); err == nil {
			return
		}
		if text, err := os.ReadFile(log); err != nil || bytes.Contains(text, []byte("FAILED: ")) {
			t.Skipf("needs gopls, for completion; set-up could not build it: %v\n%s", err, text)
		}
	}
	t.Fatalf("gopls was not built within 15 minutes: see %s", log)
}

// The first two notebooks in quick mode, completion, mistakes and interrupts, in JupyterLab.
func TestAStudentsWayThroughJupyterLab(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes")
	}
	root, python, chromium := needs(t, "jupyterlab")
	gopls(t, root)
	out := filepath.Join(root, ".lesson", "browser", "lab")
	cmd := exec.CommandContext(t.Context(), python, "-u", "lab.py", root, chromium, out)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 90 * time.Second
	// Neither images nor weights of this machine: what is seen is to be the same everywhere.
	cmd.Env = append(os.Environ(), "NEU_DET_DIR=", "WEIGHTS_DIR=")
	output, err := cmd.CombinedOutput()
	t.Logf("\n%s", output)
	if err != nil {
		t.Fatalf("%v; screenshots are in %s", err, out)
	}
	onlyOutputsChanged(t, root, filepath.Join(out, "notebooks", "1-data.ipynb"))
}

// onlyOutputsChanged compares a notebook that JupyterLab opened, ran and saved with the committed one.
func onlyOutputsChanged(t *testing.T, root, saved string) {
	t.Helper()
	text, err := os.ReadFile(saved)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join(root, "notebooks", filepath.Base(saved)))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(text, want) {
		t.Errorf("%s has no outputs: it was not saved", saved)
	}
	clean := exec.Command(filepath.Join(root, ".lesson", "bin", "runner"), root, "clean")
	clean.Stdin = bytes.NewReader(text)
	got, err := clean.Output()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("opening, running and saving %s changed more than outputs:\n%s", filepath.Base(saved), firstDifference(got, want))
	}
	// What is left when outputs are taken out by hand, too, so that the filter does not hide what Jupyter changes.
	if got, want := withoutOutputs(t, text), withoutOutputs(t, want); !bytes.Equal(got, want) {
		t.Logf("without the filter, Jupyter's writing differs:\n%s", firstDifference(got, want))
	}
}

func withoutOutputs(t *testing.T, text []byte) []byte {
	t.Helper()
	var notebook map[string]any
	if err := json.Unmarshal(text, &notebook); err != nil {
		t.Fatal(err)
	}
	for _, c := range notebook["cells"].([]any) {
		if cell := c.(map[string]any); cell["cell_type"] == "code" {
			cell["outputs"], cell["execution_count"] = nil, nil
		}
	}
	out, err := json.MarshalIndent(notebook, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func firstDifference(got, want []byte) string {
	a, b := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return "got  " + a[i] + "\nwant " + b[i]
		}
	}
	return "one is longer"
}
