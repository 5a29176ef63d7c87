package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// understood says whether a cell is built from what the manifest lists, and nothing else: GoNB's workspace is as it
// makes it, and go.mod requires no other versions, as "go get" in a cell could make it do.
func (k kernel) understood(m *manifest) bool {
	work, err := os.ReadFile(filepath.Join(k.cells, "go.work"))
	if err != nil || string(work) != m.Workspace {
		return false
	}
	mod, err := os.ReadFile(filepath.Join(k.cells, "go.mod"))
	if err != nil {
		return false
	}
	for _, d := range directives(string(mod)) {
		fields := strings.Fields(d)
		switch fields[0] {
		case "module", "go", "toolchain":
		case "replace": // replace MODULE => FOLDER
			if len(fields) != 4 || fields[3] != m.Root {
				return false
			}
		case "require":
			ours := len(fields) == 3 && fields[2] == "v0.0.0-00010101000000-000000000000" // what is replaced
			if !ours && !slices.Contains(m.Requires, strings.Join(fields[1:], " ")) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// language is what compile's -lang wants: the version of Go in a folder's go.mod without its patch level.
func language(folder string) (string, error) {
	path := filepath.Join(folder, "go.mod")
	mod, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	for _, d := range directives(string(mod)) {
		if version, ok := strings.CutPrefix(d, "go "); ok {
			if parts := strings.Split(version, "."); len(parts) >= 2 {
				return "go" + parts[0] + "." + parts[1], nil
			}
		}
	}
	return "", fmt.Errorf("%s names no version of Go", path)
}

// requirements lists what a go.mod requires.
func requirements(path string) ([]string, error) {
	mod, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, d := range directives(string(mod)) {
		if required, ok := strings.CutPrefix(d, "require "); ok {
			all = append(all, required)
		}
	}
	return all, nil
}

// directives lists a go.mod's lines without comments, blocks taken apart.
func directives(mod string) []string {
	var all []string
	block := ""
	for line := range strings.Lines(mod) {
		line, _, _ = strings.Cut(line, "//")
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0:
		case block == "" && fields[len(fields)-1] == "(":
			block = fields[0] + " "
		case block != "" && fields[0] == ")":
			block = ""
		default:
			all = append(all, block+strings.Join(fields, " "))
		}
	}
	return all
}
