package main

import (
	"context"
	"errors"
	"fmt"
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
	if err := writeSite(s.root, dir); err != nil {
		return fmt.Errorf("writing %s: %w", index, err)
	}
	notices, err := s.noticesOf(notebooks)
	if err != nil {
		return err
	}
	for _, notice := range notices {
		s.c.say(notice)
	}
	s.c.say(fmt.Sprintf("All reports: %s (%.0f s in all)", index, time.Since(s.c.start).Seconds()))
	return nil
}

// noticesOf are the notices of set-up without those on networks that only other notebooks use.
func (s *setup) noticesOf(notebooks []string) (notices []string, err error) {
	all, err := findNotebooks(s.root, "")
	if err != nil {
		return nil, err
	}
	used := func(call string, paths []string) bool {
		return slices.ContainsFunc(paths, func(path string) bool {
			text, e := os.ReadFile(path)
			err = errors.Join(err, e)
			return strings.Contains(string(text), call)
		})
	}
	for _, notice := range s.c.notices {
		if m := aboutNetwork.FindStringSubmatch(notice); m != nil {
			if call := "backbone." + m[1] + "("; used(call, all) && !used(call, notebooks) {
				continue
			}
		}
		notices = append(notices, notice)
	}
	return notices, err
}

// aboutNetwork begins with a network's label, such as ViT-B/16.
var aboutNetwork = regexp.MustCompile(`^NOTICE: (\w+)[^:]*: `)

// runNotebook leaves the executed notebook and the kernel's log in .lesson, also when a cell fails.
func (s *setup) runNotebook(ctx context.Context, path, report string) error {
	name := nameOf(path)
	executed := s.local("executed", name+".ipynb")
	cmd := s.exec(ctx, s.venv("bin", "python"), filepath.Join(s.root, "scripts", "internal", "notebook.py"),
		path, report, executed, s.local("log", name+".kernel.txt"))
	cmd.Env = append(cmd.Env, "LESSON_COMMAND="+s.options.command(onlyOf(path)))
	if s.options.tests {
		cmd.Env = append(cmd.Env, "TERM=dumb") // whole lines, since go test writes, too
	}
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("notebook %s did not run to its end (what it showed: %s): %w", name, executed, err)
	}
	return nil
}
