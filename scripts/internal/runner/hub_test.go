package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestOptionsOfTheHub(t *testing.T) {
	o, err := parseOptions("hub", strings.Fields("--quick --port 8080 --memory 1.5G -- --debug"))
	if err != nil || !o.quick || o.port != 8080 || o.memory != "1.5G" || strings.Join(o.rest, " ") != "--debug" {
		t.Errorf("%+v, %v", o, err)
	}
	if o, err := parseOptions("hub", nil); err != nil || o.port != 8000 || o.memory != "4G" {
		t.Errorf("%+v, %v", o, err)
	}
	for line, want := range map[string]string{"--memory much": "--memory much", "--only 1": "unknown option", "--port x": "invalid value"} {
		if _, err := parseOptions("hub", strings.Fields(line)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// An image is complete when set-up ends: what is built in the background is waited for, but not after Ctrl-C.
func TestSetUpOfTheHubWaitsForCompletion(t *testing.T) {
	s := newSetup(nil, t.TempDir(), options{})
	if err := os.MkdirAll(s.local(), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := s.awaitCompletion(t.Context()); err != nil {
		t.Errorf("nothing is built: %v", err)
	}
	builder, err := os.Create(s.local("completion.lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer builder.Close()
	if err := syscall.Flock(int(builder.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer stop()
	if _, err := s.awaitCompletion(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("it did not wait: %v", err)
	}
}

// visit runs student.sh with a home folder, and then a command.
func visit(t *testing.T, shared, home string, command ...string) (string, error) {
	t.Helper()
	script, err := filepath.Abs("../hub/student.sh")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", append([]string{script}, command...)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "LESSON_SHARED=" + shared, "LESSON_CACHES=" + shared + "/.lesson/hub"}
	output, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(output)), err
}

// server makes a clone as scripts/hub leaves it.
func server(t *testing.T) string {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("the hub needs Linux")
	}
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("students' clones need git")
	}
	shared := filepath.Join(t.TempDir(), "srv")
	for name, text := range map[string]string{
		"datasets/README.md": "about", ".gitignore": "/datasets/*\n!/datasets/README.md\n/.lesson/", "notebooks/1-a.ipynb": "{}",
		"datasets/neu.zip": "images", ".lesson/hub/defects/weights/w.h5": "weights", ".lesson/hub/go-build/0a/0a1-d": "object",
	} {
		path := filepath.Join(shared, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, path, text)
	}
	for _, args := range []string{"init -q", "config merge.autoStash true", "add .", "-c user.name=a -c user.email=a@b commit -q -m first"} {
		git := exec.Command("git", strings.Fields(args)...)
		git.Dir = shared
		if output, err := git.CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v %s", args, err, output)
		}
	}
	return shared
}

func TestAStudentsHomeHasACloneAndTheServersFiles(t *testing.T) {
	shared, home := server(t), t.TempDir()
	where, err := visit(t, shared, home, "pwd")
	if err != nil || where != filepath.Join(home, "lesson") {
		t.Fatalf("the server starts in %q, %v", where, err)
	}
	for name, want := range map[string]string{
		"lesson/notebooks/1-a.ipynb": "{}", "lesson/datasets/neu.zip": "images", "lesson/datasets/README.md": "about",
		".cache/defects/weights/w.h5": "weights", ".cache/go-build/0a/0a1-d": "object",
	} {
		if text, err := os.ReadFile(filepath.Join(home, name)); err != nil || string(text) != want {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	if setting, err := visit(t, shared, home, "git", "config", "merge.autoStash"); err != nil || setting != "true" {
		t.Errorf("the server's settings of git: %q, %v", setting, err)
	}
	changed, err := visit(t, shared, home, "git", "status", "--porcelain")
	if err != nil || changed != "" {
		t.Errorf("git sees changes: %q, %v", changed, err)
	}
}

// What a student did is there the next time; what go removed at the server leaves no link to nothing, through which go
// would try to write.
func TestAStudentComesAgain(t *testing.T) {
	shared, home := server(t), t.TempDir()
	if output, err := visit(t, shared, home, "true"); err != nil {
		t.Fatal(output, err)
	}
	write(t, filepath.Join(home, "lesson", "notebooks", "1-a.ipynb"), "mine")
	write(t, filepath.Join(home, ".cache", "go-build", "0a", "0a2-d"), "mine")
	old := filepath.Join(shared, ".lesson", "hub", "go-build", "0a", "0a1-d")
	if err := os.Remove(old); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(filepath.Dir(old), "0a3-d"), "new")
	if output, err := visit(t, shared, home, "true"); err != nil {
		t.Fatal(output, err)
	}
	for name, want := range map[string]string{"lesson/notebooks/1-a.ipynb": "mine", ".cache/go-build/0a/0a2-d": "mine", ".cache/go-build/0a/0a3-d": "new"} {
		if text, err := os.ReadFile(filepath.Join(home, name)); err != nil || string(text) != want {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	if _, err := os.Lstat(filepath.Join(home, ".cache", "go-build", "0a", "0a1-d")); !os.IsNotExist(err) {
		t.Errorf("a link to what is gone: %v", err)
	}
}

func TestAStudentsServerSaysWhatIsWrong(t *testing.T) {
	shared := server(t)
	if err := os.RemoveAll(filepath.Join(shared, ".git")); err != nil {
		t.Fatal(err)
	}
	if output, err := visit(t, shared, t.TempDir(), "true"); err == nil || !strings.Contains(output, shared) {
		t.Errorf("%v: %s", err, output)
	}
}

// Cells of a student whose library is the server's use what the server has compiled; those of one who changed it do not.
func TestCellsUseTheServersLibraryWhileItIsTheSame(t *testing.T) {
	shared, kernel := server(t), t.TempDir()
	write(t, filepath.Join(kernel, "kernel.sh"), string(kernelWrapper))
	if err := os.Mkdir(filepath.Join(kernel, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(kernel, "bin", "relay"), "#!/bin/sh\necho \"$4\"\n")
	if err := os.Chmod(filepath.Join(kernel, "bin", "relay"), 0o755); err != nil {
		t.Fatal(err)
	}
	mine := t.TempDir()
	for _, root := range []string{shared, mine} {
		if err := os.Mkdir(filepath.Join(root, "lib"), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(root, "go.mod"), "module github.com/transfer-learning-go/defects\n\ngo 1.26\n")
		write(t, filepath.Join(root, "go.sum"), "")
		write(t, filepath.Join(root, "lib", "a.go"), "package lib\n")
	}
	library := func(shared string) string {
		cmd := exec.Command("sh", filepath.Join(kernel, "kernel.sh"), "connection")
		cmd.Dir = mine
		cmd.Env = append(os.Environ(), "LESSON_SHARED="+shared, "TMPDIR="+t.TempDir())
		output, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		_, root, _ := strings.Cut(strings.TrimSpace(string(output)), "-go_work=")
		return root
	}
	if got := library(""); got != mine {
		t.Errorf("without a server: %s", got)
	}
	if got := library(shared); got != shared {
		t.Errorf("the same library: %s", got)
	}
	write(t, filepath.Join(mine, "lib", "b.go"), "package lib\n")
	if got := library(shared); got != mine {
		t.Errorf("another file: %s", got)
	}
}
