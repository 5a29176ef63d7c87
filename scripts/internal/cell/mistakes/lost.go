package mistakes

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
)

// Lost is what is to be said of a cell that has run and has changed a variable which another cell declares: the next cell
// starts with the old value. It is said once of a variable, and of no function's assignments: "" if there is nothing.
func (s *Session) Lost() string {
	cell := s.current()
	code := parse(cell.Code)
	body := code.main()
	if body == nil {
		return ""
	}
	global := map[*ast.Ident]bool{}
	for _, name := range code.file.Unresolved {
		global[name] = true
	}
	text := ""
	lost := func(left ast.Expr) {
		name := root(left)
		if name == nil || !global[name] || s.warned[name.Name] {
			return
		}
		if from := s.declares(name.Name); from > 0 && from != cell.Number {
			if s.warned == nil {
				s.warned = map[string]bool{}
			}
			s.warned[name.Name] = true
			text = fmt.Sprintf("Cell [%d], line %d: %s is declared in cell [%d], and has its first value again in the next cell: "+
				"each cell is a program of its own. Use the new value in this cell, or keep it in a file.",
				cell.Number, code.line(name), name.Name, from)
		}
	}
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				for _, left := range n.Lhs {
					lost(left)
				}
			}
		case *ast.IncDecStmt:
			lost(n.X)
		}
		return text == ""
	})
	return text
}

// root is the variable of which an assignment changes a part.
func root(e ast.Expr) *ast.Ident {
	switch e := e.(type) {
	case *ast.Ident:
		return e
	case *ast.IndexExpr:
		return root(e.X)
	case *ast.SelectorExpr:
		return root(e.X)
	case *ast.StarExpr:
		return root(e.X)
	case *ast.ParenExpr:
		return root(e.X)
	}
	return nil
}

// declares is the last cell that declares a name for all cells, or 0.
func (s *Session) declares(name string) int {
	for _, c := range slices.Backward(s.Cells) {
		if _, ok := parse(c.Code).declared()[name]; ok && !c.Failed {
			return c.Number
		}
	}
	return 0
}
