package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// compile compiles a folder's main.go.
func (m *manifest) compile(ctx context.Context, importcfg, folder, object string) (*exec.Cmd, error) {
	version, err := language(folder)
	if err != nil {
		return nil, err
	}
	cmd := command(ctx, filepath.Join(m.Tools, "compile"), "-o", object, "-p", "main", "-lang="+version, "-complete",
		"-goversion", m.Version, "-nolocalimports", "-dwarf=false", "-importcfg", importcfg, "-pack", "./main.go")
	cmd.Dir, cmd.Env = folder, append(append(os.Environ(), m.Settings...), "PWD="+folder)
	return cmd, nil
}

func (m *manifest) link(ctx context.Context, importcfg, object, program string) *exec.Cmd {
	args := append([]string{"-o", program, "-importcfg", importcfg}, m.Link...)
	cmd := command(ctx, filepath.Join(m.Tools, "link"), append(args, object)...)
	cmd.Env = append(os.Environ(), m.Settings...)
	return cmd
}

// chooseLink finds out how cells are linked on this machine: without the C compiler's linker, which takes longer,
// where a program of all that cells may import can be linked so, and runs.
func (k kernel) chooseLink(ctx context.Context, m, before *manifest, dir string, packages []goPackage, cc string) error {
	if before != nil && before.Tools == m.Tools && before.Version == m.Version && slices.Equal(before.Settings, m.Settings) &&
		maps.Equal(before.Environment, m.Environment) {
		m.Link = before.Link
		return nil
	}
	var source strings.Builder
	source.WriteString("package main\n\nimport (\n")
	always := []string{"-s", "-w", "-buildid="}
	for _, p := range packages {
		if p.ImportPath == "cell" && p.DefaultGODEBUG != "" {
			always = append(always, "-X=runtime.godebugDefault="+p.DefaultGODEBUG)
		}
		if p.importable() && p.Module != nil && p.Module.Main {
			fmt.Fprintf(&source, "\t_ %q\n", p.ImportPath)
		}
	}
	source.WriteString(")\n\nfunc main() {}\n")
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(source.String()), 0o644); err != nil {
		return err
	}
	importcfg, object, program := k.file(m.Importcfg), filepath.Join(dir, "main.a"), filepath.Join(dir, "cell")
	compile, err := m.compile(ctx, importcfg, dir, object)
	if err != nil {
		return err
	}
	if _, err := output(compile); err != nil {
		return err
	}
	var failures error
	for _, mode := range [][]string{{"-linkmode=internal"}, {"-linkmode=external", "-extld=" + strings.Fields(cc + " gcc")[0]}} {
		m.Link = append(append([]string{}, always...), mode...)
		_, err := output(m.link(ctx, importcfg, object, program))
		if err == nil {
			_, err = output(command(ctx, program))
		}
		if err == nil {
			return nil
		}
		failures = errors.Join(failures, err)
	}
	return failures
}
