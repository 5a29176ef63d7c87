// Command runner is the program behind scripts/lesson, lab, hub, test and stick: it sets up what is
// missing inside the clone, runs the notebooks through Jupyter, and renders the reports. It uses the standard
// library alone, so that it builds in seconds on a fresh machine and can say what it waits for.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: runner MODULE_ROOT lesson|lab|hub|test|stick [options]; use scripts/lesson and its neighbours")
		os.Exit(2)
	}
	os.Exit(run(ctx, os.Args[1], os.Args[2], os.Args[3:]))
}

// run returns the exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
func run(ctx context.Context, root, script string, args []string) int {
	if internal, ok := internals[script]; ok {
		return internal(ctx, root)
	}
	o, err := parseOptions(script, args)
	if errors.Is(err, errHelp) {
		fmt.Print(usage(script))
		return 0
	}
	if err == nil && script == "lesson" {
		o.notebooks, err = findNotebooks(root, o.only)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "scripts/%s: %v\n%s", script, err, usage(script))
		return 2
	}
	err = newSetup(newConsole(os.Stderr), root, o).work(ctx, script)
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil:
		fmt.Fprintf(os.Stderr, "scripts/%s: interrupted. The next run goes on from here.\n", script)
		return 130
	default:
		fmt.Fprintf(os.Stderr, "scripts/%s: %v\n", script, err)
		return 1
	}
}

// work sets up what is missing, then does what the script is for.
func (s *setup) work(ctx context.Context, script string) error {
	if script == "hub" {
		if err := s.class(); err != nil {
			return err
		}
	}
	setUp, unlock, err := locks(ctx, s.root, script)
	if err != nil {
		return err
	}
	defer unlock()
	if err := s.run(ctx); err != nil {
		return err
	}
	switch script {
	case "lab":
		return s.lab()
	case "hub":
		return s.hub(ctx)
	case "stick":
		return s.makeStick(ctx)
	}
	setUp()
	switch script {
	case "test":
		return s.check(ctx)
	default:
		return s.report(ctx, s.options.notebooks, filepath.Join(s.root, "reports"))
	}
}

// lab replaces this process by JupyterLab, which ends the lock.
func (s *setup) lab() error {
	args := []string{s.venv("bin", "jupyter-lab"),
		"--ServerApp.root_dir=" + s.root,
		"--LabApp.default_url=/lab/tree/notebooks",
		"--LanguageServerManager.autodetect=False", // it lists all that it does not find; cells have their own gopls
	}
	if os.Geteuid() == 0 {
		args = append(args, "--allow-root")
	}
	if !hasBrowser() {
		args = append(args, "--no-browser")
	}
	args = append(args, s.options.rest...)
	s.c.say("JupyterLab starts; open the address it prints. Ctrl-C here ends it.")
	return fmt.Errorf("starting %s: %w", args[0], syscall.Exec(args[0], args, s.environment()))
}

// check is scripts/test. Its reports lie apart: a quick run must not replace a student's own.
func (s *setup) check(ctx context.Context) error {
	c, root := s.c, s.root
	c.section("checking")
	sources, err := goSources(root)
	if err != nil {
		return err
	}
	if err := c.step("gofmt", func(l *live) (string, error) {
		output, err := s.output(ctx, "gofmt", append([]string{"-l"}, sources...)...)
		if err == nil && output != "" {
			err = fmt.Errorf("not formatted; run gofmt -w on:\n%s", output)
		}
		return fmt.Sprintf("%d files and folders", len(sources)), err
	}); err != nil {
		return err
	}
	if err := c.step("vet", func(l *live) (string, error) {
		return "", s.command(ctx, l, "go", "vet", "./...")
	}); err != nil {
		return err
	}
	if err := c.step("browser", func(l *live) (string, error) { return s.prepareBrowser(ctx, l) }); err != nil {
		return err
	}
	if err := c.step("clients", func(l *live) (string, error) { return s.prepareClients(ctx, l) }); err != nil {
		return err
	}
	notebooks, err := findNotebooks(root, "")
	if err != nil {
		return err
	}
	// Cells wait for the linker and tests for a browser: beside each other they use the processor that the other leaves.
	c.say("go test ./... and, beside it, the notebooks")
	tested := make(chan error, 1)
	go func() { tested <- s.goTest(ctx) }()
	err = s.report(ctx, notebooks, filepath.Join(root, ".lesson", "test-reports"))
	if err := errors.Join(err, <-tested); err != nil {
		return err
	}
	c.say("all checks passed")
	return nil
}

// failed are the lines of go test that name what has failed.
var failed = regexp.MustCompile(`(?m)^(FAIL|panic:|\s*--- FAIL).*$`)

// goTest says again at the end what has failed: it stands far above, among the lines of the notebooks.
func (s *setup) goTest(ctx context.Context) error {
	// Go's own limit of ten minutes for a package is short where other programs use the machine, too.
	cmd := s.exec(ctx, "go", "test", "-vet=off", "-timeout", "30m", "./...") // vetted before
	var output bytes.Buffer
	start := time.Now()
	cmd.Stdout = io.MultiWriter(os.Stdout, &output)
	cmd.Stderr = cmd.Stdout
	err := cmd.Run()
	s.c.say(fmt.Sprintf("go test ./... took %.0f s", time.Since(start).Seconds()))
	if err != nil {
		return fmt.Errorf("go test ./...: %w\n%s", err, strings.Join(failed.FindAllString(output.String(), -1), "\n"))
	}
	return nil
}

// goSources lists what gofmt looks at: all but hidden folders, where other people's files are.
func goSources(root string) ([]string, error) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, err
	}
	var sources []string
	for _, e := range entries {
		if e.Name()[0] != '.' && (e.IsDir() || filepath.Ext(e.Name()) == ".go") {
			sources = append(sources, e.Name())
		}
	}
	return sources, nil
}

func hasBrowser() bool {
	if os.Getenv("BROWSER") != "" || os.Getenv("DISPLAY") != "" || os.Getenv("WAYLAND_DISPLAY") != "" {
		return true
	}
	_, err := exec.LookPath("open") // macOS
	return err == nil && os.Getenv("SSH_CONNECTION") == ""
}
