package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheExercisesAreThoseOfTheSolutions(t *testing.T) {
	t.Chdir("../..")
	made, err := exercises("notebooks/solutions")
	if err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile(target)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(made, kept) {
		t.Errorf("%s is not what the solutions give: run `go run ./scripts/exercises`", target)
	}
}

// of makes a solution of cells that are written as "type tags: source".
func of(cells ...string) (made []cell) {
	for i, text := range cells {
		head, source, _ := strings.Cut(text, ": ")
		words := strings.Fields(head)
		made = append(made, cell{Type: words[0], ID: fmt.Sprint("c", i), Metadata: metadata{Tags: words[1:]}, Source: []string{source}})
	}
	return made
}

func TestTagsSayWhatTheExercisesTake(t *testing.T) {
	cells, err := add(nil, "1", of("markdown: task", "code: given", "raw starter: stub", "code solution: solved",
		"code solution: more", "raw starter: your answer", "markdown solution: the answer", "code: check"))
	if err != nil {
		t.Fatal(err)
	}
	if cells, err = add(cells, "2", of("markdown: task", "code: given", "code: other")); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range cells {
		got = append(got, fmt.Sprint(c.ID, " ", c.Type, " ", c.Source[0], len(c.Metadata.Tags), c.Outputs != nil))
	}
	want := []string{"1-c0 markdown task0 false", "1-c1 code given0 true", "1-c2 code stub0 true",
		"1-c5 markdown your answer0 false", "1-c7 code check0 true", "2-c0 markdown task0 false", "2-c2 code other0 true"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestWrongTagsAreErrors(t *testing.T) {
	for want, cells := range map[string][]cell{
		"c0 is tagged starter: make it a raw cell": of("code starter: stub", "code solution: solved"),
		"c1 is tagged starter":                     of("code: given", "raw starter: stub", "code: solved"),
		"c0 is tagged starter":                     of("raw starter: stub"),
		`tagged "sollution"`:                       of("code sollution: solved"),
		`tagged "solution check"`:                  of("code solution check: solved"),
		"raw cell without tag":                     of("raw: stub"),
	} {
		if _, err := add(nil, "1", cells); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestANameThatTwoCellsDeclareIsAnError(t *testing.T) {
	for source, want := range map[string]string{
		"func f() {}": "cells c0 and c1 declare f", "type t int": "declare t", "var a, b = 1, 2": "declare b", "const c = 1": "declare c",
		"func (t) m() {}": "declare t.m", "func (u) m() {}": "", "%%\nf := 1": "", "func g( {}": "c1",
	} {
		cells := of("code: func f() {}\ntype t int\nvar b int\nconst c = 2\nfunc (t) m() {}", "code: "+source, "markdown: func f() {}")
		if err := declaredOnce(cells); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", source, err, want)
		}
	}
}

func TestSolutionsMustNotDisturbEachOther(t *testing.T) {
	folder := t.TempDir()
	for name, cells := range map[string][]cell{
		"1-a.ipynb": of("raw starter: var a = 1", "code solution: func f() {}", "code: var c = 1"),
		"2-b.ipynb": of("raw starter: var b = 1", "code solution: func f(n int) {}", "code: var c = 1"),
	} {
		text, err := encode(notebook{Cells: cells, Metadata: []byte("{}")})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := exercises(folder); err == nil || !strings.Contains(err.Error(), "cells 1-c1 and 2-c1 declare f") {
		t.Error(err)
	}
}

func TestWithoutSolutionsThereIsAnError(t *testing.T) {
	if _, err := exercises(t.TempDir()); err == nil || !strings.Contains(err.Error(), "no notebooks") {
		t.Error(err)
	}
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "1-a.ipynb"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := exercises(folder); err == nil || !strings.Contains(err.Error(), "1-a.ipynb") {
		t.Error(err)
	}
}
