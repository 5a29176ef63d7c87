package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// common are the packages outside of the lesson's module that cells use most. Of others gopls finds the import itself.
var common = []string{
	"bytes", "context", "encoding/json", "errors", "flag", "fmt", "image", "image/color", "image/png", "io", "maps",
	"math", "os", "path", "path/filepath", "slices", "sort", "strconv", "strings", "time",
	"github.com/janpfeifer/gonb/gonbui", "github.com/janpfeifer/must",
}

// packages lists the import paths that a cell is shown with: the common ones and those of the modules that the
// workspace uses beside the cells' own. Two packages of one name would hide each other: the first stays.
func packages(dir string) []string {
	all := slices.Clone(common)
	names := map[string]bool{}
	for _, p := range common {
		names[path.Base(p)] = true
	}
	for _, module := range workspaceModules(dir) {
		for _, p := range modulePackages(module) {
			if !names[path.Base(p)] {
				names[path.Base(p)] = true
				all = append(all, p)
			}
		}
	}
	return all
}

// workspaceModules reads the folders that go.work uses, without the cells' own.
func workspaceModules(dir string) []string {
	text, err := os.ReadFile(filepath.Join(dir, "go.work"))
	if err != nil {
		return nil
	}
	var modules []string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "use "))
		if unquoted := strings.Trim(line, `"`); filepath.IsAbs(unquoted) {
			modules = append(modules, unquoted)
		} else if strings.HasPrefix(line, "../") {
			modules = append(modules, filepath.Join(dir, line))
		}
	}
	return modules
}

// modulePackages lists what others may import of a module.
func modulePackages(root string) []string {
	module := ""
	text, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(text)) {
		if name, found := strings.CutPrefix(line, "module "); found {
			module = strings.Trim(strings.TrimSpace(name), `"`)
		}
	}
	var found []string
	filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return nil
		}
		base := entry.Name()
		if name != root && (strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "internal" || base == "testdata") {
			return filepath.SkipDir
		}
		if packageName(name) == base {
			relative, _ := filepath.Rel(root, name)
			found = append(found, path.Join(module, filepath.ToSlash(relative)))
		}
		return nil
	})
	return found
}

// packageName reads the package clause of a folder's first file that is no test.
func packageName(dir string) string {
	files, _ := filepath.Glob(filepath.Join(dir, "*.go"))
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.PackageClauseOnly)
		if err == nil {
			return f.Name.Name
		}
	}
	return ""
}

// waitForWorkspace waits for the go.work that GoNB writes right after it has started us.
func (g *gopls) waitForWorkspace(most time.Duration) {
	for end := time.Now().Add(most); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if len(workspaceModules(g.cells)) > 0 {
			return
		}
	}
}

// copyModule makes our module of what GoNB's is now.
func (g *gopls) copyModule() error {
	mod, err := os.ReadFile(filepath.Join(g.cells, "go.mod"))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(g.dir, 0o755); err != nil {
		return err
	}
	if modules := workspaceModules(g.cells); len(modules) > 0 {
		theirs, err := os.ReadFile(filepath.Join(g.cells, "go.work"))
		if err != nil {
			return err
		}
		work := "use .\n"
		for line := range strings.Lines(string(theirs)) {
			if strings.HasPrefix(line, "go ") || strings.HasPrefix(line, "toolchain ") {
				work += line
			}
		}
		for _, m := range modules {
			work += "use " + strconv.Quote(m) + "\n"
		}
		if err := os.WriteFile(filepath.Join(g.dir, "go.work"), []byte(work), 0o644); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(g.dir, "go.mod"), mod, 0o644)
}
