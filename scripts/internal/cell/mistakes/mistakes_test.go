package mistakes

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Only if the package is missed and the name is wrong is the right use of another cell not blamed.
func TestGoimportsDropsAnImportAndOneLineIsToBlame(t *testing.T) {
	s := &Session{Packages: Finder("")}
	s.Run(1, "func half(x float64) float64 {\n\treturn math.Floor(x / 2)\n}")
	s.Run(2, "%%\nfmt.Println(half(math.Sqr(2)))")
	problems := s.Compile("# gonb_1\n./main.go:8:9: undefined: math\n./main.go:13:18: undefined: math\n", []string{"",
		"Cell[1]: Line 2\n\treturn math.Floor(x / 2)\n        ^\n", "Cell[2]: Line 2\nfmt.Println(half(math.Sqr(2)))\n                 ^\n", ""})
	got := s.Text(problems)
	want := "Cell [2], line 2: undefined: math.Sqr\n    fmt.Println(half(math.Sqr(2)))\n                          ^\nDid you mean math.Sqrt?\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestHintsThatWouldMislead(t *testing.T) {
	for message, want := range map[string]string{
		"b.add undefined (type *layer.Builder has no field or method add, but does have method Add)": "Did you mean Add?",
		"sizes.append undefined (type []int has no field or method append)":                          "In Go: sizes = append(sizes, …).",
		"undefined: math.PI": "Did you mean math.Pi?",
		"cannot use \"x\" (untyped string constant) as int value in return statement": "",
	} {
		s := &Session{Packages: Finder("")}
		if got := s.hint(&Problem{Message: message}); got != want {
			t.Errorf("%s: %q; want %q", message, got, want)
		}
	}
}

func TestAChangedGlobalIsToldOnce(t *testing.T) {
	for _, c := range []struct{ name, first, second, want string }{
		{"assigned", "var best = 0.5", "%%\nbest = 0.9", "Cell [2], line 2: best"},
		{"counted", "var n int", "%%\nfor range 3 {\n\tn++\n}", "Cell [2], line 3: n"},
		{"a part of it", "var seen = map[string]bool{}", "%%\nseen[\"a\"] = true", "Cell [2], line 2: seen"},
		{"another variable of that name", "var best = 0.5", "%%\nbest := 0.9\nbest = 1", ""},
		{"only read", "var best = 0.5", "%%\nfmt.Println(best)", ""},
		{"its own", "var other int", "var n int\n%%\nn = 3", ""},
		{"in a function", "var n int", "func set() { n = 3 }", ""},
	} {
		s := &Session{}
		s.Run(1, c.first)
		s.Run(2, c.second)
		got := s.Lost()
		if !strings.HasPrefix(got, c.want) || (got == "") != (c.want == "") {
			t.Errorf("%s: %q; want %q…", c.name, got, c.want)
		}
		s.Run(3, c.second)
		if got := s.Lost(); got != "" {
			t.Errorf("%s: told again: %s", c.name, got)
		}
	}
}

func TestTheNotebookOfAKernel(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"1-data.ipynb":  `{"cells": [{"cell_type": "markdown", "source": "# One"}, {"cell_type": "code", "source": ["var a = 1\n", "var b = 2"]}]}`,
		"2-model.ipynb": `{"cells": [{"cell_type": "code", "source": "var c = 3"}, {"cell_type": "code", "source": "%%\nfmt.Println(c)"}]}`,
		"broken.ipynb":  `{`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ name, session, running, want string }{
		{"by its path", filepath.Join(dir, "1-data.ipynb"), "", "var a = 1\nvar b = 2"},
		{"by a path of the server's", "notebooks/1-data.ipynb", "", "var a = 1\nvar b = 2"},
		{"by the cell that runs", "", "%%\nfmt.Println(c)\n", "var c = 3 %%\nfmt.Println(c)"},
		{"by none", "", "%%\nfmt.Println(d)", ""},
	} {
		if got := strings.Join(ReadNotebook(dir, c.session, c.running), " "); got != c.want {
			t.Errorf("%s: %q; want %q", c.name, got, c.want)
		}
	}
}

func TestBrackets(t *testing.T) {
	for _, c := range []struct {
		code, bracket string
		line          int
		closes        bool
	}{
		{"%%\nfmt.Println(1)", "", 0, false},
		{"%%\nfmt.Println(\"(\") // {", "", 0, false},
		{"%%\nfor {\n\tfmt.Println(1)\n", "{", 2, false},
		{"%%\nfmt.Println([]int{1, 2)", "{", 2, false},
		{"%%\nif true {\n}\n}", "}", 4, true},
		{"func f() {\n\tg(1))\n}", ")", 2, true},
	} {
		bracket, line, closes := open(c.code)
		if bracket != c.bracket || line != c.line || closes != c.closes {
			t.Errorf("%q: %q, %d, %v", c.code, bracket, line, closes)
		}
	}
}

// GoNB reads a program's stderr in pieces, and adds no cell to a name that is cut in two: then main.go is read.
func TestAStackWithoutCells(t *testing.T) {
	main := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(main, []byte("package main\n\nfunc first(v []int) int {\n\treturn v[0]\n}\n\nfunc main() {\n\tflag.Parse()\n\tfirst(nil)\n}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := &Session{}
	s.Run(4, "// first is the first.\nfunc first(v []int) int {\n\treturn v[0]\n}")
	s.Run(5, "%%\n!ls\nfirst(nil)")
	stack := "panic: runtime error: index out of range [0] with length 0\n\ngoroutine 1 [running]:\nmain.first(...)\n\t" + main + ":4\n" +
		"main.main()\n\t" + main + ":9 +0x1d\n"
	p, rest, folded := s.Died("exit status 2", stack)
	if p.Cell != 4 || p.Line != 3 || len(p.From) != 1 || p.From[0] != "called from cell [5], line 3: first(nil)" || rest != "" || folded != "" {
		t.Errorf("%+v, rest %q, folded %q", p, rest, folded)
	}
}

func TestAVariableThatCannotBeMade(t *testing.T) {
	main := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(main, []byte("package main\n\nvar (\n\ta = 1\n\tfirst = []int{}[n]\n)\n\nfunc main() { flag.Parse() }\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := &Session{}
	s.Run(2, "// Two.\nvar a = 1\nvar first = []int{}[n]")
	s.Run(3, "func f() {}")
	p, _, folded := s.Died("exit status 2", "panic: runtime error: index out of range [0] with length 0\n\ngoroutine 1 [running]:\nmain.init()\n\t"+main+":5 +0x1d\n")
	if p.Cell != 2 || p.Line != 3 || folded != "" {
		t.Errorf("%+v, folded %q", p, folded)
	}
}

func TestACellHasNoOptions(t *testing.T) {
	s := &Session{}
	s.Run(1, "%%\nmodel.Fit()")
	for _, written := range []string{"Error: run a was made otherwise: set Retrain (--retrain) to start over\n\t/tmp/gonb_1/main.go:9\n",
		"panic: run a was made otherwise: set Retrain (--retrain) to start over\n\ngoroutine 1 [running]:\nmain.main()\n\t/tmp/gonb_1/main.go:9 +0x1\n"} {
		p, _, _ := s.Died("exit status 1", written)
		if !strings.HasSuffix(p.Message, "run a was made otherwise: set Retrain to start over") {
			t.Errorf("%q", p.Message)
		}
	}
}

func TestAStackThroughTheLibraryIsKept(t *testing.T) {
	s := &Session{}
	s.Run(1, "%%\nmodel.Fit()")
	p, rest, folded := s.Died("exit status 2", "2026/11/26 19:00:00 Must not error: no images\nlib.Open\n\t/m/open.go:3\nPanicking ...\n\npanic: no images\n\n"+
		"goroutine 1 [running]:\ngithub.com/janpfeifer/must.init.func1({0x1, 0x2})\n\t/p/must.go:13 +0xbd\nm/lib.Fit(...)\n\t/m/fit.go:7\n"+
		"main.main()\n\t \x1b[7m[[ Cell [1] Line 2 ]]\x1b[0m /tmp/gonb_1/main.go:9 +0x1\n")
	if p.Message != "no images" || p.Cell != 1 || p.Line != 2 || rest != "" || !strings.Contains(folded, "/m/fit.go:7") {
		t.Errorf("%+v, rest %q, folded %q", p, rest, folded)
	}
}
