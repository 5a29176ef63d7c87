package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/record"
)

const root = "../.."

func openAll(t *testing.T) (pages, map[string]record.Record) {
	t.Helper()
	all, err := open(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"README.md", "figures/README.md", "notebooks/4-vision-transformer.ipynb"} {
		if all[name].text == "" {
			t.Fatalf("%s is not among the pages", name)
		}
	}
	records, err := readAll(filepath.Join(root, keptFolder))
	if err != nil {
		t.Fatal(err)
	}
	return all, records
}

func TestPagesAreWhatTheRecordsGive(t *testing.T) {
	all, records := openAll(t)
	for path, p := range all {
		text, err := p.filled(filler{records, link(path)})
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		was, is := strings.Split(p.text, "\n"), strings.Split(text, "\n")
		for i := range min(len(was), len(is)) {
			if was[i] != is[i] {
				t.Errorf("%s, line %d, is not what the records give: go run ./scripts/results\nis     %s\nshould %s",
					path, i+1, was[i], is[i])
				break
			}
		}
		if len(was) != len(is) {
			t.Errorf("%s has %d lines, the records give %d: go run ./scripts/results", path, len(was), len(is))
		}
	}
	for name, r := range records {
		if !slices.Contains(all.shown(), name) {
			t.Errorf("no page shows record %s", name)
		}
		if r.Quick {
			t.Errorf("record %s is of a quick run", name)
		}
	}
}

func TestNoTableIsTypedByHand(t *testing.T) {
	all, _ := openAll(t)
	for path, p := range all {
		for _, text := range p.prose() {
			for _, typed := range typedNumbers(text) {
				t.Errorf("%s: a table outside of the markers of scripts/results holds a number: %s", path, typed)
			}
		}
	}
	readme := code.ReplaceAllString(unmarked(all["README.md"].text), "")
	for _, share := range shares.FindAllString(readme, -1) { // the front page has no other measured numbers, either
		if !strings.HasPrefix(share, "95 %") {
			t.Errorf("README.md: %q is not between markers of scripts/results", share)
		}
	}
}

var (
	code      = regexp.MustCompile("(?s)```.*?```|`[^`\n]*`")
	delimiter = regexp.MustCompile(`^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$`)
	shares    = regexp.MustCompile(`\d\S*\s?(%|×\D).{0,20}`)
	measured  = regexp.MustCompile(`^[\s*_~≈<>≤≥±+−–-]*\d|\d\s?[%×]`)
)

// unmarked is what no marker fills.
func unmarked(text string) string {
	return value.ReplaceAllString(block.ReplaceAllString(text, ""), "")
}

// typedNumbers lists the cells of tables outside of markers that begin with a number or hold a share or a factor, and
// tables in HTML.
func typedNumbers(text string) (found []string) {
	lines := strings.Split(code.ReplaceAllString(unmarked(text), ""), "\n")
	for i := 1; i < len(lines); i++ {
		if strings.Contains(lines[i], "<table") {
			found = append(found, lines[i])
		}
		if !delimiter.MatchString(lines[i]) || !strings.Contains(lines[i], "|") || !strings.Contains(lines[i-1], "|") {
			continue
		}
		for i++; i < len(lines) && strings.TrimSpace(lines[i]) != ""; i++ {
			for _, cell := range strings.Split(lines[i], "|") {
				if measured.MatchString(cell) {
					found = append(found, strings.TrimSpace(cell))
				}
			}
		}
	}
	return found
}

func TestTypedNumbersAreFound(t *testing.T) {
	for text, want := range map[string]int{
		"| a | b |\n|---|--:|\n| x | 99.4 % |":                                                  1,
		"a | b\n--- | ---\nx | **1.5×**\ny | about 3 % more":                                    2,
		"text\n\n| a | b |\n|:--|:-:|\n| x | −3 |\n\n| not | 5 |":                               1,
		"| a | b |\n|---|---|\n| [1. The data](1.ipynb) | ViT-B/16, from layer 100 |":           0,
		"```\n| a | b |\n|---|---|\n| x | 1 |\n```\n| a | `5` |":                                0,
		"<!-- table r -->\n| a | b |\n|---|---|\n| x | 1 |\n<!-- end -->":                       0,
		"<!-- table r -->\n| a | b |\n|---|---|\n| x | 1 |\n<!-- end -->\n\n\n<table><tr><td>1": 1,
	} {
		if got := typedNumbers(text); len(got) != want {
			t.Errorf("%q: found %q, want %d", text, got, want)
		}
	}
}

var example = map[string]record.Record{
	"a": {Name: "a", Origin: record.Origin{Made: "2026-11-23; 2026-11-24", Machine: "M, 2 cores", Backend: "XLA on CPU, plugin x",
		Seeds: "0; 1", Weights: "N: random", Notice: "random weights", Command: "scripts/lesson --only 2"}, Note: "A note.",
		Header: []string{"model", "accuracy", "s"}, Rows: [][]string{{"small, 0.35", "99.4 %", "1"}, {"large|x", "98 %"}}},
	"b": {Name: "b", Origin: record.Origin{Made: "2026-11-25"}, Header: []string{"", "s", "accuracy", "empty"},
		Rows: [][]string{{"other: one", "7", "words", ""}, {"other: two", "8", "", "–"}}},
}

func TestMarkersAreFilled(t *testing.T) {
	const captionA = `[a](../r/a.json): 2026-11-23, 2026-11-24, M, 2 cores; XLA on CPU; weights N: random; seeds 0, 1; ` +
		"`scripts/lesson --only 2`. **Notice: random weights.**"
	const captionB = `[b](../r/b.json): 2026-11-25, machine not recorded.`
	for text, want := range map[string]string{
		"x <!--= a: small, 0.35 | accuracy -->old<!--/--> y": "x <!--= a: small, 0.35 | accuracy -->99.4 %<!--/--> y",
		"<!--= b: other: one | s --><!--/-->":                "<!--= b: other: one | s -->7<!--/-->",
		"<!-- table a -->\nold\n<!-- end -->z": "<!-- table a -->\n| model | accuracy | s |\n|---|--:|--:|\n" +
			"| small, 0.35 | 99.4 % | 1 |\n| large\\|x | 98 % | |\n\n<sub>" + captionA + " A note.</sub>\n\n<!-- end -->z",
		"<!-- table\ncolumns: s | accuracy\nb: other: one\na: small, 0.35\n-->\n<!-- end -->": "<!-- table\n" +
			"columns: s | accuracy\nb: other: one\na: small, 0.35\n-->\n|  | s | accuracy |\n|---|--:|---|\n" +
			"| other: one | 7 | words |\n| small, 0.35 | 1 | 99.4 % |\n\n<sub>" + captionB + "<br>\n" + captionA + "</sub>\n\n<!-- end -->",
		"<!-- table b -->\n<!-- end -->": "<!-- table b -->\n|  | s | accuracy |\n|---|--:|---|\n| other: one | 7 | words |\n" +
			"| other: two | 8 | |\n\n<sub>" + captionB + "</sub>\n\n<!-- end -->",
	} {
		want = strings.ReplaceAll(want, "|  |", "| |")
		f := filler{example, "../r"}
		got, err := f.fill(text)
		if err != nil || got != want {
			t.Errorf("%q, %v:\ngot\n%s\nwant\n%s", text, err, got, want)
		}
		if again, err := f.fill(got); err != nil || again != got {
			t.Errorf("filled twice, %v:\n%s\nonce\n%s", err, again, got)
		}
	}
}

func TestWrongMarkersAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"<!-- table c -->\n<!-- end -->":                       "no record c",
		"<!-- table a: medium -->\n<!-- end -->":               `no row "medium"`,
		"<!-- table\ncolumns: speed\na\n-->\n<!-- end -->":     `no column "speed"`,
		"<!-- table\ncolumns: s\n-->\n<!-- end -->":            "of no record",
		"<!-- table a -->\nno end":                             "begins or ends nothing",
		"<!--= a: small, 0.35 | accuracy -->99.4 %":            "begins or ends nothing",
		"<!-- table a -->\n<!-- end -->\n<!-- end -->":         "begins or ends nothing",
		"<!--= a: small, 0.35 -->1<!--/-->":                    "RECORD: ROW | COLUMN",
		"<!--= a: large|x | s -->1<!--/-->":                    "has nothing",
		"<!--= a: small, 0.35 | speed -->1<!--/-->":            `no column "speed"`,
		"<!--=a: small, 0.35 | accuracy -->99.4 %<!--/--> etc": "begins or ends nothing",
	} {
		if got, err := (filler{example, "r"}).fill(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q; filled %q", text, err, want, got)
		}
	}
}

func TestCellsOfNotebooksAreFilledAsJupyterWritesThem(t *testing.T) {
	const before, after = `{
 "cells": [
  {
   "cell_type": "code",
   "source": [
    "<!--= a: small, 0.35 | s -->0<!--/-->"
   ]
  },
  {
   "cell_type": "markdown",
   "source": [
    "first \"line\"\n",
    "`, `"
   ]
  }
 ]
}
`
	p, err := newPage("n.ipynb", []byte(before+`<!--= a: small, 0.35 | accuracy -->0<!--/-->`+after))
	if err != nil {
		t.Fatal(err)
	}
	want := before + `<!--= a: small, 0.35 | accuracy -->99.4 %<!--/-->` + after
	if got, err := p.filled(filler{example, "r"}); err != nil || got != want || !json.Valid([]byte(got)) {
		t.Errorf("%v\n%s", err, got)
	}
}

func TestWhichRecordsAreTaken(t *testing.T) {
	from, to := t.TempDir(), filepath.Join(t.TempDir(), "results")
	put := func(folder, name, cell, notice string, quick bool) {
		t.Helper()
		r := record.Record{Name: name, Quick: quick, Origin: record.Origin{Notice: notice}, Header: []string{"x"}, Rows: [][]string{{cell}}}
		if err := r.Write(folder); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"better", "worse", "equal"} {
		put(to, name, "old", map[string]string{"better": "random weights", "equal": "random weights"}[name], false)
	}
	put(from, "better", "new", "", false)
	put(from, "worse", "new", "random weights", false)
	put(from, "equal", "new", "random weights", false)
	put(from, "first", "new", "random weights", false)
	put(from, "quick", "new", "", true)
	put(from, "unknown", "new", "", false)
	shown := []string{"better", "worse", "equal", "first", "quick"}
	for _, name := range []string{"better", "worse"} {
		if err := os.WriteFile(filepath.Join(from, name+".png"), []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	holds := func(want map[string]string) {
		t.Helper()
		records, err := readAll(to)
		if err != nil || len(records) != len(want) {
			t.Errorf("%d records, %v; want %v", len(records), err, want)
		}
		for name, cell := range want {
			if r := records[name]; len(r.Rows) != 1 || r.Rows[0][0] != cell {
				t.Errorf("%s: %v, want %s", name, r.Rows, cell)
			}
		}
	}
	if err := take(from, to, shown, []string{}); err != nil {
		t.Error(err)
	}
	holds(map[string]string{"better": "new", "worse": "old", "equal": "new", "first": "new"})
	if figures, _ := filepath.Glob(filepath.Join(filepath.Dir(to), "*.png")); len(figures) != 1 || filepath.Base(figures[0]) != "better.png" {
		t.Errorf("figures %q are taken, want that of the record that was", figures)
	}
	if err := take(from, to, shown, []string{"worse"}); err != nil {
		t.Error(err)
	}
	holds(map[string]string{"better": "new", "worse": "new", "equal": "new", "first": "new"})
	if err := take(from, to, shown, []string{"absent"}); err == nil || !strings.Contains(err.Error(), "absent.json") {
		t.Errorf("a record that is not there: %v", err)
	}
	if err := os.WriteFile(filepath.Join(from, "bad.json"), []byte(`{"name":"bad","headers":[]}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := take(from, to, shown, nil); err == nil || !strings.Contains(err.Error(), "bad.json") {
		t.Errorf("a damaged record: %v", err)
	}
}
