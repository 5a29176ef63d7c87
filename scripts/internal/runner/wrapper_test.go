package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// kernelOf makes a clone with a kernel whose gonb prints how it was called, and builds a cell that needs the library.
func kernelOf(t *testing.T, clone string) (kernel string) {
	t.Helper()
	write(t, filepath.Join(clone, "go.mod"), "module github.com/transfer-learning-go/defects\n\ngo 1.26\n")
	kernel = filepath.Join(clone, ".venv", "share", "jupyter", "kernels", kernelName)
	if err := os.MkdirAll(kernel, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := newSetup(nil, clone, options{}).writeKernelSpec(kernel); err != nil {
		t.Fatal(err)
	}
	gonb := filepath.Join(kernel, "bin", "gonb")
	write(t, gonb, `#!/bin/sh
echo "gonb $*; images $NEU_DET_DIR"
cd "$CELL" && go version && go build -o cell && echo built
`)
	if err := os.Chmod(gonb, 0o755); err != nil {
		t.Fatal(err)
	}
	noRelay(t, kernel)
	return kernel
}

// noRelay lets a kernel start its gonb directly.
func noRelay(t *testing.T, kernel string) {
	t.Helper()
	relay := filepath.Join(kernel, "bin", "relay")
	write(t, relay, "#!/bin/sh\nshift 2\nexec \"$@\"\n")
	if err := os.Chmod(relay, 0o755); err != nil {
		t.Fatal(err)
	}
}

// start runs kernel.sh in the folder of a notebook; the cell is another folder's.
func start(t *testing.T, kernel, notebook, cell string, environment ...string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "go.mod"), "module cell\n")
	write(t, filepath.Join(dir, "main.go"), cell)
	cmd := exec.Command(filepath.Join(kernel, "kernel.sh"), "connection.json")
	cmd.Dir = notebook
	cmd.Env = append(os.Environ(), "CELL="+dir, "GOFLAGS=", "GOWORK=", "TMPDIR="+t.TempDir())
	cmd.Env = append(cmd.Env, environment...)
	output, _ := cmd.CombinedOutput()
	return string(output)
}

const (
	plainCell   = "package main\n\nfunc main() {}\n"
	libraryCell = "package main\n\nfunc main() { lesson.Data() }\n"
)

func TestANotebookOutsideOfTheCloneSaysSoInOneLine(t *testing.T) {
	clone, elsewhere := t.TempDir(), t.TempDir()
	kernel := kernelOf(t, clone)
	lines := func(output string) (told []string) {
		for line := range strings.Lines(output) {
			if strings.Contains(line, "outside of the lesson") {
				told = append(told, line)
			}
		}
		return told
	}
	if got := start(t, kernel, elsewhere, plainCell); !strings.Contains(got, "built") || len(lines(got)) > 0 {
		t.Errorf("a cell of plain Go:\n%s", got)
	}
	got := start(t, kernel, elsewhere, libraryCell)
	if told := lines(got); len(told) != 1 || !strings.Contains(told[0], elsewhere) || !strings.Contains(told[0], filepath.Join(clone, "notebooks")) ||
		!strings.Contains(got, "undefined: lesson") || !strings.Contains(got, "go version go") {
		t.Errorf("a cell of the library:\n%s", got)
	}
	write(t, filepath.Join(elsewhere, "go.mod"), "module example.com/other\n")
	if got := start(t, kernel, elsewhere, libraryCell); len(lines(got)) != 1 {
		t.Errorf("in another module:\n%s", got)
	}
	write(t, filepath.Join(elsewhere, "go.mod"), "module example.com/other\n\nrequire github.com/transfer-learning-go/defects v1.0.0\n")
	if got := start(t, kernel, elsewhere, libraryCell); len(lines(got)) != 0 || !strings.Contains(got, "-go_work="+elsewhere) {
		t.Errorf("in a module with the library:\n%s", got)
	}
}

func TestAKernelThatNoScriptStartsFindsWhatWasNamed(t *testing.T) {
	clone := t.TempDir()
	kernel, images := kernelOf(t, clone), filepath.Join(t.TempDir(), "the teacher's images")
	write(t, filepath.Join(images, "a.jpg"), "")
	write(t, filepath.Join(clone, ".lesson", "log"), "")
	t.Setenv("NEU_DET_DIR", "")
	os.Unsetenv("NEU_DET_DIR")
	s := newSetup(nil, clone, options{data: images})
	if note, err := s.remember(); err != nil || note != "" {
		t.Fatal(note, err)
	}
	if got := start(t, kernel, clone, plainCell); !strings.Contains(got, "-go_work="+clone+" ") || !strings.Contains(got, "; images "+images+"\n") {
		t.Errorf("got\n%s", got)
	}
	for _, own := range []string{"", "/mine"} {
		if got := start(t, kernel, clone, plainCell, "NEU_DET_DIR="+own); !strings.Contains(got, "; images "+own+"\n") {
			t.Errorf("the caller's %q: got\n%s", own, got)
		}
	}
	later := newSetup(nil, clone, options{})
	if note, err := later.remember(); err != nil || later.options.data != images || !strings.Contains(note, images) {
		t.Errorf("%q, %v, %+v", note, err, later.options)
	}
	tests := newSetup(nil, clone, options{tests: true})
	if note, err := tests.remember(); err != nil || note != "" || tests.options.data != "" {
		t.Errorf("the tests take %q", tests.options.data)
	}
	if err := os.RemoveAll(images); err != nil {
		t.Fatal(err)
	}
	gone := newSetup(nil, clone, options{})
	if note, err := gone.remember(); err != nil || gone.options.data != "" || !strings.Contains(note, "forgotten") {
		t.Errorf("%q, %v", note, err)
	}
	if note, _ := newSetup(nil, clone, options{}).remember(); note != "" {
		t.Errorf("told again: %q", note)
	}
}

func TestTheLauncherHasALogo(t *testing.T) {
	dir := t.TempDir()
	if err := newSetup(nil, dir, options{}).writeKernelSpec(dir); err != nil {
		t.Fatal(err)
	}
	for name, start := range map[string]string{"logo-svg.svg": "<svg ", "logo-64x64.png": "\x89PNG", "logo-32x32.png": "\x89PNG"} {
		if text, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !strings.HasPrefix(string(text), start) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
