package notebook

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// A cell is a main.go, which no test can be: this one is built and run.
func TestAnErrorSaysWhichLineOfTheCellHasShownIt(t *testing.T) {
	dir, err := os.MkdirTemp(".", ".cell-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	file, _ := filepath.Abs(filepath.Join(dir, "main.go"))
	cell := `package main

import (
	"errors"

	"github.com/transfer-learning-go/defects/lib/notebook"
)

func show(n int) {
	notebook.Show(nil, errors.New("no epoch yet"))
}

func main() {
	show(1)
}
`
	if err := os.WriteFile(file, []byte(cell), 0o644); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "cell")
	if log, err := exec.Command("go", "build", "-ldflags=-s -w", "-o", program, "./"+dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	for _, c := range []struct{ environment, want string }{
		{"GONB_PIPE=none", "Error: no epoch yet\n\t" + file + ":10\n\t" + file + ":14\n"},
		{"GONB_PIPE=", "Error: no epoch yet\n"},
	} {
		cmd := exec.Command(program)
		cmd.Env = append(os.Environ(), c.environment)
		got, err := cmd.CombinedOutput()
		if err == nil || string(got) != c.want {
			t.Errorf("%s: %v\n%s\nwant\n%s", c.environment, err, got, c.want)
		}
	}
}
