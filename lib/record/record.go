// Package record keeps a measured table together with how it came about: when, on which machine, from which data, weights
// and seeds. Notebooks and scripts/bench write such records, and scripts/results fills the tables of the project's pages
// from them, so that no number of a page is typed by hand.
package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/files"
)

// Record is a measured table, its cells as they are shown.
type Record struct {
	Name string `json:"name"`
	Origin
	Quick  bool       `json:"quick,omitempty"` // a short run, whose numbers are no results
	Note   string     `json:"note,omitempty"`  // a sentence on how it was measured that readers need
	Header []string   `json:"header"`
	Rows   [][]string `json:"rows"` // the first cell of a row names it
}

// Dir is where programs leave records: runs/results of the module or, outside of one, of the working folder.
func Dir() string { return filepath.Join(files.ModuleRoot(), "runs", "results") }

// Write replaces FOLDER/NAME.json.
func (r Record) Write(folder string) error {
	if err := r.check(); err != nil {
		return err
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(r); err != nil {
		return fmt.Errorf("record %s: %w", r.Name, err)
	}
	return files.WriteFile(filepath.Join(folder, r.Name+".json"), []byte(inLines(b.String())))
}

// inLines writes each list of strings in one line, so that a row of the table is a line of the file.
func inLines(indented string) string {
	var out []string
	open := false
	for line := range strings.Lines(indented) {
		text := strings.TrimSpace(line)
		switch {
		case open && (text == "]" || text == "],"):
			out[len(out)-1] += text
			open = false
		case open && strings.HasPrefix(text, `"`):
			space := " "
			if strings.HasSuffix(out[len(out)-1], "[") {
				space = ""
			}
			out[len(out)-1] += space + text
		default:
			out = append(out, strings.TrimRight(line, "\n"))
			open = strings.HasSuffix(text, "[")
		}
	}
	return strings.Join(out, "\n") + "\n"
}

// Read reads what Write has written. The file must be named for the record.
func Read(path string) (Record, error) {
	var r Record
	text, err := os.ReadFile(path)
	if err != nil {
		return r, err
	}
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.DisallowUnknownFields()
	if err = d.Decode(&r); err == nil {
		err = r.check()
	}
	if err == nil && r.Name+".json" != filepath.Base(path) {
		err = fmt.Errorf("it is record %s: rename it", r.Name)
	}
	if err != nil {
		return r, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// check refuses what no page could show.
func (r Record) check() error {
	if r.Name == "" || strings.ContainsAny(r.Name, `/\:,; `) {
		return fmt.Errorf("record %q: a name has neither spaces nor any of / \\ : , ;", r.Name)
	}
	if len(r.Header) == 0 {
		return fmt.Errorf("record %s has no header", r.Name)
	}
	var wrong []error
	for i, row := range r.Rows {
		if len(row) == 0 || len(row) > len(r.Header) {
			wrong = append(wrong, fmt.Errorf("record %s: row %d has %d cells for %d columns", r.Name, i+1, len(row), len(r.Header)))
		}
	}
	return errors.Join(wrong...)
}

// Row is the row of that name, which must be there once.
func (r Record) Row(name string) ([]string, error) {
	var found [][]string
	for _, row := range r.Rows {
		if row[0] == name {
			found = append(found, row)
		}
	}
	switch len(found) {
	case 0:
		return nil, fmt.Errorf("record %s has no row %q", r.Name, name)
	case 1:
		return found[0], nil
	}
	return nil, fmt.Errorf("record %s has %d rows %q", r.Name, len(found), name)
}

// Column is the position of a column.
func (r Record) Column(name string) (int, error) {
	if i := slices.Index(r.Header, name); i >= 0 {
		return i, nil
	}
	return 0, fmt.Errorf("record %s has no column %q: it has %q", r.Name, name, r.Header)
}
