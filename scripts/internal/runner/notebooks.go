package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"html/template"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

var numbered = regexp.MustCompile(`^([0-9]+)-.*\.ipynb$`)

// solutions is the folder of solved exercises, below that of the notebooks.
const solutions = "solutions"

// findNotebooks lists notebooks/N-*.ipynb in the order of N and then, in theirs, notebooks/solutions/N-*.ipynb. only
// picks from them: a number, "solutions", or "solutions/" and a number; "" is all.
func findNotebooks(root, only string) ([]string, error) {
	dir := filepath.Join(root, "notebooks")
	var paths, names []string
	for _, folder := range []string{"", solutions} {
		all, err := numberedNotebooks(filepath.Join(dir, folder))
		if err != nil && (folder == "" || !errors.Is(err, os.ErrNotExist)) {
			return nil, err
		}
		for _, path := range all {
			name := filepath.ToSlash(strings.TrimPrefix(path, dir+string(filepath.Separator)))
			names = append(names, name)
			if only == "" || only == onlyOf(path) || folder != "" && only == folder {
				paths = append(paths, path)
			}
		}
	}
	switch {
	case len(names) == 0:
		return nil, fmt.Errorf("no notebooks in %s", dir)
	case len(paths) == 0:
		return nil, fmt.Errorf("--only %s: there is no such notebook; there are %s", only, strings.Join(names, ", "))
	}
	return paths, nil
}

// onlyOf is what picks one notebook alone.
func onlyOf(path string) string {
	number, _, _ := strings.Cut(filepath.Base(path), "-")
	if filepath.Base(filepath.Dir(path)) == solutions {
		return solutions + "/" + number
	}
	return number
}

// numberedNotebooks lists a folder's N-*.ipynb in the order of N.
func numberedNotebooks(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	type numberedPath struct {
		n    int
		path string
	}
	var all []numberedPath
	for _, e := range entries {
		if m := numbered.FindStringSubmatch(e.Name()); m != nil {
			n, _ := strconv.Atoi(m[1])
			all = append(all, numberedPath{n, filepath.Join(dir, e.Name())})
		}
	}
	slices.SortStableFunc(all, func(a, b numberedPath) int { return a.n - b.n })
	var paths []string
	for _, p := range all {
		paths = append(paths, p.path)
	}
	return paths, nil
}

// nameOf is what a notebook's report is called: reports lie side by side, so a solution says that it is one.
func nameOf(path string) string {
	name := strings.TrimSuffix(filepath.Base(path), ".ipynb")
	if filepath.Base(filepath.Dir(path)) == solutions {
		return "solution-" + name
	}
	return name
}

// report runs notebooks in order and renders them into dir. The first that fails ends it.
func (s *setup) report(ctx context.Context, notebooks []string, dir string) error {
	for i, path := range notebooks {
		name := nameOf(path)
		s.c.section(fmt.Sprintf("notebook %s (%d of %d)", name, i+1, len(notebooks)))
		start := time.Now()
		if err := s.runNotebook(ctx, path, filepath.Join(dir, name+".html")); err != nil {
			return err
		}
		s.c.say(fmt.Sprintf("  %-8s %6.1f s  %s", "done", time.Since(start).Seconds(), filepath.Join(dir, name+".html")))
	}
	index := filepath.Join(dir, "index.html")
	if err := writeIndex(s.root, dir); err != nil {
		return fmt.Errorf("writing %s: %w", index, err)
	}
	for _, notice := range s.c.notices {
		s.c.say(notice)
	}
	s.c.say(fmt.Sprintf("All reports: %s (%.0f s in all)", index, time.Since(s.c.start).Seconds()))
	return nil
}

// runNotebook leaves the executed notebook and the kernel's log in .lesson, also when a cell fails.
func (s *setup) runNotebook(ctx context.Context, path, report string) error {
	name := nameOf(path)
	executed := s.local("executed", name+".ipynb")
	cmd := s.exec(ctx, s.venv("bin", "python"), filepath.Join(s.root, "scripts", "internal", "notebook.py"),
		path, report, executed, s.local("log", name+".kernel.txt"))
	cmd.Env = append(cmd.Env, "LESSON_COMMAND="+s.options.command(onlyOf(path)))
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("notebook %s did not run to its end (what it showed: %s): %w", name, executed, err)
	}
	return nil
}

// facts is what notebook.py writes into a report's head.
type facts struct {
	File     string  `json:"-"`
	Notebook string  `json:"notebook"`
	Title    string  `json:"title"`
	Made     string  `json:"made"`
	Seconds  float64 `json:"seconds"`
	Quick    bool    `json:"quick"`
	// Notices name the images and weights that are not the real ones.
	Notices []string `json:"notices"`
}

var factsTag = regexp.MustCompile(`<meta name="lesson-report" content="([^"]*)">`)

// writeIndex lists the reports of the notebooks that exist, whichever run made them.
func writeIndex(root, dir string) error {
	notebooks, err := findNotebooks(root, "")
	if err != nil {
		return err
	}
	var reports []facts
	for _, path := range notebooks {
		file := nameOf(path) + ".html"
		text, err := os.ReadFile(filepath.Join(dir, file))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		f := facts{File: file, Title: file}
		if m := factsTag.FindSubmatch(text); m != nil {
			if err := json.Unmarshal([]byte(html.UnescapeString(string(m[1]))), &f); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
		}
		reports = append(reports, f)
	}
	var page bytes.Buffer
	if err := indexPage.Execute(&page, reports); err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, "index.html"), page.Bytes(), 0o644)
}

var indexPage = template.Must(template.New("index").Parse(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Transfer learning for defect classification: reports</title>
<style>
body { font: 17px/1.5 sans-serif; max-width: 50em; margin: 2em auto; padding: 0 1em; color: #222 }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .4em .8em .4em 0; border-bottom: 1px solid #ccc }
.quick { background: #fff3cd; color: #3d2c00; padding: 0 .4em }
</style>
</head>
<body>
<h1>Transfer learning for defect classification</h1>
<table>
<thead><tr><th>Notebook</th><th>Run on</th><th>Took</th></tr></thead>
<tbody>
{{range .}}<tr><td><a href="{{.File}}">{{.Title}}</a>{{if .Quick}} <span class="quick">quick run: no results</span>{{end}}{{range .Notices}}<br><span class="quick">{{.}}</span>{{end}}</td><td>{{.Made}}</td><td>{{printf "%.0f s" .Seconds}}</td></tr>
{{end}}</tbody>
</table>
</body>
</html>
`))
