package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// page is a file that readers see: Markdown, or a notebook with cells of it.
type page struct {
	text  string
	cells []cell // of a notebook; nil of Markdown
}

// cell is a cell of prose in a notebook.
type cell struct {
	raw  json.RawMessage // its source as it stands in the file
	text string
}

// pages are all of them, by path below the module's root.
type pages map[string]page

// patterns name the pages.
var patterns = []string{"*.md", "*/*.md", "notebooks/*.ipynb", "notebooks/*/*.ipynb"}

func open(root string) (pages, error) {
	all := pages{}
	for _, pattern := range patterns {
		paths, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			name, err := filepath.Rel(root, path)
			if err != nil {
				return nil, err
			}
			if name = filepath.ToSlash(name); strings.HasPrefix(name, ".") || strings.HasPrefix(name, "runs/") {
				continue
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			if all[name], err = newPage(name, text); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return all, nil
}

func newPage(name string, text []byte) (page, error) {
	p := page{text: string(text)}
	if filepath.Ext(name) != ".ipynb" {
		return p, nil
	}
	var notebook struct {
		Cells []struct {
			Type   string          `json:"cell_type"`
			Source json.RawMessage `json:"source"`
		} `json:"cells"`
	}
	if err := json.Unmarshal(text, &notebook); err != nil {
		return p, err
	}
	for _, c := range notebook.Cells {
		if c.Type != "markdown" {
			continue
		}
		var lines []string
		var whole string
		if json.Unmarshal(c.Source, &lines) != nil {
			if err := json.Unmarshal(c.Source, &whole); err != nil {
				return p, err
			}
		}
		p.cells = append(p.cells, cell{c.Source, strings.Join(lines, "") + whole})
	}
	return p, nil
}

// prose is all that is Markdown.
func (p page) prose() []string {
	if p.cells == nil {
		return []string{p.text}
	}
	var all []string
	for _, c := range p.cells {
		all = append(all, c.text)
	}
	return all
}

// filled is the text of the file as the records have it.
func (p page) filled(f filler) (string, error) {
	if p.cells == nil {
		return f.fill(p.text)
	}
	text := p.text
	for _, c := range p.cells {
		filled, err := f.fill(c.text)
		if err != nil {
			return "", err
		}
		if filled != c.text {
			text = strings.Replace(text, string(c.raw), source(filled), 1)
		}
	}
	return text, nil
}

// source writes the text of a cell as Jupyter does: a list of lines, indented by one space for each level.
func source(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(line); err != nil {
			panic(err) // no string lacks a JSON form
		}
		lines = append(lines, "    "+strings.TrimSuffix(b.String(), "\n"))
	}
	return "[\n" + strings.Join(lines, ",\n") + "\n   ]"
}

// shown lists the records that markers name.
func (all pages) shown() (found []string) {
	for _, p := range all {
		for _, text := range p.prose() {
			found = append(found, names(text)...)
		}
	}
	return found
}

// link is the folder of records as seen from a page.
func link(path string) string {
	to, err := filepath.Rel(filepath.Dir(path), keptFolder)
	if err != nil {
		panic(err) // both are below the module's root
	}
	return filepath.ToSlash(to)
}
