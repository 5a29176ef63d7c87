package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// linkerChanges make of Go's linker one that reads all packages of the importcfg first, and then waits for a byte on its
// stdin before it reads main. Half of the time that a cell's link takes is gone by before the cell is there.
var linkerChanges = []struct{ file, old, new string }{
	// Not main and what it imports, but everything.
	{"ld/lib.go", "	// ctxt.Library grows during the loop, so not a range loop.\n", `	main := ctxt.Library[0]
	ctxt.Library = nil
	for pkg, file := range ctxt.PackageFile {
		addlibpath(ctxt, "importcfg", "importcfg", file, pkg, "", goobj.FingerprintType{})
	}
	ctxt.loader.AwaitMain = func() {
		if n, _ := os.Stdin.Read(make([]byte, 1)); n == 0 {
			mayberemoveoutfile()
			Exit(1)
		}
		ctxt.Library = append(ctxt.Library, main)
		loadobjfile(ctxt, main)
	}
`},
	// What C code of the packages calls is found without libgcc, or Go's linker would not have linked the first program.
	{"ld/lib.go", "any := false\n\t\tundefs, froms := ctxt.loader.UndefinedRelocTargets(1)", "any := false\n\t\tvar undefs, froms []loader.Sym"},
	{"loader/loader.go", "	npkgsyms    int //", "	AwaitMain   func()\n	npkgsyms    int //"},
	// The last moment at which symbols may still be defined.
	{"loader/loader.go", "	for _, vr := range st.linknameVarRefs {", `	loaded := len(l.objs)
	l.AwaitMain()
	for _, r := range l.objs[loaded:] {
		for _, kind := range []int{pkgDef, hashed64Def, hashedDef, nonPkgDef} {
			st.preloadSyms(r, kind)
		}
	}
	for _, vr := range st.linknameVarRefs {`},
}

// linker is the path of the changed linker of the manifest's version of Go.
func (k kernel) linker(m *manifest) string {
	changes := sha256.Sum256(fmt.Append(nil, linkerChanges))
	return k.file(fmt.Sprintf("linker-%s-%.4x", m.Version, changes))
}

// buildLinker builds it, from Go's sources. Without it, cells are linked by Go's own.
func (k kernel) buildLinker(ctx context.Context) error {
	m, err := k.load()
	if err != nil {
		return err
	}
	path := k.linker(m)
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	dir, err := os.MkdirTemp("", "cell-linker-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	texts, replace := map[string]string{}, map[string]string{}
	for _, c := range linkerChanges {
		source := filepath.Join(m.goroot(), "src", "cmd", "link", "internal", filepath.FromSlash(c.file))
		if texts[source] == "" {
			text, err := os.ReadFile(source)
			if err != nil {
				return err
			}
			texts[source], replace[source] = string(text), filepath.Join(dir, strings.ReplaceAll(c.file, "/", "-"))
		}
		if strings.Count(texts[source], c.old) != 1 {
			return fmt.Errorf("%s of %s has no %q, or several: see linkerChanges", c.file, m.Version, strings.TrimSpace(c.old))
		}
		texts[source] = strings.Replace(texts[source], c.old, c.new, 1)
	}
	for source, text := range texts {
		if err := os.WriteFile(replace[source], []byte(text), 0o644); err != nil {
			return err
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o644); err != nil {
		return err
	}
	cmd := command(ctx, m.Go, "build", "-overlay", filepath.Join(dir, "overlay.json"), "-o", path+".new", "cmd/link")
	cmd.Dir, cmd.Env = dir, append(k.environment(), "PWD="+dir, "GOWORK=off", "GOFLAGS=-buildvcs=false")
	if _, err := output(cmd); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func (m *manifest) goroot() string {
	for _, setting := range m.Settings {
		if path, ok := strings.CutPrefix(setting, "GOROOT="); ok {
			return path
		}
	}
	return ""
}
