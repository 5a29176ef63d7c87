package main

import (
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var known = table("\n" + strings.Join([]string{
	"context\tcontext\t0\ta\t Background Context ",
	"context\texample.com/tensors/context\t2\tb\t New Scope ",
	"fmt\tfmt\t0\tc\t Println Sprint Stringer ",
	"graph\texample.com/tensors/graph\t2\td\t Node Slice ",
	"graph\texample.com/xgraph\t2\td\t Slice ",
	"images\texample.com/lesson/lib/images\t1\te\t Open ",
	"images\texample.com/tensors/images\t2\tf\t Load ",
	"must\texample.com/must\t2\tg\t M M1 ",
	"rand\tcrypto/rand\t0\th\t Int Read ",
	"rand\tmath/rand\t0\ti\t Float64 Int Intn Read ",
	"rand\tmath/rand/v2\t0\tj\t Float64 Int IntN ",
	"result\texample.com/lesson/lib/result\t1\tk\t History ",
	"slices\tslices\t0\tk\t Sort ",
	"strange\texample.com/go-odd\t2\tl\t Do ",
	"template\thtml/template\t0\tm\t HTML New ",
	"template\ttext/template\t0\tn\t New ",
}, "\n") + "\n")

func TestFixImports(t *testing.T) {
	for _, c := range []struct{ name, source, want string }{
		{"missing", `func main() { fmt.Println(must.M1(images.Open())) }`, `"example.com/lesson/lib/images" "example.com/must" "fmt"`},
		{"nothing to do", `import "fmt"; func main() { fmt.Println() }`, `"fmt"`},
		{"unused", `import "fmt"; func main() {}`, ``},
		{"unused in a group", "import (\n\"fmt\"\n\"slices\"\n)\nfunc main() { slices.Sort(nil) }", `"slices"`},
		{"alias kept", `import f "fmt"; func main() { f.Println() }`, `f "fmt"`},
		{"alias not used", `import f "fmt"; func main() { fmt.Println() }`, `"fmt"`},
		{"alias of an unknown path", `import f "example.com/unheard/of"; func main() { f.Do() }`, `f "example.com/unheard/of"`},
		{"blank and dot kept", `import (_ "slices"; . "fmt"); func main() { Println() }`, `. "fmt" _ "slices"`},
		{"a name unlike its path", `func main() { strange.Do() }`, `strange "example.com/go-odd"`},
		{"version in the path", `func main() { rand.IntN(3) }`, `"math/rand/v2"`},
		{"members decide", `func main() { rand.Intn(3); template.HTML("") }`, `"html/template" "math/rand"`},
		{"members decide against Go's own", `func main() { context.New() }`, `"example.com/tensors/context"`},
		{"Go's own first", `var c = context.Background()`, `"context"`},
		{"ours before others'", `func main() { images.Opn() }`, `"example.com/lesson/lib/images"`},
		{"others' where it fits", `func main() { images.Load() }`, `"example.com/tensors/images"`},
		{"a member that does not exist", `func main() { fmt.Prinln() }`, `"fmt"`},
		{"a variable of the same name", `func main() { fmt := x{}; fmt.Println() }; type x struct{}`, ``},
		{"a parameter", `func f(images x) { images.Open() }; type x struct{}`, ``},
		{"a range variable", `func main() { for _, result := range []x{} { result.Do() } }; type x struct{}`, ``},
		{"a global", `var fmt x; func main() { fmt.Println() }; type x struct{}`, ``},
		{"shadowed in one function", `func f(fmt x) { fmt.Do() }; func g() { fmt.Println() }; type x struct{}`, `"fmt"`},
		{"a field", `func main() { var v x; v.fmt.Println() }; type x struct{ fmt struct{} }`, ``},
		{"type parameters", `func f[images interface{ Open() }](x images) { x.Open() }; func g[T fmt.Stringer](t T) {}`, `"fmt"`},
		{"instantiated", `func main() { f[images.Size](graph.Node{}) }; func f[T any](x any) {}`,
			`"example.com/lesson/lib/images" "example.com/tensors/graph"`},
		{"a type", `var h *result.History`, `"example.com/lesson/lib/result"`},
		{"a label and a key", `func main() { _ = x{fmt: 1}; fmt: for { break fmt } }; type x struct{ fmt int }`, ``},
		{"in text alone", "// fmt.Println\nvar s = \"fmt.Println\"", ``},
	} {
		source := "package main\n" + c.source
		fixed, ok := fixImports(known, []byte(source))
		if !ok {
			t.Errorf("%s: left to goimports", c.name)
			continue
		}
		if got := importsIn(t, fixed); got != c.want {
			t.Errorf("%s: imports %s; want %s", c.name, got, c.want)
		}
		if strings.Count(string(fixed), "\n") != strings.Count(source, "\n") {
			t.Errorf("%s: lines moved:\n%s", c.name, fixed)
		}
	}
}

func TestFixImportsLeavesTheRestToGoimports(t *testing.T) {
	for _, c := range []struct{ name, source string }{
		{"several packages fit", `func main() { rand.Float64() }`},
		{"several packages of others fit", `func main() { graph.Slice() }`},
		{"several packages lack the member", `func main() { template.Nw() }`},
		{"another's package lacks the member", `func main() { strange.Dont() }`},
		{"not declared", `func main() { data.Train() }`},
		{"an import that is not known", `import "example.com/unheard/of"; func main() { of.Do() }`},
		{"cgo", `import "C"; func main() { C.puts(nil) }`},
		{"not Go", `func main( {`},
	} {
		if fixed, ok := fixImports(known, []byte("package main\n"+c.source)); ok {
			t.Errorf("%s: done as\n%s", c.name, fixed)
		}
	}
}

func importsIn(t *testing.T, source []byte) string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "", source, 0)
	if err != nil {
		t.Fatalf("%v in\n%s", err, source)
	}
	var all []string
	for _, s := range f.Imports {
		text := s.Path.Value
		if _, err := strconv.Unquote(text); err != nil {
			t.Fatal(err)
		}
		if s.Name != nil {
			text = s.Name.Name + " " + text
		}
		all = append(all, text)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}
