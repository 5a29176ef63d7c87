package main

import (
	"flag"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/backbone"
)

// script is the text of a completion.
type script struct {
	Shell string `json:"shell"`
	Text  string `json:"script"`
}

func (s script) String() string { return s.Text }

// completed is what can follow a command.
type completed struct {
	command
	options []*flag.Flag
	words   []string // other than names of files, and of runs
	runs    bool
}

// completion writes a script from the table of commands: see bash, zsh and fish below.
func completion(c *call) (fmt.Stringer, error) {
	words, err := c.parse(1, 1, "bash, zsh or fish is")
	if err != nil {
		return nil, err
	}
	var all []completed
	for _, of := range c.commands {
		all = append(all, complete(of))
	}
	write, ok := map[string]func([]completed) string{"bash": bash, "zsh": zsh, "fish": fish}[words[0]]
	if !ok {
		return nil, wrongUse("%s: use bash, zsh or fish", words[0])
	}
	return script{words[0], write(all)}, nil
}

// complete asks a command for its options, and its synopsis for the words it knows.
func complete(of command) completed {
	c := completed{command: of}
	asked := newCall(of.name, []string{"--help"}, io.Discard)
	of.run(asked) // declares the options, then says flag.ErrHelp
	asked.flags.VisitAll(func(f *flag.Flag) { c.options = append(c.options, f) })
	for _, word := range synopsisWord.FindAllString(synopsisOption.ReplaceAllString(of.synopsis, " "), -1) {
		switch {
		case word == "BACKBONE":
			c.words = append(c.words, backbone.Names()...)
		case word == "RUN" || word == "DIR":
			c.runs = true
		case word == strings.ToLower(word):
			c.words = append(c.words, word)
		}
	}
	return c
}

var (
	synopsisOption = regexp.MustCompile(`--[a-z-]+( [A-Z|]+)?`)
	synopsisWord   = regexp.MustCompile(`[A-Za-z]+`)
)

func (c completed) optionNames() string {
	var names []string
	for _, f := range c.options {
		names = append(names, "--"+f.Name)
	}
	return strings.Join(names, " ")
}

const listRuns = "$(command ls runs 2>/dev/null)"

// bash goes into ~/.bashrc as: source <(defects completion bash)
func bash(all []completed) string {
	var b strings.Builder
	var names []string
	b.WriteString("# source <(defects completion bash)\n_defects() {\n  local cur=${COMP_WORDS[COMP_CWORD]} words=\n  case ${COMP_WORDS[1]} in\n")
	for _, c := range all {
		names = append(names, c.name)
		words := strings.Join(c.words, " ")
		if c.runs {
			words += " " + listRuns
		}
		fmt.Fprintf(&b, "  %s) case $cur in -*) words=\"%s\" ;; *) words=\"%s\" ;; esac ;;\n", c.name, c.optionNames(), words)
	}
	b.WriteString("  esac\n")
	fmt.Fprintf(&b, "  [ \"$COMP_CWORD\" -eq 1 ] && words=\"%s --version --help\"\n", strings.Join(names, " "))
	b.WriteString("  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\ncomplete -o bashdefault -o default -F _defects defects\n")
	return b.String()
}

// zsh goes into ~/.zshrc, after compinit, as: source <(defects completion zsh)
func zsh(all []completed) string {
	var b strings.Builder
	b.WriteString("#compdef defects\n# source <(defects completion zsh)\n_defects() {\n  local -a known\n  if (( CURRENT == 2 )); then\n    known=(\n")
	for _, c := range all {
		fmt.Fprintf(&b, "      %s\n", quoted(c.name+":"+strings.ReplaceAll(c.about, ":", `\:`)))
	}
	b.WriteString("    )\n    _describe command known\n    return\n  fi\n  case $words[2] in\n")
	for _, c := range all {
		fmt.Fprintf(&b, "  %s)\n    known=(\n", c.name)
		for _, f := range c.options {
			_, text := flag.UnquoteUsage(f)
			fmt.Fprintf(&b, "      %s\n", quoted("--"+f.Name+":"+strings.ReplaceAll(text, ":", `\:`)))
		}
		b.WriteString("    )\n    if [[ $words[CURRENT] == -* ]]; then _describe option known; return; fi\n")
		if len(c.words) > 0 {
			fmt.Fprintf(&b, "    compadd -- %s\n", strings.Join(c.words, " "))
		}
		if c.runs {
			b.WriteString("    compadd -- runs/*(N:t)\n")
		}
		b.WriteString("    _files ;;\n")
	}
	b.WriteString("  esac\n}\ncompdef _defects defects\n")
	return b.String()
}

// fish goes to a file: defects completion fish > ~/.config/fish/completions/defects.fish
func fish(all []completed) string {
	var b strings.Builder
	b.WriteString("# defects completion fish > ~/.config/fish/completions/defects.fish\n")
	for _, c := range all {
		fmt.Fprintf(&b, "complete -c defects -n __fish_use_subcommand -f -a %s -d %s\n", c.name, quoted(c.about))
		within := quoted("__fish_seen_subcommand_from " + c.name)
		for _, f := range c.options {
			value, text := flag.UnquoteUsage(f)
			line := fmt.Sprintf("complete -c defects -n %s -l %s -d %s", within, f.Name, quoted(text))
			if value != "" {
				line += " -r"
			}
			b.WriteString(line + "\n")
		}
		words := slices.Clone(c.words)
		if c.runs {
			words = append(words, "(command ls runs 2>/dev/null)")
		}
		if len(words) > 0 {
			fmt.Fprintf(&b, "complete -c defects -n %s -a %s\n", within, quoted(strings.Join(words, " ")))
		}
	}
	return b.String()
}

// quoted is a text as one word for a shell.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
