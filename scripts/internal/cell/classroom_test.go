package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// classroom is a kernel's folder, a module with a library, and GoNB's folder of code, made as set-up and GoNB make
// them. The go behind the stand-in writes down what it is asked.
type classroom struct {
	t                          *testing.T
	kernel, module, cells, log string
	behind                     string // folder of the go behind the stand-in
	environment                []string
}

// built is the folder of this program, built once for all tests.
var built string

var program = sync.OnceValues(func() (string, error) {
	path := filepath.Join(built, "cell")
	said, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, said)
	}
	return path, err
})

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "cell-test-")
	if err != nil {
		panic(err)
	}
	built = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

func newClassroom(t *testing.T) *classroom {
	t.Helper()
	if testing.Short() {
		t.Skip("compiles programs")
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c := &classroom{t: t, kernel: filepath.Join(dir, "kernel"), module: filepath.Join(dir, "module"),
		cells: filepath.Join(dir, "gonb_test"), log: filepath.Join(dir, "asked.txt"), behind: filepath.Join(dir, "behind")}
	for _, folder := range []string{filepath.Join(c.kernel, "bin"), c.cells} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	standIn, err := program()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"cell", "go", "goimports"} {
		if err := os.Link(standIn, filepath.Join(c.kernel, "bin", name)); err != nil {
			t.Fatal(err)
		}
	}
	c.write(filepath.Join(c.behind, "go"), "#!/bin/sh\necho \"go $*\" >>"+c.log+"\nexec "+goTool+" \"$@\"\n")
	c.write(filepath.Join(c.kernel, "real", "goimports"), "#!/bin/sh\necho \"goimports $*\" >>"+c.log+"\n")
	c.write(filepath.Join(c.module, "go.mod"), "module example.com/lesson\n\ngo 1.26.0\n")
	c.write(filepath.Join(c.module, "lib", "greet", "greet.go"), "package greet\n\nfunc Hello() string { return \"hello\" }\n")
	c.environment = append(os.Environ(), "PATH="+filepath.Join(c.kernel, "bin")+":"+c.behind+":"+os.Getenv("PATH"),
		"GOWORK=", "GOFLAGS=-buildvcs=false", "GOPROXY=off", "GONB_TMP_DIR="+c.cells)
	c.must(c.run(c.kernel, "cell", "prepare", c.module, "example.com/lesson/lib/...", "fmt", "errors"))
	for _, args := range [][]string{{"mod", "init", "gonb_test"}, {"work", "init"}, {"work", "use", c.module, "."},
		{"mod", "edit", "-replace=example.com/lesson=" + c.module}} {
		c.must(c.run(c.cells, "go", args...))
	}
	c.asked()
	return c
}

func (c *classroom) write(path, text string) {
	c.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		c.t.Fatal(err)
	}
}

func (c *classroom) must(said string, err error) string {
	c.t.Helper()
	if err != nil {
		c.t.Fatalf("%v\n%s", err, said)
	}
	return said
}

func (c *classroom) command(ctx context.Context, dir, name string, args ...string) *exec.Cmd {
	path := name
	if !filepath.IsAbs(name) {
		path = filepath.Join(c.kernel, "bin", name)
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir, cmd.Env = dir, append(c.environment, "PWD="+dir)
	return cmd
}

func (c *classroom) run(dir, name string, args ...string) (string, error) {
	said, err := c.command(c.t.Context(), dir, name, args...).CombinedOutput()
	return string(said), err
}

// asked is what the real tools were asked since the last call.
func (c *classroom) asked() string {
	text, _ := os.ReadFile(c.log)
	os.Remove(c.log)
	return strings.TrimSpace(string(text))
}

func (c *classroom) program() string { return filepath.Join(c.cells, "gonb_test") }

// build does what GoNB does to build a cell.
func (c *classroom) build(source string) (said string, err error) {
	c.t.Helper()
	main := filepath.Join(c.cells, "main.go")
	c.write(main, "package main\n\n"+source+"\n")
	for _, args := range [][]string{{"goimports", "-w", main}, {"go", "get"}, {"go", "build", "-o", c.program()}} {
		if said, err := c.run(c.cells, args[0], args[1:]...); err != nil {
			return said, err
		}
	}
	return "", nil
}

// cell builds a cell and runs it.
func (c *classroom) cell(source string) string {
	c.t.Helper()
	c.must(c.build(source))
	return c.must(c.run(c.cells, c.program()))
}

func (c *classroom) wants(what, got, want string) {
	c.t.Helper()
	if got != want {
		c.t.Errorf("%s: got %q; want %q", what, got, want)
	}
}

func (c *classroom) programFile() os.FileInfo {
	c.t.Helper()
	info, err := os.Stat(c.program())
	if err != nil {
		c.t.Fatal(err)
	}
	return info
}
