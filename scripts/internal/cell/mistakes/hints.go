package mistakes

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/transfer-learning-go/defects/scripts/internal/spelling"
)

// rules give a hint for what the compiler says. The first that fits counts; its groups are what the hint is made of.
var rules = []struct {
	message *regexp.Regexp
	hint    func(s *Session, p *Problem, m []string) string
}{
	rule(undefinedMember.String(), func(s *Session, p *Problem, m []string) string { return s.member(m[1], m[2]) }),
	rule(notExported.String(), func(s *Session, p *Problem, m []string) string { return s.member(m[2], m[1]) }),
	rule(undefinedName.String(), func(s *Session, p *Problem, m []string) string { return s.undefined(*p, m[1]) }),
	rule(`^(\w+)\.(append|push|add|len|size|length|upper|lower|format) undefined \(type (?:\[\]|map\[|string)`, func(s *Session, p *Problem, m []string) string {
		return fmt.Sprintf("In Go: "+map[string]string{"append": "%s = append(%[1]s, …)", "push": "%s = append(%[1]s, …)", "add": "%s = append(%[1]s, …)",
			"len": "len(%s)", "size": "len(%s)", "length": "len(%s)", "upper": "strings.ToUpper(%s)", "lower": "strings.ToLower(%s)",
			"format": "fmt.Sprintf(%s, …)"}[m[2]]+".", m[1])
	}),
	rule(`^\S+ undefined \(type \*?([\w.]+) has no field or method (\w+)\)`, func(s *Session, p *Problem, m []string) string {
		return didYouMean(spelling.AllNearest(m[2], s.membersOf(m[1]))...)
	}),
	rule(`^\S+ undefined \(type .* has no field or method (\w+), but does have (?:field|method) (\w+)\)`, func(s *Session, p *Problem, m []string) string {
		return didYouMean(m[2])
	}),
	rule(`^unknown field (\w+) in struct literal of type ([\w.]+)`, func(s *Session, p *Problem, m []string) string {
		return didYouMean(spelling.AllNearest(m[1], s.membersOf(m[2]))...)
	}),
	rule(`(?:expected declaration|non-declaration statement outside function body)`, (*Session).outside),
	rule(`^`+unused+`err$`, func(s *Session, p *Problem, m []string) string {
		instead := "must.M1(…)"
		if m := withError.FindStringSubmatch(s.source(*p)); m != nil {
			instead = fmt.Sprintf("“%s := must.M%d(%s(…))”", m[1], 1+strings.Count(m[1], ","), m[2])
		}
		return instead + " ends the cell with the error's message, if there is one. Or ask: if err != nil { … }."
	}),
	rule(`^`+unused+`(\w+)`, func(s *Session, p *Problem, m []string) string {
		return fmt.Sprintf("Use %s, or delete it: Go takes no variable that nothing reads. “_ = %[1]s” keeps it for now.", m[1])
	}),
	rule(`imported and not used`, say("Delete the import. What a cell uses is imported by itself.")),
	rule(`^missing return`, say("Each way through the function ends with return and a value.")),
	rule(`is not used$`, func(s *Session, p *Problem, m []string) string {
		value, _, _ := strings.Cut(p.Message, " (")
		return fmt.Sprintf("A cell does not show its last value by itself: fmt.Println(%s).", value)
	}),
	rule(`^assignment mismatch: (\d+) variables? but (\S+) returns (\d+) values?`, mismatch),
	rule(`^(?:not enough|too many) arguments in call to must\.M\d?\n\thave \((?:(.*), )?error\)`, func(s *Session, p *Problem, m []string) string {
		if m[1] == "" {
			return "What the call returns is one error alone: must.M takes it."
		}
		n := 1 + strings.Count(m[1], ", ")
		return fmt.Sprintf("must.M%d gives what stands before the error: %s.", n, plural(n, "value"))
	}),
	rule(`^must\.M\(.*\(no value\) used as value`, say("The call returns an error alone, and must.M gives no value: leave out what stands before must.M.")),
	rule(`^invalid operation: ([\w.()]+) (\S+) ([\w.()]+) \(mismatched types (u?int\w*|float\d+) and (u?int\w*|float\d+)\)`,
		func(s *Session, p *Problem, m []string) string {
			if strings.HasPrefix(m[5], "float") {
				return fmt.Sprintf("Go does not convert by itself: %s(%s) %s %s.", m[5], m[1], m[2], m[3])
			}
			return fmt.Sprintf("Go does not convert by itself: %s %s %s(%s).", m[1], m[2], m[4], m[3])
		}),
	rule(`mismatched types .*\bstring\b`, say("fmt.Sprint(…) makes text of a number; fmt.Println(a, b) prints both.")),
	rule(`truncated`, say("An int has no fraction. Make the variable a float64, or convert it: float64(n) * 0.5.")),
	rule(`^cannot use (.+) \(variable of type (\w+)\) as (\w+) value`, func(s *Session, p *Problem, m []string) string {
		if numeric(m[2]) && numeric(m[3]) {
			return fmt.Sprintf("Go does not convert by itself: %s(%s).", m[3], m[1])
		}
		return ""
	}),
	rule(`^no new variables on left side of :=`, say("The variable is there already: = gives it another value.")),
	rule(`expected boolean expression, found assignment|cannot use assignment`, say("== compares, = gives a value.")),
	rule(`^non-boolean condition`, say("A condition is a comparison, such as n != 0.")),
	rule(`^main redeclared|main already declared`, say("%% is func main already. Leave out one of them.")),
	rule(`newline, expecting \{|newline before \{|^expected '?[^']*'?, found '\{'|^missing condition`, say("The { stands at the end of the line of func, if or for.")),
	rule(`rune literal|illegal rune|more than one character`, say("Text stands in double quotes: \"text\". Single quotes hold one character.")),
	rule(`string literal not terminated|newline in string`, say("A quote is missing at the end of the text. Text of more lines stands in `…`.")),
	rule(`invalid character U\+0023|illegal character U\+0023`, say("A comment begins with //.")),
	rule(`^(?:missing ','|expected |syntax error|unexpected |invalid character|illegal character)`, (*Session).syntax),
}

var withError = regexp.MustCompile(`^\s*(.+), err :?= ([\w.]+)\(`)

type explainer = func(s *Session, p *Problem, m []string) string

func rule(message string, hint explainer) struct {
	message *regexp.Regexp
	hint    explainer
} {
	return struct {
		message *regexp.Regexp
		hint    explainer
	}{regexp.MustCompile(message), hint}
}

func say(hint string) explainer { return func(*Session, *Problem, []string) string { return hint } }

// hint is one sentence or two on what to do, or "".
func (s *Session) hint(p *Problem) string {
	for _, r := range rules {
		if match := r.message.FindStringSubmatch(p.Message); match != nil {
			return r.hint(s, p, match)
		}
	}
	return ""
}

func didYouMean(names ...string) string {
	if len(names) == 0 {
		return ""
	}
	return "Did you mean " + list(names, "or") + "?"
}

// membersOf are the fields and methods of a type as the compiler names it: Pair, or images.Dataset.
func (s *Session) membersOf(typeName string) (names []string) {
	if pkg, name, ok := strings.Cut(typeName, "."); ok && s.Packages != nil {
		for _, p := range s.Packages(pkg) {
			names = append(names, p.Members(name)...)
		}
		return names
	}
	for _, c := range s.Cells {
		names = append(names, parse(c.Code).members(typeName)...)
	}
	return names
}

// mismatch is the hint for a call that returns more or less than is assigned.
func mismatch(s *Session, p *Problem, m []string) string {
	left, _ := strconv.Atoi(m[1])
	right, _ := strconv.Atoi(m[3])
	call := m[2]
	switch {
	case strings.HasPrefix(call, "must.M"):
		if left > right && left <= 9 {
			return fmt.Sprintf("must.M%d gives %s, of a call that returns %[2]s and an error.", left, plural(left, "value"))
		}
		return fmt.Sprintf("%s gives %s.", call, plural(right, "value"))
	case left == right-1:
		return fmt.Sprintf("If the last of them is an error, must.M%d(%s(…)) gives the %s before it, and ends the cell if there is an error.",
			left, call, plural(left, "value"))
	}
	return ""
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprint(n, " ", what, "s")
}

func numeric(typeName string) bool {
	return strings.HasPrefix(typeName, "int") || strings.HasPrefix(typeName, "uint") || strings.HasPrefix(typeName, "float") || typeName == "byte"
}
