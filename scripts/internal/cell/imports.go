package main

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// imported does what goimports does with a cell's file: adds the imports that are missing and removes those that are
// not used. It is not done where another tool has to decide.
func (k kernel) imported(ctx context.Context, args []string) bool {
	if len(args) != 2 || args[0] != "-w" || filepath.Dir(args[1]) != filepath.Clean(k.cells) || !k.alone(filepath.Base(args[1])) {
		return false
	}
	m := k.current(ctx)
	if m == nil { // the library does not compile, say: what was known before serves as well
		var err error
		if m, err = k.load(); err != nil {
			return false
		}
	}
	packages, err := k.table(m)
	if err != nil {
		return false
	}
	source, err := os.ReadFile(args[1])
	if err != nil {
		return false
	}
	text, ok := fixImports(packages, source)
	return ok && (string(text) == string(source) || os.WriteFile(args[1], text, 0o644) == nil)
}

// alone says that a file is the only Go file of the cell: what others declare is not to be imported.
func (k kernel) alone(name string) bool {
	entries, err := os.ReadDir(k.cells)
	return err == nil && !slices.ContainsFunc(entries, func(e os.DirEntry) bool {
		return strings.HasSuffix(e.Name(), ".go") && e.Name() != name
	})
}

// fixImports returns the source with the imports that it needs. Lines stay where they are.
func fixImports(packages table, source []byte) (fixed []byte, ok bool) {
	files := token.NewFileSet()
	// The parser resolves names within the file: what is left before a dot is a package, or not declared.
	file, err := parser.ParseFile(files, "", source, parser.ParseComments)
	if err != nil {
		return nil, false // goimports says so in its own words
	}
	members := map[string][]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if id, ok := s.X.(*ast.Ident); ok && id.Obj == nil && id.Name != "_" {
				members[id.Name] = append(members[id.Name], s.Sel.Name)
			}
		}
		return true
	})
	var removed []ast.Node
	for _, d := range file.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.IMPORT {
			continue
		}
		unused := 0
		for _, s := range g.Specs {
			spec := s.(*ast.ImportSpec)
			name, ok := importName(packages, spec)
			switch {
			case !ok:
				return nil, false
			case name == "_" || name == ".":
			case members[name] == nil:
				removed = append(removed, spec)
				unused++
			}
			delete(members, name)
		}
		if !g.Lparen.IsValid() && unused == 1 {
			removed[len(removed)-1] = g
		}
	}
	var added []string
	for name, used := range members {
		e, ok := packages.choose(name, used)
		if !ok {
			return nil, false
		}
		spec := strconv.Quote(e.path)
		if e.name != assumedName(e.path) {
			spec = e.name + " " + spec
		}
		added = append(added, "; import "+spec)
	}
	slices.Sort(added)
	fixed = slices.Clone(source)
	for _, n := range removed {
		start, end := files.Position(n.Pos()).Offset, files.Position(n.End()).Offset
		for i := start; i < end; i++ {
			if fixed[i] != '\n' {
				fixed[i] = ' '
			}
		}
		if _, whole := n.(*ast.GenDecl); whole {
			copy(fixed[start:end], "import ()")
		}
	}
	fixed = slices.Insert(fixed, files.Position(file.Name.End()).Offset, []byte(strings.Join(added, ""))...)
	_, err = parser.ParseFile(token.NewFileSet(), "", fixed, parser.SkipObjectResolution)
	return fixed, err == nil
}

// importName is the name by which a file knows an import. ok is false for a package that the table does not have.
func importName(packages table, spec *ast.ImportSpec) (name string, ok bool) {
	importPath, err := strconv.Unquote(spec.Path.Value)
	if err != nil || importPath == "C" {
		return "", false
	}
	if spec.Name != nil {
		return spec.Name.Name, true
	}
	e, ok := packages.at(importPath)
	return e.name, ok
}

var majorVersion = regexp.MustCompile(`^v[0-9]+$`)

// assumedName is what readers take for a package's name if an import does not say it.
func assumedName(importPath string) string {
	if base := path.Base(importPath); !majorVersion.MatchString(base) {
		return base
	}
	return path.Base(path.Dir(importPath))
}
