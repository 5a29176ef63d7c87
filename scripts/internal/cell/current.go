package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
)

// current gives the manifest, or nil where cells are to be built by the real tools. After an edit of the library it is
// made anew, which takes less time than a build by go; only the packages that changed are compiled.
func (k kernel) current(ctx context.Context) *manifest {
	m, err := k.load()
	if err != nil {
		return nil
	}
	for _, name := range []string{"GOOS", "GOARCH", "GOFLAGS", "GOFIPS140"} {
		if os.Getenv(name) != m.Environment[name] {
			return nil // what these ask for is not to be guessed
		}
	}
	if !m.fresh() {
		m = k.renewed(ctx, nil)
	}
	if m == nil || !k.understood(m) {
		return nil
	}
	return m
}

// renewed makes the manifest anew, for more packages if some are missing, one kernel at a time. What does not compile is
// tried once: until another edit, go itself says what is wrong.
func (k kernel) renewed(ctx context.Context, missing []string) *manifest {
	lock, err := os.OpenFile(k.file("lock"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil
	}
	defer lock.Close()
	if err := flock(ctx, lock); err != nil {
		return nil
	}
	old, err := k.load()
	if err != nil {
		return nil
	}
	if missing = k.missing(old, missing); old.fresh() && len(missing) == 0 {
		return old // another kernel did it
	}
	state := old.state(missing)
	if broken, err := os.ReadFile(k.file("broken")); err == nil && string(broken) == state {
		return nil
	}
	m, err := k.prepare(ctx, old.Root, append(old.Patterns, missing...))
	if err != nil {
		if ctx.Err() == nil {
			writeFile(k.file("broken"), []byte(state))
		}
		return nil
	}
	os.Remove(k.file("broken"))
	return m
}

// missing gives those of the imports that the manifest has no archive for.
func (k kernel) missing(m *manifest, imports []string) []string {
	config, err := os.ReadFile(k.file(m.Importcfg))
	if err != nil {
		return imports
	}
	return slices.DeleteFunc(slices.Clone(imports), func(path string) bool {
		return path == "unsafe" || bytes.Contains(config, []byte("packagefile "+path+"="))
	})
}

// state tells what the watched files are like now, and what else is wanted.
func (m *manifest) state(missing []string) string {
	hash := sha256.New()
	fmt.Fprintln(hash, environmentNow(), missing)
	for _, s := range m.Watched {
		now, err := stampOf(s.Path)
		fmt.Fprintln(hash, now, err)
	}
	return fmt.Sprintf("%x", hash.Sum(nil))
}
