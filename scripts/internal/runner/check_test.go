package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Tests and notebooks run beside each other, and what fails in one does not hide what fails in the other.
func TestTestsAndNotebooksAreBothToldOf(t *testing.T) {
	root := t.TempDir()
	s := newSetup(nil, root, options{tests: true})
	programs := map[string]string{
		"bin/gofmt": "",
		"bin/go": `[ "$1" = test ] || exit 0
tries=100
until [ -e notebook ] || [ $tries = 0 ]; do /bin/sleep 0.1; tries=$((tries-1)); done
[ -e notebook ] && printf 'ok  \texample.com/a\t1s\n--- FAIL: TestB (0.00s)\n    b_test.go:1: why\nFAIL\nFAIL\texample.com/b\t1s\n'
exit 1
`,
		".venv/bin/python": `[ "$2" = pip ] || >notebook
exit 1
`,
	}
	for name, text := range programs {
		path := filepath.Join(root, name)
		write(t, path, "#!/bin/sh\n"+text)
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", filepath.Join(root, "bin")) // no browser
	write(t, filepath.Join(root, "notebooks", "1-a.ipynb"), "")
	write(t, filepath.Join(root, clientRequirements), "")
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	s.c = newConsole(log)
	err = s.check(t.Context())
	for _, want := range []string{"notebook 1-a did not run", "go test ./...: exit status 1\n--- FAIL: TestB (0.00s)\nFAIL\nFAIL\texample.com/b\t1s"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}
