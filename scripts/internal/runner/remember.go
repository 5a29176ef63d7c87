package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
)

// place is an option that names where something lies, and the variable by which notebooks learn of it.
type place struct {
	option, variable string
	path             *string
}

func (o *options) places() []place {
	return []place{{"--data", "NEU_DET_DIR", &o.data}, {"--weights", "WEIGHTS_DIR", &o.weights}}
}

// remember keeps what --data and --weights name in .lesson/environment, for later calls without them and for kernels
// that no script starts. It returns what it took from there. The variables of the caller's own come first.
func (s *setup) remember() (note string, err error) {
	if s.options.tests {
		return "", nil
	}
	file := s.local("environment")
	before, _ := os.ReadFile(file)
	var text strings.Builder
	var taken []string
	for _, p := range s.options.places() {
		if old := remembered(string(before), p.variable); *p.path == "" && old != "" {
			if _, err := os.Stat(old); err != nil {
				taken = append(taken, fmt.Sprintf("%s is gone, so %s is forgotten", old, p.option))
				continue
			}
			writePlace(&text, p.variable, old)
			if os.Getenv(p.variable) == "" {
				*p.path = old
				taken = append(taken, p.option+" "+old)
			}
		} else if *p.path != "" {
			writePlace(&text, p.variable, *p.path)
		}
	}
	if len(taken) > 0 {
		note = "as named before: " + strings.Join(taken, ", ") + " (rm .lesson/environment forgets it)"
	}
	if text.String() == string(before) {
		return note, nil
	}
	return note, writeFile(file, []byte(text.String()), 0o644)
}

// writePlace writes a line that kernel.sh reads.
func writePlace(text *strings.Builder, variable, path string) {
	fmt.Fprintf(text, "[ -n \"${%s+set}\" ] || export %s='%s'\n", variable, variable, strings.ReplaceAll(path, "'", `'\''`))
}

func remembered(text, variable string) string {
	m := regexp.MustCompile(`(?m)^\[.*\] \|\| export ` + variable + `='(.*)'$`).FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	return strings.ReplaceAll(m[1], `'\''`, "'")
}
