package mistakes

import (
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"maps"
	"slices"
	"strings"
)

// source is a cell as Go reads it. Lines keep their numbers; the lines above all declarations that GoNB adds are left out.
type source struct {
	files *token.FileSet
	file  *ast.File
}

// program makes Go of a cell's code as GoNB does: %% begins main, other lines of % and ! are commands.
func program(code string) (text string, main int) {
	lines := strings.Split(code, "\n")
	for i, line := range lines {
		line := strings.TrimPrefix(line, "//gonb:")
		switch {
		case beginsMain(line) && main == 0:
			lines[i], main = "func main() {", i+1
		case strings.HasPrefix(line, "%"), strings.HasPrefix(line, "!"), strings.HasPrefix(line, "package "):
			lines[i] = ""
		}
	}
	text = strings.Join(lines, "\n")
	if main > 0 {
		text += "\n}"
	}
	return "package main; " + text, main
}

func beginsMain(line string) bool {
	return line == "%%" || strings.HasPrefix(line, "%% ") || strings.HasPrefix(line, "%%\t") || strings.HasPrefix(line, "%main")
}

// parse reads as much of a cell as is Go.
func parse(code string) source {
	text, _ := program(code)
	s := source{files: token.NewFileSet()}
	s.file, _ = parser.ParseFile(s.files, "", text, 0)
	if s.file == nil {
		s.file = &ast.File{Name: ast.NewIdent("main")}
	}
	return s
}

func (s source) line(n ast.Node) int { return s.files.Position(n.Pos()).Line }

// declared are the names that outlive the cell, with their lines.
func (s source) declared() map[string]int {
	names := map[string]int{}
	for _, decl := range s.file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil && d.Name.Name != "main" {
				names[d.Name.Name] = s.line(d)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					names[spec.Name.Name] = s.line(spec)
				case *ast.ValueSpec:
					for _, name := range spec.Names {
						names[name.Name] = s.line(name)
					}
				}
			}
		}
	}
	return names
}

// main is the body that %% begins; nil if there is none.
func (s source) main() *ast.BlockStmt {
	for _, decl := range s.file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "main" {
			return f.Body
		}
	}
	return nil
}

// local are the variables that the body declares, with their lines.
func (s source) local() map[string]int {
	names := map[string]int{}
	if s.main() == nil {
		return names
	}
	ast.Inspect(s.main(), func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE {
				for _, left := range n.Lhs {
					if name, ok := left.(*ast.Ident); ok {
						names[name.Name] = s.line(name)
					}
				}
			}
		case *ast.ValueSpec:
			for _, name := range n.Names {
				names[name.Name] = s.line(name)
			}
		}
		return true
	})
	delete(names, "_")
	return names
}

// members are the fields and methods of a type that the cell declares.
func (s source) members(typeName string) []string { return members([]*ast.File{s.file}, typeName) }

func members(files []*ast.File, typeName string) (names []string) {
	for _, file := range files {
		for _, decl := range file.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Recv != nil && receiver(d.Recv.List[0].Type) == typeName {
					names = append(names, d.Name.Name)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					spec, ok := spec.(*ast.TypeSpec)
					if !ok || spec.Name.Name != typeName {
						continue
					}
					if fields, ok := spec.Type.(*ast.StructType); ok {
						for _, field := range fields.Fields.List {
							for _, name := range field.Names {
								names = append(names, name.Name)
							}
						}
					}
				}
			}
		}
	}
	return names
}

func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

// open is the bracket of a cell that is never closed, or the first that closes none, and its line.
func open(code string) (bracket string, line int, closes bool) {
	text, main := program(code)
	if main > 0 { // main's own brackets are no student's
		text = strings.TrimSuffix(strings.Replace(text, "func main() {", "", 1), "\n}")
	}
	files := token.NewFileSet()
	file := files.AddFile("", -1, len(text))
	var s scanner.Scanner
	s.Init(file, []byte(text), func(token.Position, string) {}, 0)
	pairs := map[token.Token]token.Token{token.RPAREN: token.LPAREN, token.RBRACK: token.LBRACK, token.RBRACE: token.LBRACE}
	type opened struct {
		bracket token.Token
		line    int
	}
	var stack []opened
	for {
		pos, t, _ := s.Scan()
		switch t {
		case token.EOF:
			if len(stack) == 0 {
				return "", 0, false
			}
			last := stack[len(stack)-1]
			return last.bracket.String(), last.line, false
		case token.LPAREN, token.LBRACK, token.LBRACE:
			stack = append(stack, opened{t, file.Position(pos).Line})
		case token.RPAREN, token.RBRACK, token.RBRACE:
			partner := func(o opened) bool { return o.bracket == pairs[t] }
			if !slices.ContainsFunc(stack, partner) {
				return t.String(), file.Position(pos).Line, true
			}
			if last := stack[len(stack)-1]; !partner(last) {
				return last.bracket.String(), last.line, false
			}
			stack = stack[:len(stack)-1]
		}
	}
}

func keys(m map[string]int) []string { return slices.Sorted(maps.Keys(m)) }
