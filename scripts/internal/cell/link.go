package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func (m *manifest) compile(ctx context.Context, importcfg, language, object string) *exec.Cmd {
	cmd := command(ctx, filepath.Join(m.Tools, "compile"), "-o", object, "-p", "main", "-lang="+language, "-complete",
		"-goversion", m.Version, "-nolocalimports", "-dwarf=false", "-importcfg", importcfg, "-pack", "./main.go")
	cmd.Env = append(os.Environ(), quick...)
	return cmd
}

func (m *manifest) link(ctx context.Context, importcfg, object, program string) *exec.Cmd {
	args := append([]string{"-o", program, "-importcfg", importcfg}, m.Link...)
	cmd := command(ctx, filepath.Join(m.Tools, "link"), append(args, object)...)
	cmd.Env = append(os.Environ(), quick...)
	return cmd
}

// quick lets compile and link end before they would collect garbage, unless they grow large.
var quick = []string{"GOGC=off", "GOMEMLIMIT=1GiB"}

// chooseLink finds out how cells are linked on this machine: without the C compiler's linker, which takes longer,
// where a program of all that cells may import can be linked so, and runs.
func (k kernel) chooseLink(ctx context.Context, m *manifest, dir string, packages []goPackage, cc string) error {
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
	compile := m.compile(ctx, importcfg, "go1.25", object)
	compile.Dir = dir
	if _, err := output(compile); err != nil {
		return err
	}
	var failures error
	for _, mode := range [][]string{{"-linkmode=internal"}, {"-linkmode=external", "-extld=" + strings.Fields(cc)[0]}} {
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
