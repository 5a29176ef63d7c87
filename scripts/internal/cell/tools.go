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

// real finds what this program stands in for: go behind it on the PATH, goimports beside the manifest.
func (k kernel) real(tool string) (string, error) {
	if tool == "goimports" {
		return filepath.Join(k.folder, "real", tool), nil
	}
	for _, dir := range filepath.SplitList(k.pathBehind()) {
		path := filepath.Join(dir, tool)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	return "", fmt.Errorf("there is no %s on the PATH; get it from https://go.dev/dl/", tool)
}

// pathBehind is the PATH without this program, for tools that run go themselves.
func (k kernel) pathBehind() string {
	own, _ := os.Stat(filepath.Join(k.folder, "bin"))
	var behind []string
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		if info, err := os.Stat(dir); err == nil && (own == nil || !os.SameFile(info, own)) {
			behind = append(behind, dir)
		}
	}
	return strings.Join(behind, string(os.PathListSeparator))
}

func (k kernel) environment() []string { return append(os.Environ(), "PATH="+k.pathBehind()) }

// become replaces this process by the real tool.
func (k kernel) become(tool string, args []string) int {
	path, err := k.real(tool)
	if err == nil {
		err = syscall.Exec(path, append([]string{tool}, args...), k.environment())
	}
	fmt.Fprintf(os.Stderr, "running %s: %v\n", tool, err)
	return 1
}

// run runs the real tool on a cell.
func (k kernel) run(ctx context.Context, tool string, args []string) int {
	path, err := k.real(tool)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if program, ok := programOf(args); ok {
		os.Remove(program) // go build would write into it, and it may be shared with the programs that are kept
	}
	cmd := command(ctx, path, args...)
	cmd.Env = k.environment()
	var output bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, &output
	err = cmd.Run()
	if ctx.Err() == nil {
		os.Stderr.Write(output.Bytes())
	}
	return exitCode(err)
}

// command makes a command that ends with ctx, and so do the commands that it has started.
func command(ctx context.Context, path string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	return cmd
}

// output gives what a command writes; its error holds what it complains of.
func output(cmd *exec.Cmd) ([]byte, error) {
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s %s: %w\n%s", filepath.Base(cmd.Path), strings.Join(cmd.Args[1:], " "), err, bytes.TrimSpace(stderr.Bytes()))
	}
	return stdout.Bytes(), nil
}

func exitCode(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit) && exit.ExitCode() > 0:
		return exit.ExitCode()
	}
	return 1
}
