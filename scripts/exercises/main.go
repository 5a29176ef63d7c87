// Command exercises makes notebooks/5-exercises.ipynb from notebooks/solutions, so that what a student finds and what
// solves it cannot drift apart. It is to be run after every change there; a test fails if it was not:
//
//	go run ./scripts/exercises
//
// The exercises are intro.md and then the cells of the solutions, in the order of their files, by their tags:
//
//	none      both have the cell: what is given, such as the task, hints, and the cells that check a result
//	solution  it is only in the solution
//	starter   a raw cell, right before one tagged solution: what the exercises have in its place. It becomes a cell of
//	          that type, and is neither run nor shown in the report of the solution
//
// All exercises share one kernel. So a code cell that several of them have is taken once, and a name that two cells declare
// otherwise is an error: the later one would change what the earlier exercise does. That holds for solutions, too, since
// that is what the cells become when they are filled.
package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

//go:embed intro.md
var intro string

func main() {
	made, err := exercises("notebooks/solutions")
	if err == nil {
		err = os.WriteFile(target, made, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "exercises:", err)
		os.Exit(1)
	}
}

// target is what is made, in the root of this clone.
const target = "notebooks/5-exercises.ipynb"

// notebook is what this program reads and writes of Jupyter's format 4.5, in the order in which Jupyter writes it: by name.
type notebook struct {
	Cells    []cell          `json:"cells"`
	Metadata json.RawMessage `json:"metadata"`
	Format   int             `json:"nbformat"`
	Minor    int             `json:"nbformat_minor"`
}

type cell struct {
	Type     string           `json:"cell_type"`
	Count    *json.RawMessage `json:"execution_count,omitempty"` // code cells must have it, and Outputs, both empty
	ID       string           `json:"id"`
	Metadata metadata         `json:"metadata"`
	Outputs  *[]any           `json:"outputs,omitempty"`
	Source   []string         `json:"source"` // lines with their line breaks
}

type metadata struct {
	Slideshow slideshow `json:"slideshow"`
	Tags      []string  `json:"tags,omitempty"`
}

// slideshow is what Jupyter makes slides of; a test of the notebooks says which cells begin one.
type slideshow struct {
	Type string `json:"slide_type"`
}

// exercises makes the notebook of the exercises from a folder of solutions.
func exercises(folder string) ([]byte, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*.ipynb"))
	if err == nil && len(paths) == 0 {
		err = fmt.Errorf("no notebooks in %s: run it in the root of the clone", folder)
	}
	if err != nil {
		return nil, err
	}
	var solved []cell // the code of all solutions
	out := notebook{Format: 4, Minor: 5, Cells: []cell{{Type: "markdown", ID: "intro", Metadata: metadata{Slideshow: slideshow{"slide"}}, Source: lines(intro)}}}
	for _, path := range paths { // sorted, as Glob gives them
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		var solution notebook
		if err := json.Unmarshal(text, &solution); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		number, _, _ := strings.Cut(filepath.Base(path), "-")
		if out.Cells, err = add(out.Cells, number, solution.Cells); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		out.Metadata = solution.Metadata
		for _, c := range solution.Cells {
			if c.Type == "code" && !holds(solved, c) {
				c.ID = number + "-" + c.ID
				solved = append(solved, c)
			}
		}
	}
	for _, cells := range [][]cell{out.Cells, solved} {
		if err := declaredOnce(cells); err != nil {
			return nil, err
		}
	}
	return encode(out)
}

// add appends what the exercises take from a solution of this number.
func add(cells []cell, number string, solution []cell) ([]cell, error) {
	for i, c := range solution {
		switch tags := strings.Join(c.Metadata.Tags, " "); {
		case tags == "solution":
			continue
		case tags == "starter" && c.Type == "raw" && i+1 < len(solution) && slices.Equal(solution[i+1].Metadata.Tags, []string{"solution"}):
			c.Type, c.Metadata.Slideshow = solution[i+1].Type, solution[i+1].Metadata.Slideshow
		case tags == "starter":
			return nil, fmt.Errorf("cell %s is tagged starter: make it a raw cell, right before a cell tagged solution", c.ID)
		case tags != "":
			return nil, fmt.Errorf("cell %s is tagged %q: a cell has no tag, solution or starter", c.ID, tags)
		case c.Type == "raw":
			return nil, fmt.Errorf("cell %s is a raw cell without tag: tag it starter", c.ID)
		}
		if c.Type == "code" && holds(cells, c) {
			continue
		}
		made := cell{Type: c.Type, ID: number + "-" + c.ID, Metadata: metadata{Slideshow: c.Metadata.Slideshow}, Source: c.Source}
		if made.Type == "code" {
			null := json.RawMessage("null")
			made.Count, made.Outputs = &null, &[]any{}
		}
		cells = append(cells, made)
	}
	return cells, nil
}

// holds reports whether one of the cells has the source of c.
func holds(cells []cell, c cell) bool {
	return slices.ContainsFunc(cells, func(other cell) bool { return slices.Equal(other.Source, c.Source) })
}

// declaredOnce reports a name that two cells declare.
func declaredOnce(cells []cell) error {
	by := map[string]string{}
	for _, c := range cells {
		if c.Type != "code" || strings.HasPrefix(c.Source[0], "%%") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), c.ID, "package p\n"+strings.Join(c.Source, ""), 0)
		if err != nil {
			return fmt.Errorf("cell %w", err)
		}
		for _, name := range declared(f) {
			if other, ok := by[name]; ok {
				return fmt.Errorf("cells %s and %s declare %s, each in its own way: give one another name", other, c.ID, name)
			}
			by[name] = c.ID
		}
	}
	return nil
}

// declared are the names of a file's declarations, those of methods with their types.
func declared(f *ast.File) (names []string) {
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			name := d.Name.Name
			if d.Recv != nil {
				name = types.ExprString(d.Recv.List[0].Type) + "." + name
			}
			names = append(names, name)
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					names = append(names, s.Name.Name)
				case *ast.ValueSpec:
					for _, n := range s.Names {
						names = append(names, n.Name)
					}
				}
			}
		}
	}
	return names
}

func lines(text string) []string { return strings.SplitAfter(strings.TrimRight(text, "\n"), "\n") }

// encode writes a notebook as Jupyter does.
func encode(n notebook) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	err := e.Encode(n)
	return out.Bytes(), err
}
