package mistakes

import (
	"fmt"
	"regexp"
	"strings"
)

var (
	foundWord   = regexp.MustCompile(`found '?(\w+)`)
	listLiteral = regexp.MustCompile(`[=(,] *\[[^\]]*,`)
	firstWord   = regexp.MustCompile(`^\s*(\w+)`)
)

// outside is the hint for a statement that stands where only declarations can.
func (s *Session) outside(p *Problem, _ []string) string {
	line := s.source(*p)
	word := ""
	if match := firstWord.FindStringSubmatch(line); match != nil {
		word = match[1]
	}
	if strings.HasPrefix(strings.TrimSpace(line), "#") {
		return "A comment begins with //."
	}
	switch word {
	case "def":
		return "In Go: func name(n int) float64 { … }."
	case "from", "class":
		return "In Go: " + map[string]string{"from": "import \"path\"; what a cell uses is imported by itself", "class": "type Name struct { … }"}[word] + "."
	}
	if strings.HasPrefix(strings.TrimSpace(line), "}") {
		if hint := s.unbalanced(p); hint != "" {
			return hint
		}
	}
	_, main := program(s.code(p.Cell))
	if main > p.Line {
		return fmt.Sprintf("Move this below the %%%% in line %d: above it stand import, const, type, var and func alone.", main)
	}
	if main > 0 {
		if hint := s.unbalanced(p); hint != "" {
			return hint
		}
	}
	if strings.Contains(line, ":=") {
		return "Write %% alone on the line above: it begins the program that the cell runs. (Or, for all cells: var x = … instead of x := ….)"
	}
	return "Write %% alone on the line above: it begins the program that the cell runs."
}

// syntax is the hint for a program that cannot be read: a bracket most often, or another language.
func (s *Session) syntax(p *Problem, _ []string) string {
	line := strings.TrimSpace(s.source(*p))
	word := ""
	if match := firstWord.FindStringSubmatch(line); match != nil {
		word = match[1]
	}
	switch {
	case word == "import":
		return "Put imports above %%, or leave them out: they are found by themselves."
	case word == "func" && strings.HasPrefix(p.Message, "expected '('"):
		return "A function stands above %% or in a cell of its own. In a program it is a value: f := func() { … }."
	case listLiteral.MatchString(line):
		return "In Go: []int{1, 2, 3}, with the type of the elements."
	case word == "while":
		return "In Go: for condition { … }."
	case word == "try":
		return "Go has no exceptions: a call returns an error. must.M1(call) ends the cell if there is one."
	case (word == "for" || word == "if" || word == "else" || word == "def") && strings.HasSuffix(line, ":"):
		return "In Go: " + map[string]string{"for": "for i := range n { … }", "if": "if condition { … }", "else": "} else { … }",
			"def": "func name(n int) float64 { … }"}[word] + "."
	}
	if hint := s.unbalanced(p); hint != "" {
		return hint
	}
	if strings.Contains(p.Message, "before newline") {
		return "If it goes on in the next line, this line ends with a comma, or with an operator such as +."
	}
	if match := foundWord.FindStringSubmatch(p.Message); match != nil && keyword(match[1]) {
		return fmt.Sprintf("%s is a word of Go's own, and cannot be a name.", match[1])
	}
	return ""
}

// unbalanced is the hint for a bracket without its partner. The problem's line becomes that of the bracket if it had none.
func (s *Session) unbalanced(p *Problem) string {
	bracket, line, closes := open(s.code(p.Cell))
	if bracket == "" {
		return ""
	}
	if p.Line == 0 {
		p.Line = line
	}
	if closes {
		return fmt.Sprintf("The %s in line %d closes nothing: one too many, or its partner is missing above.", bracket, line)
	}
	return fmt.Sprintf("The %s in line %d is not closed.", bracket, line)
}
