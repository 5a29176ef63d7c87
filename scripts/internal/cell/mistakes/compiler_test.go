package mistakes

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestWhatTheCompilerSays runs the examples with the compiler of this Go and without a kernel, so that a message whose
// wording has changed is noticed. What GoNB does between a cell and the compiler is imitated.
func TestWhatTheCompilerSays(t *testing.T) {
	g := newBench(t)
	for _, e := range examples(t) {
		for _, code := range e.cells {
			g.session.Notebook = append(g.session.Notebook, code)
		}
	}
	for _, e := range examples(t) {
		seen := ""
		for _, code := range e.cells {
			seen = g.run(code, e.kernel)
		}
		if !e.kernel {
			compare(t, e.name, seen, e.want)
		}
	}
}

// bench is a compiler, a linker, and what the cells have declared.
type bench struct {
	*testing.T
	dir     string
	imports map[string]string // of the packages that cells use, by name
	session Session
	decls   []declared
}

type declared struct {
	names      []string
	text       string
	cell, line int
}

func newBench(t *testing.T) *bench {
	root, err := filepath.Abs("../../../..")
	if err != nil {
		t.Fatal(err)
	}
	g := &bench{T: t, dir: t.TempDir(), imports: map[string]string{}}
	g.session.Packages = Finder(root)
	used := []string{"flag", "errors", "fmt", "os", "github.com/janpfeifer/must", "github.com/transfer-learning-go/defects/lib/images",
		"github.com/transfer-learning-go/defects/lib/neudet"}
	for _, path := range used {
		g.imports[path[strings.LastIndex(path, "/")+1:]] = path
	}
	cmd := exec.Command("go", append([]string{"list", "-export", "-deps", "-f", "{{if .Export}}packagefile {{.ImportPath}}={{.Export}}{{end}}"}, used...)...)
	cmd.Dir = root
	list, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	g.write("importcfg", string(list))
	return g
}

func (g *bench) write(name, text string) {
	g.Helper()
	if err := os.WriteFile(filepath.Join(g.dir, name), []byte(text), 0o644); err != nil {
		g.Fatal(err)
	}
}

func (g *bench) command(name string, args ...string) (stdout, stderr string, err error) {
	var out, log bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = g.dir, &out, &log
	err = cmd.Run()
	return out.String(), log.String(), err
}

// run gives what a student sees of a cell.
func (g *bench) run(code string, only bool) string {
	number := g.session.current().Number + 1
	g.session.Run(number, code)
	if only {
		return ""
	}
	if line, message := g.parse(code); message != "" {
		report := fmt.Sprintf("Cell[%d]: Line %d\n%s\n%s\n\n", number, line, strings.Split(code+"\n\n", "\n")[line-1],
			strings.Repeat(" ", columnOf(message)-1)+"^")
		if line > len(strings.Split(code, "\n")) {
			report = "\n"
		}
		return g.session.Text(g.session.Compile(message, []string{report}))
	}
	text, where, decls := g.compose(number, code)
	g.write("main.go", text)
	output, log, err := g.command("go", "tool", "compile", "-p", "main", "-importcfg", "importcfg", "-o", "main.a", "./main.go")
	if err != nil {
		output = "# gonb_1\n" + output + log
		return g.session.Text(g.session.Compile(output, reports(output, text, where)))
	}
	g.decls = append(g.decls, decls...)
	if parse(code).main() == nil {
		return ""
	}
	if _, log, err := g.command("go", "tool", "link", "-importcfg", "importcfg", "-o", "cell", "main.a"); err != nil {
		g.Fatal(log)
	}
	stdout, stderr, err := g.command("./cell")
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return stdout + stderr + g.session.Lost()
	}
	problem, rest, stack := g.session.Died(exit.Error(), stderr)
	if stack != "" {
		stack = folded
	}
	return stdout + rest + g.session.Text([]Problem{problem}) + stack
}

// parse is what GoNB says of a cell that it cannot read, and the cell's line.
func (g *bench) parse(code string) (line int, message string) {
	text, lines := "package main\n\n", []int{0, 0}
	for i, l := range strings.Split(code, "\n") {
		if beginsMain(l) {
			text, lines = text+"func main() {\n\tflag.Parse()\n", append(lines, i+1, i+1)
			continue
		}
		text, lines = text+l+"\n", append(lines, i+1)
	}
	if strings.Contains(text, "func main") {
		text += "\n}\n"
	}
	_, err := parser.ParseFile(token.NewFileSet(), "/tmp/gonb_1/main.go", text, parser.SkipObjectResolution)
	if err == nil {
		return 0, ""
	}
	fmt.Sscanf(strings.TrimPrefix(err.Error(), "/tmp/gonb_1/main.go:"), "%d", &line)
	if line > len(lines) {
		return len(lines), err.Error()
	}
	return lines[line-1], err.Error()
}

func columnOf(message string) (column int) {
	fmt.Sscanf(message[strings.Index(message, "main.go:"):], "main.go:%d:%d", new(int), &column)
	return column
}

// compose makes the program of all that is declared and of a cell, with the cell and line of each of its lines.
func (g *bench) compose(number int, code string) (text string, where [][2]int, decls []declared) {
	source, begin := program(code)
	parsed := parse(code)
	for _, decl := range parsed.file.Decls {
		from, to := parsed.files.Position(decl.Pos()), parsed.files.Position(decl.End())
		d := declared{text: source[from.Offset:to.Offset], cell: number, line: from.Line}
		if f, ok := decl.(*ast.FuncDecl); ok && f.Name.Name == "main" {
			continue
		}
		decls = append(decls, d)
	}
	body := "func main() { flag.Parse() }"
	if begin > 0 {
		body = "func main() {\n\tflag.Parse()\n" + strings.Join(strings.Split(code, "\n")[begin:], "\n") + "\n}"
	}
	used := "\t\"flag\"\n"
	all := body
	for _, d := range append(g.decls, decls...) {
		all += "\n" + d.text
	}
	all = regexp.MustCompile(`"[^"\n]*"`).ReplaceAllString(all, "")
	for name, path := range g.imports {
		if name != "flag" && regexp.MustCompile(`\b`+name+`\.\w`).MatchString(all) {
			used += fmt.Sprintf("\t%q\n", path)
		}
	}
	text = "package main\n\nimport (\n" + used + ")\n\n"
	where = make([][2]int, strings.Count(text, "\n"))
	add := func(chunk string, cell, line int) {
		for i := range strings.Split(chunk, "\n") {
			where = append(where, [2]int{cell, line + i})
		}
		text += chunk + "\n"
	}
	for _, d := range append(g.decls, decls...) {
		add(d.text, d.cell, d.line)
	}
	add(body, number, begin-1)
	return text, where, decls
}

// reports are GoNB's texts for the lines of the compiler's output.
func reports(output, mainGo string, where [][2]int) (texts []string) {
	lines := strings.Split(mainGo, "\n")
	for _, line := range strings.Split(output, "\n") {
		if !reportLine.MatchString(line) {
			texts = append(texts, line)
			continue
		}
		var at int
		fmt.Sscanf(line[strings.Index(line, "main.go:"):], "main.go:%d", &at)
		texts = append(texts, fmt.Sprintf("Cell[%d]: Line %d\n%s\n%s^\n\n%s", where[at-1][0], where[at-1][1], lines[at-1],
			strings.Repeat(" ", columnOf(line)-1), line))
	}
	return texts
}
