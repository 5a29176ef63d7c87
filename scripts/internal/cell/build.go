package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// kept is how many programs are kept of a kernel's cells: to run one of them again, nothing is built.
const kept = 4

// got does what "go get" does for a cell, nothing, if all of its imports are known.
func (k kernel) got(ctx context.Context, args []string) bool {
	name := "main.go"
	if len(args) == 2 && args[1] == "-t" {
		name = "main_test.go"
	} else if len(args) != 1 {
		return false
	}
	m := k.current(ctx)
	if m == nil {
		return false
	}
	packages, err := k.table(m)
	if err != nil {
		return false
	}
	imports, ok := importsOf(filepath.Join(k.cells, name))
	return ok && !slices.ContainsFunc(imports, func(path string) bool {
		_, known := packages.at(path)
		return !known
	})
}

// importsOf lists the imports of a Go file. ok is false for a file that needs more than the compiler and archives.
func importsOf(path string) (imports []string, ok bool) {
	source, err := os.ReadFile(path)
	if err != nil || bytes.Contains(source, []byte("//go:")) {
		return nil, false
	}
	file, err := parser.ParseFile(token.NewFileSet(), path, source, parser.ImportsOnly)
	if err != nil {
		return nil, false
	}
	unusual := func(path string) bool { return path == "C" || path == "embed" || path == "runtime/debug" }
	for _, spec := range file.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil || unusual(path) {
			return nil, false
		}
		imports = append(imports, path)
	}
	return imports, file.Name.Name == "main"
}

// programOf is the PROGRAM of "build -o PROGRAM", with nothing else.
func programOf(args []string) (string, bool) {
	if len(args) != 3 || args[0] != "build" || args[1] != "-o" {
		return "", false
	}
	return args[2], true
}

// built does what "go build -o PROGRAM" does. It is not done where go has to decide; code is the exit code.
func (k kernel) built(ctx context.Context, args []string) (done bool, code int) {
	program, ok := programOf(args)
	if !ok || filepath.Dir(program) != filepath.Clean(k.cells) || !k.alone("main.go") || k.others() {
		return false, 0
	}
	m := k.current(ctx)
	if m == nil {
		return false, 0
	}
	imports, ok := importsOf(filepath.Join(k.cells, "main.go"))
	if !ok {
		return false, 0
	}
	if missing := k.missing(m, imports); len(missing) > 0 {
		if m = k.renewed(ctx, missing); m == nil {
			return false, 0
		}
	}
	keptAs, err := k.key(m)
	if err != nil {
		return false, 0
	}
	now := time.Now()
	if os.Chtimes(keptAs, now, now) != nil {
		complaint, err := k.compileAndLink(ctx, m, keptAs)
		if len(complaint) > 0 {
			os.Stderr.Write(complaint)
			return true, 1
		}
		if err != nil {
			return false, 0
		}
		k.forget()
	}
	return give(keptAs, program) == nil, 0
}

// give makes GoNB's name of the program a second name of the one that is kept.
func give(keptAs, program string) error {
	kept, err := os.Stat(keptAs)
	if err != nil {
		return err
	}
	if given, err := os.Stat(program); err == nil && os.SameFile(kept, given) {
		return nil
	}
	fresh := program + ".new"
	os.Remove(fresh)
	if err := os.Link(keptAs, fresh); err != nil {
		return err
	}
	return os.Rename(fresh, program)
}

// others says whether the cell has sources in other languages.
func (k kernel) others() bool {
	entries, err := os.ReadDir(k.cells)
	return err != nil || slices.ContainsFunc(entries, func(e os.DirEntry) bool {
		return slices.Contains([]string{".s", ".S", ".c", ".cc", ".cpp", ".cxx", ".m", ".h", ".f", ".F", ".swig", ".syso"}, filepath.Ext(e.Name()))
	})
}

// key is the path of the program of this cell: the same if it was built from the same.
func (k kernel) key(m *manifest) (string, error) {
	hash := sha256.New()
	for _, path := range []string{filepath.Join(k.cells, "main.go"), filepath.Join(k.cells, "go.mod"), k.file("manifest.json")} {
		text, err := os.ReadFile(path)
		if err != nil {
			return "", err
		}
		fmt.Fprintln(hash, len(text))
		hash.Write(text)
	}
	return filepath.Join(k.programs(), fmt.Sprintf("%.12x", hash.Sum(nil))), os.MkdirAll(k.programs(), 0o700)
}

func (k kernel) programs() string { return filepath.Join(k.cells, ".programs") }

// forget removes the programs that were not used for longest.
func (k kernel) forget() {
	entries, err := os.ReadDir(k.programs())
	if err != nil || len(entries) <= kept {
		return
	}
	used := map[string]time.Time{}
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			used[e.Name()] = info.ModTime()
		}
	}
	slices.SortFunc(entries, func(a, b os.DirEntry) int {
		return cmp.Compare(used[b.Name()].UnixNano(), used[a.Name()].UnixNano())
	})
	for _, e := range entries[kept:] {
		os.Remove(filepath.Join(k.programs(), e.Name()))
	}
}

// compileAndLink makes a program of main.go. complaint is what the compiler has against the cell.
func (k kernel) compileAndLink(ctx context.Context, m *manifest, program string) (complaint []byte, err error) {
	object, fresh := k.object(), program+".new"
	defer os.Remove(object)
	defer os.Remove(fresh)
	compile, err := m.compile(ctx, k.file(m.Importcfg), k.cells, object)
	if err != nil {
		return nil, err
	}
	if said, err := compile.CombinedOutput(); err != nil {
		if ctx.Err() == nil && bytes.Contains(said, []byte("main.go:")) && !bytes.Contains(said, []byte("could not import")) {
			return slices.Concat([]byte("# "+filepath.Base(k.cells)+"\n"), k.relative(said)), nil
		}
		return nil, err
	}
	if !k.linkAhead(ctx, m, fresh) {
		if _, err := output(m.link(ctx, k.file(m.Importcfg), object, fresh)); err != nil {
			return nil, err
		}
	}
	k.startAhead(m)
	return nil, os.Rename(fresh, program)
}

// relative writes positions as go does.
func (k kernel) relative(said []byte) []byte {
	return []byte(strings.ReplaceAll(string(said), filepath.Join(k.cells, "main.go")+":", "./main.go:"))
}
