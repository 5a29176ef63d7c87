package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

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
	if err == nil || !strings.Contains(said, "hello") ||
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
	if said, err := c.build(hello); err == nil || !strings.Contains(said, "greet.go:3:30: cannot use 1") {
		t.Errorf("a library that does not compile: %v\n%s", err, said)
	}
	c.asked()
	c.build(hello)
	if asked := c.asked(); strings.Contains(asked, "go list") || !strings.Contains(asked, "go build") {
		t.Errorf("while the library does not compile, go was asked %q; want builds alone", asked)
	}
	c.write(library, "package greet\n\nfunc Hello() string { return \"mended\" }\n")
	c.wants("mended", c.cell(hello), "mended\n")

	c.write(filepath.Join(c.module, "lib", "count", "count.go"), "package count\n\nconst Three = 3\n")
	c.wants("a new package", c.cell("func main() { fmt.Println(count.Three) }"), "3\n")
}

func TestAnotherPackageJoinsTheManifest(t *testing.T) {
	c := newClassroom(t)
	source := "import (\"fmt\"; \"text/tabwriter\")\nvar _ tabwriter.Writer\nfunc main() { fmt.Println(1) }"
	c.wants("output", c.cell(source), "1\n")
	if asked := c.asked(); strings.Count(asked, "go list -json") != 2 || strings.Contains(asked, "go build") {
		t.Errorf("go was asked %q; want the lists of one manifest", asked)
	}
	c.wants("output later", c.cell(source+"\n"), "1\n")
	c.wants("asked later", c.asked(), "")

	for range 2 {
		if said, err := c.build("import \"example.com/unheard/of\"\nfunc main() { of.Do() }"); err == nil || !strings.Contains(said, "example.com/unheard/of") {
			t.Errorf("a package that is not there: %v\n%s", err, said)
		}
	}
	c.asked()
	c.wants("output afterwards", c.cell(hello), "hello\n")
	c.wants("asked afterwards", c.asked(), "")
}

func TestTwoKernelsAtOnce(t *testing.T) {
	c := newClassroom(t)
	other := *c
	other.cells = filepath.Join(filepath.Dir(c.cells), "gonb_other")
	other.environment = append(slices.Clone(c.environment), "GONB_TMP_DIR="+other.cells)
	c.write(filepath.Join(c.module, "lib", "greet", "greet.go"), "package greet\n\nfunc Hello() string { return \"both\" }\n")
	for _, name := range []string{"go.mod", "go.work"} {
		text, err := os.ReadFile(filepath.Join(c.cells, name))
		if err != nil {
			t.Fatal(err)
		}
		c.write(filepath.Join(other.cells, name), string(text))
	}
	var group sync.WaitGroup
	for _, k := range []*classroom{c, &other} {
		k.write(filepath.Join(k.cells, "main.go"), "package main\n\nimport (\"fmt\"; \"example.com/lesson/lib/greet\")\n\n"+hello+"\n")
		group.Go(func() {
			if said, err := k.run(k.cells, "go", "build", "-o", k.program()); err != nil {
				t.Errorf("%v\n%s", err, said)
			}
		})
	}
	group.Wait()
	if asked := c.asked(); strings.Count(asked, "go list -json") != 2 || strings.Contains(asked, "go build") {
		t.Errorf("go was asked %q; want the lists of one manifest", asked)
	}
	for _, k := range []*classroom{c, &other} {
		c.wants("output", c.must(k.run(k.cells, k.program())), "both\n")
	}
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
	c.write(main, "package main\n\nimport \"example.com/unheard/of\"\n\nfunc main() { of.Do() }\n")
	c.run(c.cells, "go", "get")
	c.wants("getting what is not known", c.asked(), "go get")
	c.write(main, "package main\n\nfunc main() { rnd.Intn(3) }\n")
	c.must(c.run(c.cells, "goimports", "-w", main))
	c.wants("a name that is not known", c.asked(), "goimports -w "+main)

	c.write(filepath.Join(c.cells, "more.go"), "package main\n\nfunc more() {}\n")
	c.write(main, "package main\n\nfunc main() { more() }\n")
	c.must(c.run(c.cells, "go", "build", "-o", c.program()))
	c.wants("a second file", c.asked(), build)
	os.Remove(filepath.Join(c.cells, "more.go"))

	c.write(main, "package main\n\nfunc main() {}\n")
	usual := c.environment
	c.environment = append(usual, "GOFLAGS=-buildvcs=false -tags=other")
	c.must(c.run(c.cells, "go", "build", "-o", c.program()))
	c.wants("other GOFLAGS", c.asked(), build)
	c.environment = append(usual, "CGO_CFLAGS=-O1")
	c.must(c.run(c.cells, "go", "build", "-o", c.program()))
	if asked := c.asked(); !strings.Contains(asked, "go list") || strings.Contains(asked, "go build") {
		t.Errorf("other CGO_CFLAGS: go was asked %q; want a new manifest", asked)
	}
	c.environment = usual
	c.must(c.run(c.cells, "go", "get"))
	c.asked()
	mod := filepath.Join(c.cells, "go.mod")
	text, err := os.ReadFile(mod)
	if err != nil {
		t.Fatal(err)
	}
	c.write(mod, string(bytes.TrimSpace(text))+"\n\nexclude example.com/other v1.0.0\n")
	c.must(c.run(c.cells, "go", "get"))
	c.wants("another go.mod", c.asked(), "go get")
}
