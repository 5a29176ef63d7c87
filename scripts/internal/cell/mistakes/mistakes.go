// Package mistakes turns what the compiler, GoNB and Go's runtime say of a cell into what a student can act on: the
// message first, with the cell and the line it is about, the line itself, and one hint on what to do.
package mistakes

import (
	"fmt"
	"slices"
	"strings"
)

// Cell is a cell as it was run.
type Cell struct {
	Number int // as in [3] beside it
	Code   string
	Failed bool // it did not compile, so that nothing it declares is there
}

// Session is what a kernel has seen since it started.
type Session struct {
	Cells    []Cell                   // in the order they ran
	Notebook []string                 // the code cells of the notebook's file; nil if the file is not known
	Packages func(name string) []*Pkg // the packages of that name that a cell can import; nil if none is known
	warned   map[string]bool          // variables that Lost has spoken of
}

// Problem is one thing that is wrong.
type Problem struct {
	Cell, Line int    // counted from 1; 0 is unknown
	Column     int    // in bytes from 1; 0 if it is not that of the cell's line
	Also       []int  // other lines of the cell with the same problem
	Message    string // may have more lines
	Hint       string
	From       []string // the calls that led there, for a panic
}

// Run notes that a cell runs.
func (s *Session) Run(number int, code string) {
	s.Cells = slices.DeleteFunc(s.Cells, func(c Cell) bool { return c.Number == number })
	s.Cells = append(s.Cells, Cell{Number: number, Code: code})
}

// fail notes that the last cell has not compiled.
func (s *Session) fail() {
	if len(s.Cells) > 0 {
		s.Cells[len(s.Cells)-1].Failed = true
	}
}

// current is the cell that runs.
func (s *Session) current() Cell {
	if len(s.Cells) == 0 {
		return Cell{}
	}
	return s.Cells[len(s.Cells)-1]
}

// code is the source of a cell, or "".
func (s *Session) code(number int) string {
	for _, c := range s.Cells {
		if c.Number == number {
			return c.Code
		}
	}
	return ""
}

// source is the line that a problem is about, or "".
func (s *Session) source(p Problem) string {
	lines := strings.Split(s.code(p.Cell), "\n")
	if p.Line < 1 || p.Line > len(lines) {
		return ""
	}
	return lines[p.Line-1]
}

// place says where a problem is, as the notebook numbers its cells.
func (p Problem) place() string {
	switch {
	case p.Cell < 1:
		return ""
	case p.Line < 1:
		return fmt.Sprintf("Cell [%d]: ", p.Cell)
	}
	return fmt.Sprintf("Cell [%d], line %d: ", p.Cell, p.Line)
}

// Text renders problems for Jupyter. A hint is given once.
func (s *Session) Text(problems []Problem) string {
	var b strings.Builder
	told := map[string]bool{}
	for i, p := range problems {
		if i > 0 {
			b.WriteString("\n")
		}
		b.WriteString(p.place() + p.Message + "\n")
		if len(p.Also) > 0 {
			fmt.Fprintf(&b, "    (also in line %s)\n", strings.Trim(strings.ReplaceAll(fmt.Sprint(p.Also), " ", ", "), "[]"))
		}
		if line := s.source(p); strings.TrimSpace(line) != "" {
			indent := len(line) - len(strings.TrimLeft(line, " \t"))
			b.WriteString("    " + line[indent:] + "\n")
			if p.Column > indent && p.Column <= len(line)+1 {
				b.WriteString("    " + blank(line[indent:p.Column-1]) + "^\n")
			}
		}
		for _, from := range p.From {
			b.WriteString(from + "\n")
		}
		if p.Hint != "" && !told[p.Hint] {
			told[p.Hint] = true
			b.WriteString(p.Hint + "\n")
		}
	}
	return b.String()
}

// blank is as wide as text.
func blank(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, text)
}
