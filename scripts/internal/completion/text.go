package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"unicode/utf16"
)

// compose makes one file of a cell and of what earlier cells declared (main.go and other.go, as GoNB writes them).
// Every line of main keeps its number: the imports stand on the line of the package clause. There is always the same
// list of them, so that gopls need not load packages again for each cell.
func compose(main, other string, imports []string) string {
	seen := map[string]bool{}
	specs := []string{}
	add := func(spec string) {
		if !seen[spec] {
			seen[spec] = true
			specs = append(specs, spec)
		}
	}
	for _, path := range imports {
		add(strconv.Quote(path))
	}
	body, own := takeImports(main)
	declared, more := takeImports(other)
	for _, spec := range append(own, more...) {
		add(spec)
	}
	first, rest, _ := strings.Cut(body, "\n")
	if !strings.HasPrefix(first, "package ") {
		first, rest = "package main", body
	}
	text := first
	if len(specs) > 0 {
		text += "; import (" + strings.Join(specs, "; ") + ")"
	}
	text += "\n" + rest
	if _, declared, found := strings.Cut(declared, "\n"); found {
		text += "\n" + declared
	}
	return text
}

// takeImports puts blanks in the place of the imports of a file, and lists them. The file may not parse.
func takeImports(text string) (rest string, specs []string) {
	if text == "" {
		return "", nil
	}
	files := token.NewFileSet()
	f, _ := parser.ParseFile(files, "", text, parser.ImportsOnly|parser.SkipObjectResolution)
	if f == nil {
		return text, nil
	}
	out := []byte(text)
	for _, d := range f.Decls {
		imports, ok := d.(*ast.GenDecl)
		if !ok || imports.Tok != token.IMPORT {
			continue
		}
		from, to := files.Position(imports.Pos()).Offset, files.Position(imports.End()).Offset
		for i := from; i < min(to, len(out)); i++ {
			if out[i] != '\n' {
				out[i] = ' '
			}
		}
		for _, s := range imports.Specs {
			spec := s.(*ast.ImportSpec)
			text := spec.Path.Value
			if spec.Name != nil {
				text = spec.Name.Name + " " + text
			}
			specs = append(specs, text)
		}
	}
	return string(out), specs
}

// utf16Column and byteColumn convert columns of a line from bytes to UTF-16 code units and back.
func utf16Column(line string, bytes int) int {
	return len(utf16.Encode([]rune(line[:min(max(bytes, 0), len(line))])))
}

func byteColumn(line string, units int) int {
	for i, r := range line {
		if units <= 0 {
			return i
		}
		units -= utf16.RuneLen(r)
	}
	return len(line) + max(units, 0)
}
