package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/record"
)

// The markers of a page are comments, which no reader of the page sees. A table stands between
//
//	<!-- table
//	columns: ours | ratio
//	bench-vit
//	bench-resnet50v2: inference, ResNet50V2, batch 32, images/s
//	-->
//
// and <!-- end -->: the whole of one record, then one row of another. Without a line of columns all are shown; the first
// one, which names the rows, always is. One table without columns may stand in a line: <!-- table bench-vit -->. A single
// cell in a sentence stands between <!--= RECORD: ROW | COLUMN --> and <!--/-->.
var (
	block = regexp.MustCompile(`(?s)<!-- table\s(.*?)-->(.*?)<!-- end -->`)
	value = regexp.MustCompile(`(?s)<!--= (.*?) -->(.*?)<!--/-->`)
	stray = regexp.MustCompile(`<!--(=| table| end|/).*?`)
)

// filler fills markers from records.
type filler struct {
	records map[string]record.Record
	folder  string // of the records, as links of the page name it
}

// fill gives the text as the records have it.
func (f filler) fill(text string) (string, error) {
	if rest := value.ReplaceAllString(block.ReplaceAllString(text, ""), ""); stray.MatchString(rest) {
		at := stray.FindStringIndex(rest)[0]
		return "", fmt.Errorf("a marker that begins or ends nothing: %.60q", rest[at:])
	}
	var failed []error
	text = block.ReplaceAllStringFunc(text, func(old string) string {
		spec := block.FindStringSubmatch(old)[1]
		table, err := f.table(spec)
		failed = append(failed, err)
		return "<!-- table" + old[len("<!-- table"):len("<!-- table ")+len(spec)] + "-->\n" + table + "\n<!-- end -->"
	})
	text = value.ReplaceAllStringFunc(text, func(old string) string {
		address := value.FindStringSubmatch(old)[1]
		cell, err := f.cell(address)
		failed = append(failed, err)
		return "<!--= " + address + " -->" + cell + "<!--/-->"
	})
	return text, errors.Join(failed...)
}

// names lists the records that the markers of a text name.
func names(text string) (found []string) {
	for _, m := range block.FindAllStringSubmatch(text, -1) {
		_, parts := parts(m[1])
		for _, p := range parts {
			found = append(found, p.name)
		}
	}
	for _, m := range value.FindAllStringSubmatch(text, -1) {
		name, _, _ := strings.Cut(m[1], ":")
		found = append(found, name)
	}
	return found
}

// part is a record, or one row of it.
type part struct{ name, row string }

func parts(spec string) (columns []string, all []part) {
	for line := range strings.Lines(spec) {
		name, row, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch {
		case name == "":
		case name == "columns":
			for _, c := range strings.Split(row, "|") {
				columns = append(columns, strings.TrimSpace(c))
			}
		default:
			all = append(all, part{name, row})
		}
	}
	return columns, all
}

func (f filler) find(name string) (record.Record, error) {
	r, found := f.records[name]
	if !found {
		return r, fmt.Errorf("there is no record %s in %s: run what makes it, then go run ./scripts/results", name, keptFolder)
	}
	return r, nil
}

// cell is one cell of a record, by "RECORD: ROW | COLUMN".
func (f filler) cell(address string) (string, error) {
	name, rest, _ := strings.Cut(address, ": ")
	cut := strings.LastIndex(rest, " | ")
	if cut < 0 {
		return "", fmt.Errorf("%q: write RECORD: ROW | COLUMN", address)
	}
	r, err := f.find(name)
	if err != nil {
		return "", err
	}
	row, err := r.Row(rest[:cut])
	if err != nil {
		return "", err
	}
	column, err := r.Column(rest[cut+len(" | "):])
	if err != nil {
		return "", err
	}
	if column >= len(row) || row[column] == "" {
		return "", fmt.Errorf("record %s has nothing at %q", name, rest)
	}
	return row[column], nil
}

// table is a Markdown table, with a line on the origin of each record under it.
func (f filler) table(spec string) (string, error) {
	columns, all := parts(spec)
	if len(all) == 0 {
		return "", errors.New("a table of no record: name one")
	}
	first, err := f.find(all[0].name)
	if err != nil {
		return "", err
	}
	if columns == nil {
		columns = first.Header[1:]
	}
	rows, captions := [][]string{}, []string{}
	for _, p := range all {
		r, err := f.find(p.name)
		if err != nil {
			return "", err
		}
		chosen := r.Rows
		if p.row != "" {
			row, err := r.Row(p.row)
			if err != nil {
				return "", err
			}
			chosen = [][]string{row}
		}
		if chosen, err = choose(r, chosen, columns); err != nil {
			return "", err
		}
		rows = append(rows, chosen...)
		if p.row != "" {
			r.Note = "" // of the whole; the page with all rows has it
		}
		if c := f.caption(r); !slices.Contains(captions, c) {
			captions = append(captions, c)
		}
	}
	return markdown(append([]string{first.Header[0]}, columns...), rows) +
		"\n<sub>" + strings.Join(captions, "<br>\n") + "</sub>\n", nil
}

// choose keeps the named columns, and the first.
func choose(r record.Record, rows [][]string, columns []string) (chosen [][]string, err error) {
	at := []int{0}
	for _, name := range columns {
		i, err := r.Column(name)
		if err != nil {
			return nil, err
		}
		at = append(at, i)
	}
	for _, row := range rows {
		cells := make([]string, len(at))
		for k, i := range at {
			if i < len(row) {
				cells[k] = row[i]
			}
		}
		chosen = append(chosen, cells)
	}
	return chosen, nil
}

var number = regexp.MustCompile(`^[*+−±-]*\d`)

// markdown writes a table. Columns of numbers are right-aligned; columns without any cell are left out.
func markdown(header []string, rows [][]string) string {
	lines := append([][]string{header, make([]string, len(header))}, rows...)
	out := make([]string, len(lines))
	for c := range header {
		filled, numbers := false, true
		for _, row := range rows {
			if row[c] != "" && row[c] != "–" {
				filled, numbers = true, numbers && number.MatchString(row[c])
			}
		}
		if !filled {
			continue
		}
		for i, cells := range lines {
			cell := " " + strings.ReplaceAll(cells[c], "|", `\|`) + " |"
			if i == 1 {
				cell = map[bool]string{false: "---|", true: "--:|"}[numbers]
			} else if cells[c] == "" {
				cell = " |"
			}
			out[i] += cell
		}
	}
	return "|" + strings.Join(out, "\n|") + "\n"
}

// caption says where a record comes from: what a reader needs to judge the numbers, and to make them again.
func (f filler) caption(r record.Record) string {
	machine := r.Machine
	if machine == "" {
		machine = "machine not recorded"
	}
	text := fmt.Sprintf("[%s](%s/%s.json): %s, %s", r.Name, f.folder, r.Name, list(r.Made), list(machine))
	backend, _, _ := strings.Cut(r.Backend, ",")
	for _, field := range []struct{ before, value string }{{"", backend}, {"images ", r.Data}, {"weights ", r.Weights},
		{"seeds ", r.Seeds}, {"", r.Load}} {
		if field.value != "" {
			text += "; " + field.before + list(field.value)
		}
	}
	if r.Command != "" {
		text += "; `" + r.Command + "`"
	}
	text += "."
	if r.Notice != "" {
		text += " **Notice: " + r.Notice + ".**"
	}
	if r.Note != "" {
		text += " " + r.Note
	}
	return text
}

// list writes what package record has put together in words.
func list(joined string) string { return strings.ReplaceAll(joined, "; ", ", ") }
