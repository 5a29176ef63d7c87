package main

import (
	"bytes"
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

const hello = "func main() { fmt.Println(greet.Hello()) }"

func TestACellIsBuiltWithoutTheRealTools(t *testing.T) {
	c := newClassroom(t)
	c.wants("output", c.cell(hello), "hello\n")
	c.wants("asked", c.asked(), "")

	// Compiled packages must not depend on go's build cache, which go trims.
	c.environment = append(c.environment, "GOCACHE="+t.TempDir())
	c.wants("output with an empty build cache", c.cell(hello+"\n"), "hello\n")
	c.wants("asked", c.asked(), "")

	said, err := c.build("func main() {\n\tpanic(errors.New(greet.Hello()))\n}")
	c.must(said, err)
	said, err = c.run(c.cells, c.program())
	if err == nil || !strings.Contains(said, "panic: hello") && !strings.Contains(said, "hello") ||
		!strings.Contains(said, filepath.Join(c.cells, "main.go")+":4") {
		t.Errorf("a panic said %v\n%s", err, said)
	}
}

func TestACompilerMessageIsGos(t *testing.T) {
	c := newClassroom(t)
	main := filepath.Join(c.cells, "main.go")
	c.write(main, "package main\n\nimport \"fmt\"\n\nfunc main() {\n\tvar unused int\n\tfmt.Prinln(greeting)\n}\n")
	got, err := c.run(c.cells, "go", "build", "-o", c.program())
	c.wants("asked", c.asked(), "")
	want, _ := c.run(c.cells, "go", "build", "-mod=readonly", "-o", c.program())
	if err == nil || got != want || !strings.Contains(got, "./main.go:7:6: undefined: fmt.Prinln") {
		t.Errorf("%v\n%s\ngo says\n%s", err, got, want)
	}
}

func TestAnUnchangedCellIsNotBuiltAgain(t *testing.T) {
	c := newClassroom(t)
	other := "func main() { fmt.Println(\"other\") }"
	c.cell(hello)
	first := c.programFile()
	c.wants("another cell", c.cell(other), "other\n")
	if os.SameFile(first, c.programFile()) {
		t.Error("another cell is the same program")
	}
	c.wants("the first again", c.cell(hello), "hello\n")
	if !os.SameFile(first, c.programFile()) {
		t.Error("the first cell was built again")
	}
	// A build by go must not write into the programs that are kept.
	c.must(c.run(c.cells, "go", "build", "-o", c.program(), "-gcflags=-N"))
	c.cell(other)
	c.wants("the first after a build by go", c.cell(hello), "hello\n")
	for i := range kept {
		c.must(c.build(other + strings.Repeat("\n", i)))
	}
	if programs, _ := os.ReadDir(filepath.Join(c.cells, ".programs")); len(programs) > kept {
		t.Errorf("%d programs are kept; want %d", len(programs), kept)
	}
}

func TestAnEditOfTheLibraryIsPickedUp(t *testing.T) {
	c := newClassroom(t)
	c.wants("before", c.cell(hello), "hello\n")
	library := filepath.Join(c.module, "lib", "greet", "greet.go")
	c.write(library, "package greet\n\nfunc Hello() string { return \"good day\" }\n\nfunc Bye() string { return \"bye\" }\n")
	c.wants("after", c.cell(hello), "good day\n")
	c.wants("a new function", c.cell("func main() { fmt.Println(greet.Bye()) }"), "bye\n")
	c.asked()
	c.wants("later", c.cell(hello), "good day\n")
	c.wants("asked later", c.asked(), "")

	c.write(library, "package greet\n\nfunc Hello() string { return 1 }\n")
	if said, err := c.build(hello); err == nil || !strings.Contains(said, "greet.go:3:32: cannot use 1") {
		t.Errorf("a library that does not compile: %v\n%s", err, said)
	}
	c.write(library, "package greet\n\nfunc Hello() string { return \"mended\" }\n")
	c.wants("mended", c.cell(hello), "mended\n")

	c.write(filepath.Join(c.module, "lib", "count", "count.go"), "package count\n\nconst Three = 3\n")
	c.wants("a new package", c.cell("func main() { fmt.Println(count.Three) }"), "3\n")
}

func TestWhatIsNotUnderstoodGoesToTheRealTools(t *testing.T) {
	c := newClassroom(t)
	c.cell(hello)
	c.asked()
	main := filepath.Join(c.cells, "main.go")
	build := "go build -o " + c.program()
	for _, f := range []struct {
		name, source string
		args         []string
		want         string
	}{
		{"a flag", hello, []string{"build", "-o", c.program(), "-gcflags=-N"}, build + " -gcflags=-N"},
		{"another order", hello, []string{"build", "-o", c.program(), "."}, build + " ."},
		{"a package not in the manifest", "import \"text/tabwriter\"\nvar _ tabwriter.Writer\nfunc main() {}", []string{"build", "-o", c.program()}, build},
		{"getting it", "import \"text/tabwriter\"\nvar _ tabwriter.Writer\nfunc main() {}", []string{"get"}, "go get"},
		{"a directive", "//go:noinline\nfunc main() {}", []string{"build", "-o", c.program()}, build},
		{"another command", hello, []string{"version"}, "go version"},
	} {
		c.write(main, "package main\n\nimport (\"fmt\"; \"example.com/lesson/lib/greet\")\n\n"+f.source+"\n")
		if !strings.Contains(f.source, "fmt.") {
			c.write(main, "package main\n\n"+f.source+"\n")
		}
		c.must(c.run(c.cells, "go", f.args...))
		c.wants(f.name, c.asked(), f.want)
	}
	c.write(main, "package main\n\nfunc main() { rnd.Intn(3) }\n")
	c.must(c.run(c.cells, "goimports", "-w", main))
	c.wants("a name that is not known", c.asked(), "goimports -w "+main)

	c.write(filepath.Join(c.cells, "more.go"), "package main\n\nfunc more() {}\n")
	c.write(main, "package main\n\nfunc main() { more() }\n")
	c.must(c.run(c.cells, "go", "build", "-o", c.program()))
	c.wants("a second file", c.asked(), build)
	os.Remove(filepath.Join(c.cells, "more.go"))

	c.environment = append(c.environment, "GOFLAGS=-buildvcs=false -tags=other")
	c.cell(hello)
	if !strings.Contains(c.asked(), "go list") {
		t.Error("other GOFLAGS: the manifest was not made anew")
	}
	mod := filepath.Join(c.cells, "go.mod")
	text, err := os.ReadFile(mod)
	if err != nil {
		t.Fatal(err)
	}
	c.write(mod, string(bytes.TrimSpace(text))+"\n\nexclude example.com/other v1.0.0\n")
	c.must(c.run(c.cells, "go", "get"))
	c.wants("another go.mod", c.asked(), "go get")
}
