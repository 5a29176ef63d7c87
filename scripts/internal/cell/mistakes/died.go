package mistakes

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strconv"
	"strings"
)

var (
	dying     = regexp.MustCompile(`^(?:panic: |fatal error: |(?s:Error: .*\n\t[^\n]*main\.go:\d+\n$)|\d{4}/\d\d/\d\d \d\d:\d\d:\d\d Must not error: )`)
	mustNotes = regexp.MustCompile(`(?ms)^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d Must not error: .*?\nPanicking \.\.\.\n\n?`)
	panicked  = regexp.MustCompile(`(?ms)^(panic: |fatal error: )(.*?)(?: \[recovered[^\n]*)?\n(?:\[signal [^\n]*\n)?(\n(?:goroutine \d|runtime stack:).*)`)
	failed    = regexp.MustCompile(`(?ms)^Error: (.*?)\n((?:^\t[^\n]*main\.go:\d+\n)+)`)
	frame     = regexp.MustCompile(`(?m)^(\S.*)\n\t\s*(?:\[\[ Cell \[(\d+)\] Line (\d+) \]\] )?(\S.*?):(\d+)(?: \+0x[0-9a-f]+)?$`)
	cellFrame = regexp.MustCompile(`(?m)^\t\s*(?:\[\[ Cell \[(\d+)\] Line (\d+) \]\] )?(\S.*main\.go):(\d+)`)
)

// Dying reports whether a program's last words may begin here, at the beginning of a line of its stderr. notebook.Fail
// writes an error and its calls at once.
func Dying(written string) bool { return dying.MatchString(written) }

// option is what a message tells those who run a command of scripts/defects. A cell has no such.
var option = regexp.MustCompile(` \(--[a-z][a-z-]*\)`)

// Died explains why a cell's program has ended: how it ended, and what it has written to stderr from the line on that
// Dying reports. It gives the rest of what was written, and the stack for those who want to read it, or "".
func (s *Session) Died(how, written string) (p Problem, rest, stack string) {
	defer func() { p.Message = option.ReplaceAllString(p.Message, "") }()
	written = colour.ReplaceAllString(written, "")
	without := mustNotes.ReplaceAllString(written, "")
	must := without != written || strings.Contains(written, "\ngithub.com/janpfeifer/must.")
	p = Problem{Cell: s.current().Number}
	if at := panicked.FindStringSubmatchIndex(without); at != nil {
		kind, message, trace := without[at[2]:at[3]], without[at[4]:at[5]], without[at[6]:at[7]]
		p.Message = kind + message
		if must {
			p.Message = message
		}
		p.Hint = panicHint(message)
		stack = s.trace(&p, trace)
		return p, without[:at[0]], stack
	}
	if at := failed.FindStringSubmatchIndex(without); at != nil {
		p.Message = without[at[2]:at[3]]
		s.calls(&p, cellFrame.FindAllStringSubmatch(without[at[4]:at[5]], -1))
		return p, without[:at[0]] + without[at[1]:], ""
	}
	switch how {
	case "signal: interrupt":
		p.Message = "stopped"
	case "signal: killed":
		p.Message = "the program was killed"
		p.Hint = "Either an interrupt was not heeded for 5 seconds, or the machine has no memory left."
	default:
		p.Message = "the program ended with " + how
	}
	return p, without, ""
}

// trace finds the cells' lines in a stack. What it gives is the stack, if there is more in it than they.
func (s *Session) trace(p *Problem, trace string) (stack string) {
	first, _, _ := strings.Cut(strings.TrimLeft(trace, "\n"), "\n\ngoroutine ")
	var calls [][]string
	for _, f := range frame.FindAllStringSubmatch(first, -1) {
		switch {
		case strings.HasSuffix(f[4], "/main.go") && strings.Contains(f[1], "main."):
			calls = append(calls, f[1:])
		case strings.HasPrefix(f[1], "github.com/janpfeifer/must."), strings.HasPrefix(f[1], "panic("), strings.HasPrefix(f[1], "runtime."):
		default:
			stack = strings.TrimSpace(trace)
		}
	}
	s.calls(p, calls)
	return cellFrame.ReplaceAllStringFunc(stack, func(line string) string {
		if at := s.call(cellFrame.FindStringSubmatch(line)); at.Cell > 0 {
			return fmt.Sprintf("\tcell [%d], line %d", at.Cell, at.Line)
		}
		return line
	})
}

// calls notes the innermost call as the problem's place, and the others as what led there.
func (s *Session) calls(p *Problem, calls [][]string) {
	for i, c := range calls {
		at := s.call(c)
		switch {
		case at.Cell == 0:
		case i == 0:
			p.Cell, p.Line = at.Cell, at.Line
		default:
			p.From = append(p.From, fmt.Sprintf("called from cell [%d], line %d: %s", at.Cell, at.Line, strings.TrimSpace(s.source(at))))
		}
	}
}

// call is the place of a call: the cell and line as GoNB says them, or "" and "", and a line of main.go.
func (s *Session) call(c []string) (at Problem) {
	at.Cell, _ = strconv.Atoi(c[1])
	at.Line, _ = strconv.Atoi(c[2])
	if at.Cell == 0 { // GoNB reads a stack in pieces, and knows no name that is cut in two
		line, _ := strconv.Atoi(c[4])
		text, _ := os.ReadFile(c[3])
		at.Cell, at.Line = s.locate(string(text), line)
	}
	return at
}

func panicHint(message string) string {
	switch {
	case strings.Contains(message, "index out of range"):
		return "The indices of n elements are 0 to n − 1."
	case strings.Contains(message, "assignment to entry in nil map"):
		return "A map is made before it is filled: m := map[string]int{}."
	case strings.Contains(message, "nil pointer dereference"):
		return "A pointer in this line is nil: nothing was stored in it, or the error that came with it was not looked at."
	case strings.Contains(message, "integer divide by zero"):
		return "The divisor is 0 here."
	case strings.Contains(message, "all goroutines are asleep"):
		return "Everything waits for something that never comes: a channel without a partner, a lock, a WaitGroup."
	case strings.Contains(message, "interface conversion"):
		return "v, ok := x.(T) asks whether x is a T."
	}
	return ""
}

// locate finds the cell's line for a line of main.go, into which GoNB has put all declarations and the cell's body.
func (s *Session) locate(mainGo string, line int) (cell, at int) {
	files := token.NewFileSet()
	file, _ := parser.ParseFile(files, "", mainGo, 0)
	if file == nil {
		return 0, 0
	}
	for _, decl := range file.Decls {
		begin := files.Position(decl.Pos()).Line
		if line < begin || line > files.Position(decl.End()).Line {
			continue
		}
		if f, ok := decl.(*ast.FuncDecl); ok {
			for i := len(s.Cells) - 1; i >= 0; i-- {
				c := s.Cells[i]
				if c.Failed && i != len(s.Cells)-1 {
					continue
				}
				if found := parse(c.Code).function(f); found > 0 {
					return c.Number, found + skip(c.Code, f.Name.Name, line-begin)
				}
			}
			continue
		}
		for _, spec := range decl.(*ast.GenDecl).Specs {
			v, ok := spec.(*ast.ValueSpec)
			if begin := files.Position(spec.Pos()).Line; ok && begin <= line && line <= files.Position(spec.End()).Line {
				if cell = s.declares(v.Names[0].Name); cell > 0 {
					return cell, parse(s.code(cell)).declared()[v.Names[0].Name] + line - begin
				}
			}
		}
	}
	return 0, 0
}

// function is the line in which a cell declares a function, or 0.
func (s source) function(f *ast.FuncDecl) int {
	for _, decl := range s.file.Decls {
		d, ok := decl.(*ast.FuncDecl)
		if ok && d.Name.Name == f.Name.Name && (d.Recv == nil) == (f.Recv == nil) &&
			(d.Recv == nil || receiver(d.Recv.List[0].Type) == receiver(f.Recv.List[0].Type)) {
			return s.line(d)
		}
	}
	return 0
}

// skip is how many lines of the cell stand for the first lines of a function in main.go. Where %% begins main, GoNB adds
// one line and leaves out commands.
func skip(code, function string, lines int) int {
	_, main := program(code)
	if function != "main" || main == 0 {
		return lines
	}
	lines--
	cell := strings.Split(code, "\n")[main:]
	for i, line := range cell {
		if strings.HasPrefix(line, "%") || strings.HasPrefix(line, "!") {
			continue
		}
		if lines--; lines <= 0 {
			return i + 1
		}
	}
	return len(cell)
}
