package mistakes

import (
	"regexp"
	"slices"
	"strings"
)

var unknownCommand = regexp.MustCompile(`^"(%+\w*)" unknown or not implemented yet\.$`)

// Command explains that a cell has a command which GoNB does not know. It goes on with the rest of the cell. "" is for any
// other text.
func (s *Session) Command(said string) string {
	match := unknownCommand.FindStringSubmatch(said)
	if match == nil {
		return ""
	}
	p := Problem{Cell: s.current().Number, Message: "there is no command " + match[1]}
	p.Line = 1 + slices.IndexFunc(strings.Split(s.current().Code, "\n"), func(line string) bool {
		command, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		return command == match[1]
	})
	switch strings.TrimLeft(match[1], "%") {
	case "matplotlib":
		p.Hint = "Leave it out: figures are drawn inline."
	case "pip", "conda":
		p.Hint = "Leave it out: cells can import the standard library, and what this project's go.mod names."
	default:
		p.Hint = "Leave it out, or see %help for the commands that there are."
	}
	return s.Text([]Problem{p})
}
