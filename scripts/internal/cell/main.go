// Command cell stands in for go and goimports in the notebooks' kernel. GoNB runs goimports, go get and go build
// for each cell; most of what these find out is the same each time. Here it is found out once, by set-up, and kept
// in a manifest: where the packages that cells import are, compiled, and what they export. A cell then is compiled
// and linked directly. What this program does not understand, and what fails, goes to the real tools with the same
// arguments. Like the runner it uses the standard library alone.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

// kernel is the kernel's folder: bin holds this program as go and goimports, real what it stands in for.
type kernel struct {
	folder string
	cells  string // GoNB's folder of generated code, "" outside of a kernel
}

func main() {
	path, err := os.Executable()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	k := kernel{folder: filepath.Dir(filepath.Dir(path)), cells: os.Getenv("GONB_TMP_DIR")}
	args := os.Args[1:]
	switch strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe") {
	case "go":
		os.Exit(k.goTool(args))
	case "goimports":
		os.Exit(k.goimports(args))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch {
	case len(args) > 2 && args[0] == "prepare":
		_, err = k.prepare(ctx, args[1], args[2:])
	case len(args) == 1 && args[0] == "linker":
		err = k.buildLinker(ctx)
	case len(args) == 2 && args[0] == "ahead":
		err = k.ahead(ctx, args[1])
	default:
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "cell %s: %v\n", args[0], err)
		os.Exit(1)
	}
}

const usage = `usage: cell COMMAND
  prepare MODULE_ROOT PACKAGES…  makes the manifest of the kernel that this program is installed in
  linker                         builds the linker that starts before the cell is there
  ahead PROCESS                  has it wait for a cell of the kernel of that process
`

// goTool stands in for go. GoNB builds a cell with "go get" and "go build -o PROGRAM" in its folder of code.
func (k kernel) goTool(args []string) int {
	if !k.inCells() || len(args) == 0 {
		return k.become("go", args)
	}
	switch args[0] {
	case "mod":
		k.adoptLog()
		if m, err := k.load(); err == nil && len(args) > 1 && args[1] == "init" {
			k.startAhead(m)
		}
		return k.become("go", args)
	case "get", "build", "test":
	default:
		return k.become("go", args)
	}
	ctx, over := k.interruptible()
	var done bool
	var code int
	if args[0] == "get" {
		done = k.got(ctx, args)
	} else {
		done, code = k.built(ctx, args)
	}
	if !done {
		code = k.run(ctx, "go", args)
	}
	return exit(code, over())
}

// goimports stands in for goimports -w FILE.
func (k kernel) goimports(args []string) int {
	if !k.inCells() {
		return k.become("goimports", args)
	}
	ctx, over := k.interruptible()
	code := 0
	if !k.imported(ctx, args) {
		code = k.run(ctx, "goimports", args)
	}
	return exit(code, over())
}

// inCells says that GoNB, or a cell's shell command, runs this program in GoNB's folder of code.
func (k kernel) inCells() bool {
	if k.cells == "" {
		return false
	}
	here, err := os.Stat(".")
	if err != nil {
		return false
	}
	there, err := os.Stat(k.cells)
	return err == nil && os.SameFile(here, there)
}

// exit makes an interrupted step fail, whatever it had reached: GoNB must not go on to run the cell.
func exit(code int, interrupted bool) int {
	if !interrupted {
		return code
	}
	fmt.Fprintln(os.Stderr, "Interrupted while the cell was being built: it did not run.")
	return 1
}
