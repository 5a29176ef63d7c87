package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
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
		keep[m.Importcfg], keep[m.Packages], keep[filepath.Base(k.linker(m))] = true, true, true
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
