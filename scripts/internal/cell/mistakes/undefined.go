package mistakes

import (
	"fmt"
	"go/token"
	"regexp"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/scripts/internal/spelling"
)

var (
	undefinedName   = regexp.MustCompile(`^undefined: (\w+)$`)
	undefinedMember = regexp.MustCompile(`^undefined: (\w+)\.(\w+)(?: \(but have (\w+)\))?$`)
	notExported     = regexp.MustCompile(`^name (\w+) not exported by package (\w+)$`)
)

// blame turns "undefined: fmt" into "undefined: fmt.Prinln". goimports adds an import only if the package has all that a
// program asks of it, so that the compiler then misses the package, in each line that uses it.
func (s *Session) blame(problems []Problem) []Problem {
	guilty := map[string]bool{}
	blamed := make([]Problem, len(problems))
	for i, p := range problems {
		blamed[i] = p
		if match := undefinedMember.FindStringSubmatch(p.Message); match != nil {
			blamed[i].Message = "undefined: " + match[1] + "." + match[2]
		}
		match := undefinedName.FindStringSubmatch(p.Message)
		if match == nil {
			continue
		}
		exported := s.exported(match[1])
		if len(exported) == 0 {
			continue
		}
		uses := regexp.MustCompile(`\b` + match[1] + `\.(\w+)`)
		line := s.source(p)
		for _, use := range uses.FindAllStringSubmatchIndex(line, -1) {
			if p.Column > 0 && use[0] != p.Column-1 {
				continue
			}
			if member := line[use[2]:use[3]]; !slices.Contains(exported, member) {
				guilty[match[1]] = true
				blamed[i].Message = "undefined: " + match[1] + "." + member
				blamed[i].Column = use[2] + 1
				break
			}
		}
	}
	return slices.DeleteFunc(blamed, func(p Problem) bool {
		match := undefinedName.FindStringSubmatch(p.Message)
		return match != nil && guilty[match[1]]
	})
}

// exported are the names of the packages that a cell calls by a name.
func (s *Session) exported(name string) (names []string) {
	if s.Packages == nil {
		return nil
	}
	for _, p := range s.Packages(name) {
		names = append(names, p.Exported()...)
	}
	return names
}

// member is the hint for a name that a package does not have.
func (s *Session) member(pkg, name string) string {
	exported := s.exported(pkg)
	meant := spelling.AllNearest(name, exported)
	switch {
	case len(meant) == 0 && len(exported) > 0 && len(exported) <= 12:
		return fmt.Sprintf("Package %s has %s.", pkg, strings.Join(distinct(exported), ", "))
	case len(meant) == 0:
		return ""
	case strings.EqualFold(meant[0], name) && !token.IsExported(name):
		return fmt.Sprintf("Did you mean %s.%s? What a package offers begins with a capital letter.", pkg, meant[0])
	}
	for i := range meant {
		meant[i] = pkg + "." + meant[i]
	}
	return didYouMean(meant...)
}

// inGo are words of other languages, and what Go says instead.
var inGo = map[string]string{
	"True": "true", "False": "false", "None": "nil", "null": "nil", "NULL": "nil", "str": "string", "float": "float64",
	"double": "float64", "list": "[]T, a slice", "dict": "map[K]V", "self": "the receiver's name", "this": "the receiver's name",
	"input": "fmt.Scanln", "printf": "fmt.Printf",
}

const runAbove = "Run the cells above this one (menu Run, Run All Above Selected Cell)."

// undefined is the hint for a name that is not declared.
func (s *Session) undefined(p Problem, name string) string {
	if word, ok := inGo[name]; ok {
		return "In Go: " + word + "."
	}
	switch line := parse(s.code(p.Cell)).local()[name]; {
	case line > p.Line:
		return fmt.Sprintf("%s is declared further down, in line %d.", name, line)
	case line > 0 && line < p.Line:
		return fmt.Sprintf("The %s of line %d ends with the braces that it stands in. Declare it before them.", name, line)
	}
	for _, c := range s.Cells {
		if _, ok := parse(c.Code).declared()[name]; ok && c.Failed && c.Number != p.Cell {
			return fmt.Sprintf("Cell [%d] declares %s, but has not compiled. Mend that cell and run it first.", c.Number, name)
		}
	}
	if first := s.unrun(name); first != "" {
		return fmt.Sprintf("The cell that begins with “%s” declares %s, and has not run since the kernel started. %s", first, name, runAbove)
	}
	if regexp.MustCompile(`^\s*(\w+, *)*` + name + `(, *\w+)*\s*=[^=]`).MatchString(s.source(p)) {
		return fmt.Sprintf("A new variable is declared with := instead of =.")
	}
	if where := s.inBody(p, name); where != "" {
		return fmt.Sprintf("%s is a variable of the program in %s, and gone with it: each cell is a program of its own. "+
			"Make it again in this cell, or write a function without %%%% that returns it.", name, where)
	}
	for _, pkg := range []string{"fmt", "math", "strings", "must", "lesson", "notebook", "figure"} {
		if slices.Contains(s.exported(pkg), name) {
			return fmt.Sprintf("Did you mean %s.%s?", pkg, name)
		}
	}
	if hint := didYouMean(spelling.AllNearest(name, s.known(p.Cell))...); hint != "" {
		return hint
	}
	return fmt.Sprintf("If a cell above declares %s, run that first. After a restart, all cells are to be run again.", name)
}

// known are the names that a cell can use: what cells that compiled declare, its own, and Go's.
func (s *Session) known(cell int) []string {
	names := []string{"append", "cap", "clear", "close", "copy", "delete", "len", "make", "max", "min", "new", "panic",
		"bool", "byte", "error", "float32", "float64", "int", "int64", "rune", "string", "true", "false", "nil"}
	for _, c := range s.Cells {
		if !c.Failed || c.Number == cell {
			names = append(names, keys(parse(c.Code).declared())...)
		}
		if c.Number == cell {
			names = append(names, keys(parse(c.Code).local())...)
		}
	}
	return names
}

// unrun is the first line of the notebook's cell that declares a name, if that cell has not run.
func (s *Session) unrun(name string) string {
	for _, code := range s.Notebook {
		if _, ok := parse(code).declared()[name]; ok && !s.ran(code) {
			return firstLine(code)
		}
	}
	return ""
}

// inBody is a cell, other than that of the problem, whose body declares a variable.
func (s *Session) inBody(p Problem, name string) string {
	for _, c := range slices.Backward(s.Cells) {
		if _, ok := parse(c.Code).local()[name]; ok && c.Number != p.Cell {
			return fmt.Sprintf("cell [%d]", c.Number)
		}
	}
	for _, code := range s.Notebook {
		if _, ok := parse(code).local()[name]; ok && strings.TrimSpace(code) != strings.TrimSpace(s.code(p.Cell)) {
			return fmt.Sprintf("the cell that begins with “%s”", bodyLine(code))
		}
	}
	return ""
}

func (s *Session) ran(code string) bool {
	return slices.ContainsFunc(s.Cells, func(c Cell) bool {
		return !c.Failed && strings.TrimSpace(c.Code) == strings.TrimSpace(code)
	})
}

// firstLine is what a reader finds a cell by.
func firstLine(code string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(code), "\n")
	if r := []rune(line); len(r) > 60 {
		line = string(r[:59]) + "…"
	}
	return line
}

// bodyLine is the first line under %%.
func bodyLine(code string) string {
	code = strings.TrimSpace(code)
	if first, rest, ok := strings.Cut(code, "\n"); ok && beginsMain(first) {
		code = rest
	}
	return firstLine(code)
}

// keyword reports a word that cannot be a name.
func keyword(word string) bool { return token.IsKeyword(word) }
