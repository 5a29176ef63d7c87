package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// prepare makes the manifest, and replaces the one that is there. Two kernels may do so at once: the archives'
// names are those of their content, and the manifest is written last.
func (k kernel) prepare(ctx context.Context, root string, patterns []string) (*manifest, error) {
	if err := os.MkdirAll(k.file("archives"), 0o755); err != nil {
		return nil, err
	}
	before, _ := k.load()
	if before != nil && before.Root == root && slices.Equal(before.Patterns, patterns) && before.fresh() {
		return before, nil
	}
	for {
		start := time.Now()
		m, err := k.survey(ctx, root, patterns, before)
		if err != nil {
			return nil, err
		}
		if !m.fresh() || slices.ContainsFunc(m.Watched, func(s stamp) bool { return s.Modified >= start.UnixNano() }) {
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-time.After(100 * time.Millisecond): // a file was changed meanwhile: which state was compiled?
			}
			continue
		}
		text, err := json.MarshalIndent(m, "", "\t")
		if err != nil {
			return nil, err
		}
		if err := writeFile(k.file("manifest.json"), text); err != nil {
			return nil, err
		}
		k.tidy(m, before)
		return m, nil
	}
}

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
	env, err := tool("env", "-json", "GOTOOLDIR", "GOROOT", "GOMODCACHE", "GOVERSION", "GOENV", "CC")
	if err != nil {
		return nil, err
	}
	var settings struct{ GOTOOLDIR, GOROOT, GOMODCACHE, GOVERSION, GOENV, CC string }
	if err := json.Unmarshal(env, &settings); err != nil {
		return nil, err
	}
	m.Tools, m.Version = settings.GOTOOLDIR, settings.GOVERSION
	list, err := tool(append([]string{"list", "-export", "-deps", "-json=ImportPath,Name,Dir,Export,Standard,Module," +
		"GoFiles,CgoFiles,EmbedFiles,DefaultGODEBUG", "."}, patterns...)...)
	if err != nil {
		return nil, err
	}
	var packages []goPackage
	for decoder := json.NewDecoder(bytes.NewReader(list)); ; {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("what go list says: %w", err)
		}
		packages = append(packages, p)
	}
	if err := m.watch(packages, settings.GOROOT, settings.GOMODCACHE, settings.GOENV, filepath.Join(k.folder, "bin", "go")); err != nil {
		return nil, err
	}
	if m.Importcfg, err = k.keepArchives(packages); err != nil {
		return nil, err
	}
	if m.Packages, err = k.writeTable(packages, before); err != nil {
		return nil, err
	}
	return m, k.chooseLink(ctx, m, before, dir, packages, settings.CC)
}

// goPackage is what go list says of a package.
type goPackage struct {
	ImportPath, Name, Dir, Export, DefaultGODEBUG string
	Standard                                      bool
	Module                                        *struct{ Main bool }
	GoFiles, CgoFiles, EmbedFiles                 []string
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

// keepArchives takes the compiled packages out of go's build cache, which go trims, and lists them as compile and
// link want it. It returns the name of the list.
func (k kernel) keepArchives(packages []goPackage) (string, error) {
	var config strings.Builder
	for _, p := range packages {
		if p.Export == "" || p.Name == "main" { // unsafe, and the cell
			continue
		}
		path := k.archive(p)
		if _, err := os.Stat(path); err != nil {
			// The cache never changes a file but removes it, so a second name is as good as a copy.
			if err := os.Link(p.Export, path); err != nil && !errors.Is(err, os.ErrExist) {
				archive, err := os.ReadFile(p.Export)
				if err == nil {
					err = writeFile(path, archive)
				}
				if err != nil {
					return "", err
				}
			}
		}
		fmt.Fprintf(&config, "packagefile %s=%s\n", p.ImportPath, path)
	}
	return k.writeNamed("importcfg", config.String())
}

func (k kernel) archive(p goPackage) string {
	return k.file(filepath.Join("archives", filepath.Base(p.Export)))
}

// writeNamed writes a file whose name tells its content, so that it never changes.
func (k kernel) writeNamed(kind, text string) (string, error) {
	name := fmt.Sprintf("%s-%.8x", kind, sha256.Sum256([]byte(text)))
	if _, err := os.Stat(k.file(name)); err == nil {
		return name, nil
	}
	return name, writeFile(k.file(name), []byte(text))
}

// tidy removes what neither manifest names. A kernel that links by an older one fails and asks go.
func (k kernel) tidy(manifests ...*manifest) {
	keep := map[string]bool{"manifest.json": true, "archives": true, "lock": true, "broken": true}
	for _, m := range manifests {
		if m == nil {
			continue
		}
		keep[m.Importcfg], keep[m.Packages] = true, true
		config, _ := os.ReadFile(k.file(m.Importcfg))
		for line := range strings.Lines(string(config)) {
			keep[filepath.Base(strings.TrimSpace(line))] = true
		}
	}
	for _, dir := range []string{k.file(""), k.file("archives")} {
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			if !keep[e.Name()] && !strings.HasPrefix(e.Name(), ".new-") {
				os.Remove(filepath.Join(dir, e.Name()))
			}
		}
	}
}
