package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// setup brings a clone from nothing but Go, Python and gcc to where notebooks run. What is done stays done:
// a step that is costly to check leaves a stamp, a file that holds what the step was made from.
type setup struct {
	c       *console
	root    string
	options options
	tools   string   // versions of Go and Python: what is built with others is built anew
	extra   []string // environment, after all else
}

func newSetup(c *console, root string, o options) *setup {
	s := &setup{c: c, root: root, options: o, extra: offline(root)}
	s.options.offline = o.offline || s.extra != nil
	return s
}

func (s *setup) run(ctx context.Context) error {
	s.c.start = time.Now() // without the time that a lock took
	if err := os.MkdirAll(s.local("jupyter", "ipython"), 0o755); err != nil {
		return err
	}
	s.c.section("setting up (some minutes the first time, seconds later)")
	if note, err := s.remember(); err != nil || note != "" {
		s.c.say("  " + note)
		if err != nil {
			return err
		}
	}
	step := func(name string, do func(context.Context, *live) (string, error)) error {
		return s.c.step(name, func(l *live) (string, error) { return do(ctx, l) })
	}
	if err := step("tools", s.checkTools); err != nil {
		return err
	}
	if err := step("python", s.makeVenv); err != nil {
		return err
	}
	// pip waits for the network while the compiler works.
	jupyter := make(chan error, 1)
	go func() { jupyter <- step("jupyter", s.installJupyter) }()
	err := step("kernel", s.buildKernel)
	if err == nil {
		err = step("library", s.buildLibrary)
	}
	if err = errors.Join(err, <-jupyter); err != nil {
		return err
	}
	for _, what := range []string{"plugin", "data", "weights"} {
		if err := step(what, func(ctx context.Context, l *live) (string, error) { return s.prepare(ctx, l, what) }); err != nil {
			return err
		}
	}
	if err := step("git", s.keepNotebooksClean); err != nil {
		return err
	}
	return step("gopls", s.offerCompletion)
}

func (s *setup) checkTools(ctx context.Context, l *live) (string, error) {
	goVersion, err := s.output(ctx, "go", "env", "GOVERSION")
	if err != nil {
		return "", fmt.Errorf("Go 1.26.5 or newer is needed, from https://go.dev/dl/: %w", err)
	}
	python, err := s.output(ctx, "python3", "-c",
		"import sys; assert sys.version_info >= (3, 10), 'this is Python ' + sys.version; print(sys.version.split()[0])")
	if err != nil {
		return "", fmt.Errorf("Python 3.10 or newer is needed as python3 on the PATH: %w", err)
	}
	if _, err := s.output(ctx, "python3", "-c", "import venv, ensurepip"); err != nil {
		return "", fmt.Errorf("Python's venv is needed (Debian and Ubuntu: apt install python3-venv): %w", err)
	}
	cc, err := s.output(ctx, "go", "env", "CC")
	if err != nil {
		return "", err
	}
	compiler := strings.Fields(cc + " gcc")[0]
	if _, err := exec.LookPath(compiler); err != nil {
		return "", fmt.Errorf("a C compiler is needed (Debian and Ubuntu: apt install gcc libc6-dev; macOS: xcode-select --install): %w", err)
	}
	s.tools = goVersion + " python" + python
	return fmt.Sprintf("%s, Python %s, %s", strings.Replace(goVersion, "go", "Go ", 1), python, compiler), nil
}

// makeVenv also starts over when the clone has moved: a virtual environment holds its own path.
func (s *setup) makeVenv(ctx context.Context, l *live) (string, error) {
	key := s.tools[strings.Index(s.tools, "python"):] + " " + s.root
	if s.stamped("venv", key) {
		return ".venv is there", nil
	}
	if err := s.command(ctx, l, "python3", "-m", "venv", "--clear", s.venv()); err != nil {
		return "", err
	}
	return ".venv made", s.stamp("venv", key)
}

// buildLibrary compiles what cells import, with the kernel's flags. Without it the first cell would do so,
// in silence, for minutes.
func (s *setup) buildLibrary(ctx context.Context, l *live) (string, error) {
	if err := s.command(ctx, l, "go", "build", "./lib/..."); err != nil {
		return "", err
	}
	if err := s.fetchModules(ctx, l); err != nil {
		return "", err
	}
	note := "lib/... built for the kernel"
	if err := s.prepareCells(ctx); ctx.Err() != nil {
		return "", err
	} else if err != nil { // the kernel then asks go each time
		note += fmt.Sprintf("\nNOTICE: cells take about twice as long as they could: %v", err)
	} else if _, err := s.output(ctx, s.kernel("bin", "cell"), "linker"); err != nil {
		note += fmt.Sprintf("\nNOTICE: cells take about a third longer than they could: %v", err)
	}
	return note, s.command(ctx, l, "go", "build", "-o", s.local("bin", "prepare"), "./scripts/internal/prepare")
}

// prepare runs one part of scripts/internal/prepare: what needs the library itself.
func (s *setup) prepare(ctx context.Context, l *live, args ...string) (string, error) {
	if s.options.offline && args[0] != "pack" {
		args = append(args, "--offline")
	}
	var note bytes.Buffer
	cmd := s.exec(ctx, s.local("bin", "prepare"), args...)
	cmd.Stdout, cmd.Stderr = &note, l
	if err := cmd.Run(); err != nil {
		return "", err
	}
	return strings.TrimSpace(note.String()), nil
}

func (s *setup) venv(elements ...string) string {
	return filepath.Join(append([]string{s.root, ".venv"}, elements...)...)
}

func (s *setup) local(elements ...string) string {
	return filepath.Join(append([]string{s.root, ".lesson"}, elements...)...)
}

// Stamps lie in .venv: without it, all of its steps are to do.
func (s *setup) stamped(step, key string) bool {
	text, err := os.ReadFile(s.venv("stamp-" + step))
	return err == nil && string(text) == key
}

func (s *setup) stamp(step, key string) error {
	return writeFile(s.venv("stamp-"+step), []byte(key), 0o644)
}

// environment is what all commands run with: the kernel's Go settings but for the proxy, since the set-up may
// download, and Jupyter's own files inside the clone instead of the home folder.
func (s *setup) environment() []string {
	set := map[string]string{
		"JUPYTER_CONFIG_DIR":  s.local("jupyter", "config"),
		"JUPYTER_DATA_DIR":    s.local("jupyter", "data"),
		"JUPYTER_RUNTIME_DIR": s.local("jupyter", "runtime"),
		"IPYTHONDIR":          s.local("jupyter", "ipython"),
		"PYTHONNOUSERSITE":    "1",
		"PYTHONUNBUFFERED":    "1",
	}
	for name, value := range kernelEnvironment {
		if name != "GOPROXY" {
			set[name] = value
		}
	}
	for _, p := range s.options.places() {
		// The tests' kernels are not to take what is remembered, either.
		if *p.path != "" || s.options.tests && os.Getenv(p.variable) == "" {
			set[p.variable] = *p.path
		}
	}
	if s.options.quick {
		set["LESSON_QUICK"] = "1"
	}
	environment := os.Environ()
	for name, value := range set {
		environment = append(environment, name+"="+value)
	}
	return append(environment, s.extra...)
}

// exec makes a command that runs in the module's root and is interrupted, not killed, when ctx ends.
func (s *setup) exec(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = s.root, s.environment()
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// command runs a command whose output is only of interest while it works and when it fails.
func (s *setup) command(ctx context.Context, l *live, name string, args ...string) error {
	cmd := s.exec(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = l, l
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w", filepath.Base(name), strings.Join(args, " "), err)
	}
	return nil
}

func (s *setup) output(ctx context.Context, name string, args ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd := s.exec(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", name, err, strings.TrimSpace(stderr.String()))
	}
	return strings.TrimSpace(stdout.String()), nil
}

// writeFile replaces a file whole or not at all.
func writeFile(path string, data []byte, mode os.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
