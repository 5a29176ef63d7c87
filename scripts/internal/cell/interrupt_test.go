package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What GoNB logs, but for the cell's text.
const (
	logBusy      = "I1126 19:05:29.123456    1234 dispatcher.go:218] \x1b[7;39;32m[1f2e3d4c]\x1b[0m > kernel status set to busy.\n"
	logInterrupt = "I1126 19:05:30.123456    1234 dispatcher.go:161] \x1b[7;39;32m[1f2e3d4c]\x1b[0m Received interrupt_request.\n"
	logCode      = "I1126 19:05:29.223456    1234 dispatcher.go:303] \x1b[7;39;32m[1f2e3d4c]\x1b[0m Message content: map[code:%%\n// Received interrupt_request.\n]\n"
)

// stuck makes the go behind the stand-in wait for minutes.
func (c *classroom) stuck() {
	c.write(filepath.Join(c.behind, "go"), "#!/bin/sh\nsleep 300 &\necho $! >"+c.log+"\nwait\necho too late >"+c.program()+"\n")
}

func TestAnInterruptEndsABuild(t *testing.T) {
	c := newClassroom(t)
	c.write(filepath.Join(c.cells, "main.go"), "package main\n\nfunc main() {}\n")
	c.stuck()
	for _, how := range []string{"message", "signal"} {
		log := filepath.Join(c.cells, "kernel.log")
		c.write(log, logBusy+logInterrupt+logBusy+logCode)
		cmd := c.command(t.Context(), c.cells, "go", "build", "-o", c.program(), "-gcflags=-N")
		var said strings.Builder
		cmd.Stderr = &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		child := ""
		for deadline := time.Now().Add(time.Minute); child == "" && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
			child = c.asked()
		}
		start := time.Now()
		if how == "message" {
			c.write(log, logBusy+logInterrupt+logBusy+logCode+logInterrupt)
		} else {
			cmd.Process.Signal(os.Interrupt)
		}
		if err := cmd.Wait(); exitCode(err) != 1 {
			t.Errorf("by %s: ended with %v", how, err)
		}
		if took := time.Since(start); took > 3*time.Second { // a second, where nothing else runs
			t.Errorf("by %s: ended after %v", how, took)
		}
		c.wants("said", said.String(), "Interrupted while the cell was being built: it did not run.\n")
		pid, err := strconv.Atoi(child)
		if err != nil {
			t.Fatalf("what go started is %q", child)
		}
		for deadline := time.Now().Add(10 * time.Second); syscall.Kill(pid, 0) == nil; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Errorf("by %s: what go started still runs", how)
				syscall.Kill(pid, syscall.SIGKILL)
			}
		}
		if _, err := os.Stat(c.program()); err == nil {
			t.Errorf("by %s: there is a program", how)
		}
	}
}

func TestAnInterruptBetweenTheStepsEndsTheCell(t *testing.T) {
	c := newClassroom(t)
	log := filepath.Join(c.cells, "kernel.log")
	c.write(log, logBusy+logInterrupt+logBusy)
	c.wants("an earlier cell's interrupt", c.cell(hello), "hello\n")
	c.write(log, logBusy+logInterrupt+logBusy+logCode+logInterrupt)
	for _, args := range [][]string{{"goimports", "-w", filepath.Join(c.cells, "main.go")}, {"go", "get"}, {"go", "build", "-o", c.program()}} {
		if said, err := c.run(c.cells, args[0], args[1:]...); err == nil || !strings.HasPrefix(said, "Interrupted") {
			t.Errorf("%s went on: %v\n%s", args, err, said)
		}
	}
}

func TestTheLogMovesIntoTheCellsFolder(t *testing.T) {
	c := newClassroom(t)
	log := filepath.Join(t.TempDir(), "log")
	c.write(log, "beginning\n")
	c.environment = append(c.environment, "CELL_LOG="+log)
	os.Remove(filepath.Join(c.cells, "go.mod"))
	c.must(c.run(c.cells, "go", "mod", "init", "gonb_test"))
	if text, err := os.ReadFile(filepath.Join(c.cells, "kernel.log")); err != nil || string(text) != "beginning\n" {
		t.Errorf("the log is %q, %v", text, err)
	}
}
