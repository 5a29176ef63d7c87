package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// toolSettings are what go tells compile and link by their environment.
var toolSettings = []string{"GOROOT", "GOOS", "GOARCH", "GOAMD64", "GOARM64", "GOEXPERIMENT"}

// survey asks go for all that a manifest holds.
func (k kernel) survey(ctx context.Context, root string, patterns []string, before *manifest) (*manifest, error) {
	m := &manifest{Root: root, Patterns: patterns, Environment: environmentNow()}
	var err error
	if m.Go, err = k.real("go"); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "cell-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	tool := func(args ...string) ([]byte, error) {
		cmd := command(ctx, m.Go, args...)
		cmd.Dir, cmd.Env = dir, append(k.environment(), "PWD="+dir, "GOPROXY=off")
		return output(cmd)
	}
	// As GoNB does. The cell is a program, so that go says what belongs to its link.
	for _, args := range [][]string{{"mod", "init", "cell"}, {"work", "init"}, {"work", "use", root, "."}} {
		if _, err := tool(args...); err != nil {
			return nil, err
		}
	}
	work, err := os.ReadFile(filepath.Join(dir, "go.work"))
	if err != nil {
		return nil, err
	}
	m.Workspace = string(work)
	if m.Requires, err = requirements(filepath.Join(root, "go.mod")); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte("package main\n\nfunc main() {}\n"), 0o644); err != nil {
		return nil, err
	}
	env, err := tool(append([]string{"env", "-json", "GOTOOLDIR", "GOMODCACHE", "GOVERSION", "GOENV", "CC", "GOFIPS140"}, toolSettings...)...)
	if err != nil {
		return nil, err
	}
	var settings map[string]string
	if err := json.Unmarshal(env, &settings); err != nil {
		return nil, err
	}
	if mode := settings["GOFIPS140"]; mode != "" && mode != "off" {
		return nil, fmt.Errorf("GOFIPS140 is %s: go alone links so", mode)
	}
	for _, name := range toolSettings {
		if value := settings[name]; value != "" {
			m.Settings = append(m.Settings, name+"="+value)
		}
	}
	m.Tools, m.Version = settings["GOTOOLDIR"], settings["GOVERSION"]
	packages, err := goList(tool, append([]string{"-export", "-deps", "."}, patterns...)...)
	if err != nil {
		return nil, err
	}
	// What else Go has is known by name; it is compiled when a cell first imports it.
	names, err := goList(tool, "std")
	if err != nil {
		return nil, err
	}
	if err := m.watch(packages, settings["GOROOT"], settings["GOMODCACHE"], settings["GOENV"], filepath.Join(k.folder, "bin", "go")); err != nil {
		return nil, err
	}
	if m.Importcfg, err = k.keepArchives(packages); err != nil {
		return nil, err
	}
	if m.Packages, err = k.writeTable(slices.Concat(packages, names), before); err != nil {
		return nil, err
	}
	return m, k.chooseLink(ctx, m, before, dir, packages, settings["CC"])
}

// goPackage is what go list says of a package.
type goPackage struct {
	ImportPath, Name, Dir, Export, DefaultGODEBUG string
	Standard                                      bool
	Module                                        *struct{ Main bool }
	GoFiles, CgoFiles, EmbedFiles                 []string
}

func goList(tool func(args ...string) ([]byte, error), args ...string) ([]goPackage, error) {
	list, err := tool(append([]string{"list", "-json=ImportPath,Name,Dir,Export,Standard,Module,GoFiles,CgoFiles,EmbedFiles," +
		"DefaultGODEBUG"}, args...)...)
	if err != nil {
		return nil, err
	}
	var packages []goPackage
	for decoder := json.NewDecoder(bytes.NewReader(list)); ; {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, fmt.Errorf("what go list says: %w", err)
		}
		packages = append(packages, p)
	}
}

// importable says whether a cell may import the package.
func (p goPackage) importable() bool {
	return p.Name != "main" && !slices.ContainsFunc(strings.Split(p.ImportPath, "/"), func(element string) bool {
		return element == "internal" || element == "vendor"
	})
}

// watch stamps everything that may change: the tools, the settings, and the packages outside of Go and of the module
// cache. Also the folders around these, where a new package would lie.
func (m *manifest) watch(packages []goPackage, goroot, cache, env, self string) error {
	paths := map[string]bool{self: true, m.Go: true, env: true, filepath.Join(m.Tools, "compile"): true, filepath.Join(m.Tools, "link"): true,
		filepath.Join(goroot, "VERSION"): true, filepath.Join(m.Root, "go.mod"): true, filepath.Join(m.Root, "go.sum"): true}
	within := func(path, folder string) bool {
		return folder != "" && strings.HasPrefix(path, strings.TrimSuffix(folder, "/")+"/")
	}
	for _, p := range packages {
		if p.Standard || p.ImportPath == "cell" || within(p.Dir, goroot) || within(p.Dir, cache) {
			continue
		}
		for _, name := range p.EmbedFiles {
			paths[filepath.Join(p.Dir, name)] = true
			paths[filepath.Dir(filepath.Join(p.Dir, name))] = true
		}
		entries, err := os.ReadDir(p.Dir)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if e.Type().IsRegular() && !strings.HasSuffix(e.Name(), "_test.go") {
				paths[filepath.Join(p.Dir, e.Name())] = true
			}
		}
		for dir := p.Dir; within(dir, m.Root); dir = filepath.Dir(dir) {
			paths[dir] = true
		}
		paths[p.Dir] = true
	}
	delete(paths, "")
	for path := range paths {
		s, err := stampOf(path)
		if err != nil {
			return err
		}
		m.Watched = append(m.Watched, s)
	}
	slices.SortFunc(m.Watched, func(a, b stamp) int { return strings.Compare(a.Path, b.Path) })
	return nil
}
