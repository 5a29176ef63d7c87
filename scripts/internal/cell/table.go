package main

import (
	"bytes"
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// The table of packages is a text with a line for each package that cells may import: name, import path, origin, what
// it was read from, and the exported names, with tabs between. Its lines are sorted.
type entry struct {
	name, path, origin string
	exports            string // names with a space before and after each
}

// Where packages come from, in the order in which goimports prefers them.
const (
	fromGo      = "0"
	fromModule  = "1" // the notebooks' own
	fromAnother = "2"
)

func (e entry) has(name string) bool { return strings.Contains(e.exports, " "+name+" ") }

type table []byte

func (k kernel) table(m *manifest) (table, error) {
	text, err := os.ReadFile(k.file(m.Packages))
	return append([]byte("\n"), text...), err
}

// named gives the packages of a name.
func (t table) named(name string) []entry { return t.find("\n" + name + "\t") }

// at gives the package of an import path.
func (t table) at(path string) (entry, bool) {
	all := t.find("\t" + path + "\t")
	if len(all) == 0 {
		return entry{}, false
	}
	return all[0], true
}

func (t table) find(text string) []entry {
	var found []entry
	for rest := t; ; {
		i := bytes.Index(rest, []byte(text))
		if i < 0 {
			return found
		}
		start := bytes.LastIndexByte(rest[:i+1], '\n') + 1
		line, after, _ := bytes.Cut(rest[start:], []byte("\n"))
		if fields := strings.Split(string(line), "\t"); len(fields) == 5 {
			found = append(found, entry{fields[0], fields[1], fields[2], fields[4]})
		}
		// The newline before the next line is part of what is looked for.
		rest = rest[len(rest)-len(after)-min(1, len(after)):]
	}
}

// writeTable writes the table and returns its file's name; of packages that are named twice the first counts. Lines of
// packages that did not change are taken from the table before.
func (k kernel) writeTable(packages []goPackage, before *manifest) (string, error) {
	old := map[string]string{}
	if before != nil {
		text, _ := os.ReadFile(k.file(before.Packages))
		for line := range strings.Lines(string(text)) {
			if fields := strings.Split(line, "\t"); len(fields) == 5 {
				old[strings.Join(fields[:4], "\t")] = line
			}
		}
	}
	var lines []string
	done := map[string]bool{}
	for _, p := range packages {
		if !p.importable() || done[p.ImportPath] {
			continue
		}
		done[p.ImportPath] = true
		origin := fromAnother
		switch {
		case p.Standard:
			origin = fromGo
		case p.Module != nil && p.Module.Main:
			origin = fromModule
		}
		key := strings.Join([]string{p.Name, p.ImportPath, origin, filepath.Base(p.Export)}, "\t")
		line, known := old[key]
		if !known {
			names, err := exports(p)
			if err != nil {
				return "", err
			}
			line = fmt.Sprintf("%s\t %s \n", key, strings.Join(names, " "))
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return k.writeNamed("packages", strings.Join(lines, ""))
}

// exports lists what a package exports: its functions, types, variables and constants.
func exports(p goPackage) ([]string, error) {
	var names []string
	add := func(ids ...*ast.Ident) {
		for _, id := range ids {
			if id.IsExported() {
				names = append(names, id.Name)
			}
		}
	}
	files := token.NewFileSet()
	for _, name := range slices.Concat(p.GoFiles, p.CgoFiles) {
		if !filepath.IsAbs(name) {
			name = filepath.Join(p.Dir, name)
		}
		f, err := parser.ParseFile(files, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil {
					add(d.Name)
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					switch s := s.(type) {
					case *ast.TypeSpec:
						add(s.Name)
					case *ast.ValueSpec:
						add(s.Names...)
					}
				}
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// choose picks the package that a cell means by name.Member for each of the members. ok is false where another tool
// has to decide: nothing is known by that name, or several packages are and the members do not tell which.
func (t table) choose(name string, members []string) (chosen entry, ok bool) {
	var fitting, own []entry
	for _, e := range t.named(name) {
		if !slices.ContainsFunc(members, func(m string) bool { return !e.has(m) }) {
			fitting = append(fitting, e)
		}
		if e.origin != fromAnother {
			own = append(own, e)
		}
	}
	// Where no package has all of the members, the cell has a mistake. The compiler says it if the import is there.
	candidates := fitting
	if len(fitting) == 0 {
		candidates = own
	}
	if len(candidates) == 0 {
		return entry{}, false
	}
	slices.SortStableFunc(candidates, func(a, b entry) int { return cmp.Compare(a.origin, b.origin) })
	return candidates[0], len(candidates) == 1 || candidates[0].origin != candidates[1].origin
}
