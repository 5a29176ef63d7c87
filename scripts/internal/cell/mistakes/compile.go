package mistakes

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	reportLine = regexp.MustCompile(`^.*main(?:_test)?\.go:\d+:(\d+): (.+)$`)
	reportCell = regexp.MustCompile(`^Cell\[(\d+)\]: Line (\d+)\n`)
	colour     = regexp.MustCompile(`\x1b\[[0-9;]*m`)
	moreErrors = regexp.MustCompile(` \(and \d+ more errors\)$`)
	typeless   = regexp.MustCompile(`\b(?:unknown|invalid) type\b`)
	unknownPkg = regexp.MustCompile(`(?:cannot find module providing package|no required module provides package) ([^\s:;]+)|package (\S+) is not in std`)
)

// Compile explains why a cell has not compiled. It reads what GoNB, started with -raw_error, answers: the output of the
// tool that failed, and for each of its lines a text that begins with the cell and the line in it.
func (s *Session) Compile(output string, traceback []string) []Problem {
	s.fail()
	if p, ok := s.unknownPackage(output); ok {
		return []Problem{p}
	}
	var problems []Problem
	for i, line := range strings.Split(output, "\n") {
		match := reportLine.FindStringSubmatch(line)
		switch {
		case match != nil:
			p := Problem{Message: moreErrors.ReplaceAllString(match[2], "")}
			p.Column, _ = strconv.Atoi(match[1])
			if i < len(traceback) {
				s.locateReport(&p, traceback[i])
			}
			problems = append(problems, p)
		case strings.HasPrefix(line, "\t") && len(problems) > 0: // "have (…)", "want (…)"
			problems[len(problems)-1].Message += "\n" + line
		case line == "", strings.HasPrefix(line, "# "), strings.HasPrefix(line, "exit status "),
			strings.HasSuffix(line, "too many errors"), strings.HasPrefix(line, "failed to run "):
		default:
			problems = append(problems, Problem{Cell: s.current().Number, Message: line})
		}
	}
	return s.explain(problems)
}

// locateReport reads one text of GoNB's: the cell, main.go around the line, a caret, and the message. The column holds for
// the cell if GoNB has taken over the line as it is.
func (s *Session) locateReport(p *Problem, text string) {
	text = colour.ReplaceAllString(text, "")
	match := reportCell.FindStringSubmatch(text)
	if match == nil {
		p.Cell, p.Column = s.current().Number, 0 // a line that GoNB has added, such as the end of main
		return
	}
	p.Cell, _ = strconv.Atoi(match[1])
	p.Line, _ = strconv.Atoi(match[2])
	context := strings.Split(text, "\n")
	for i, line := range context {
		if strings.TrimLeft(line, " ") == "^" && i > 0 {
			if context[i-1] != s.source(*p) {
				p.Column = 0
			}
			return
		}
	}
	p.Column = 0
}

// unknownPackage explains that a cell imports what the project does not have.
func (s *Session) unknownPackage(output string) (Problem, bool) {
	match := unknownPkg.FindStringSubmatch(output)
	if match == nil {
		return Problem{}, false
	}
	name := match[1] + match[2]
	p := Problem{Cell: s.current().Number, Message: "there is no package " + name,
		Hint: "Cells can import the standard library, and what this project's go.mod names. Nothing is downloaded."}
	for i, line := range strings.Split(s.current().Code, "\n") {
		if column := strings.Index(line, strconv.Quote(name)); column >= 0 {
			p.Line, p.Column = i+1, column+1
		}
	}
	return p, true
}

// explain leaves out what is said already or follows from another problem, and adds the hints.
func (s *Session) explain(problems []Problem) []Problem {
	problems = withoutConsequences(s.blame(problems))
	others := map[[2]int]bool{}
	for _, p := range problems {
		if !strings.HasPrefix(p.Message, unused) {
			others[[2]int{p.Cell, p.Line}] = true
		}
	}
	var kept []Problem
	for _, p := range problems {
		if strings.HasPrefix(p.Message, unused) && others[[2]int{p.Cell, p.Line}] {
			continue
		}
		said := slices.IndexFunc(kept, func(k Problem) bool { return k.Cell == p.Cell && k.Message == p.Message })
		if said >= 0 {
			if p.Line > 0 && p.Line != kept[said].Line && !slices.Contains(kept[said].Also, p.Line) {
				kept[said].Also = append(kept[said].Also, p.Line)
			}
			continue
		}
		kept = append(kept, p)
	}
	for i := range kept {
		kept[i].Hint = s.hint(&kept[i])
	}
	s.runAbove(kept)
	return kept
}

// withoutConsequences leaves out what the compiler only says since it does not know the type of something that another
// problem is about.
func withoutConsequences(problems []Problem) []Problem {
	causes := slices.DeleteFunc(slices.Clone(problems), func(p Problem) bool { return typeless.MatchString(p.Message) })
	if len(causes) == 0 {
		return problems
	}
	return causes
}

// runAbove gives names that cells declare which have not run one hint together, below the last.
func (s *Session) runAbove(problems []Problem) {
	var at []int
	var names []string
	for i, p := range problems {
		if m := undefinedName.FindStringSubmatch(p.Message); m != nil && s.unrun(m[1]) != "" && strings.Contains(p.Hint, runAbove) {
			at, names = append(at, i), append(names, m[1])
		}
	}
	names = distinct(names)
	if len(names) < 2 {
		return
	}
	for _, i := range at {
		problems[i].Hint = ""
	}
	problems[at[len(at)-1]].Hint = fmt.Sprintf("The cells that declare %s have not run since the kernel started. %s", list(names, "and"), runAbove)
}

const unused = "declared and not used: "
