package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// This test program is also the command under test, and a gopls that knows one name.
func TestMain(m *testing.M) {
	switch os.Getenv("ROLE") {
	case "command":
		os.Setenv("ROLE", "gopls")
		main()
	case "gopls":
		fakeGopls()
	default:
		os.Exit(m.Run())
	}
}

// fakeGopls leaves its process number, and completes everything to what the cell's first line is.
func fakeGopls() {
	os.WriteFile(os.Getenv("PID_FILE"), []byte(strconv.Itoa(os.Getpid())), 0o644)
	w := newWire(os.Stdin, os.Stdout)
	first := ""
	for {
		m, err := w.read()
		if err != nil {
			return
		}
		var a asked
		json.Unmarshal(m.Params, &a)
		var result any
		switch m.Method {
		case "textDocument/didOpen":
			first, _, _ = strings.Cut(a.TextDocument.Text, "\n")
		case "textDocument/didChange":
			first, _, _ = strings.Cut(a.ContentChanges[0].Text, "\n")
		case "textDocument/completion":
			place := position{a.Position.Line, a.Position.Character}
			result = map[string]any{"items": []any{item{"known", &edit{span{place, place}, first}}, item{"no edit", nil}}}
		case "textDocument/hover":
			result = map[string]any{"contents": map[string]any{"kind": "markdown", "value": "what it is"}}
		}
		if m.ID != nil {
			w.write(message{ID: m.ID, Result: raw(result)})
		}
	}
}

// kernel is a folder with the command in bin, and a module of cells.
type kernel struct {
	t         *testing.T
	dir, cell string
	command   *exec.Cmd
	wire      *wire
	hangUp    func() error
	id        int
}

func startKernel(t *testing.T) *kernel {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	short, err := os.MkdirTemp("", "k") // the name of a socket has at most 104 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(short) })
	k := &kernel{t: t, dir: t.TempDir(), cell: short}
	program, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(k.dir, "bin", "gopls"), string(program))
	os.Chmod(filepath.Join(k.dir, "bin", "gopls"), 0o755)
	put(t, filepath.Join(k.cell, "go.mod"), "module cell\n")
	put(t, filepath.Join(k.cell, "go.work"), "go 1.26\n\nuse .\nuse "+t.TempDir()+"\n")
	socket := filepath.Join(k.cell, "gopls_socket")
	k.command = exec.Command(filepath.Join(k.dir, "bin", "gopls"), "-listen", "unix;"+socket)
	k.command.Env = append(os.Environ(), "ROLE=command", "PID_FILE="+k.pidFile())
	k.command.Stderr = os.Stderr
	if err := k.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.command.Process.Kill(); k.command.Wait() })
	k.until("a connection", func() bool {
		connection, err := net.Dial("unix", socket)
		if err != nil {
			return false
		}
		k.wire, k.hangUp = newWire(connection, connection), connection.Close
		return true
	})
	return k
}

func (k *kernel) pidFile() string { return filepath.Join(k.dir, "pid") }

// build puts gopls where set-up does when it is built.
func (k *kernel) build() {
	put(k.t, filepath.Join(k.dir, "completion", "gopls.new"), fmt.Sprintf("#!/bin/sh\nexec '%s'\n", filepath.Join(k.dir, "bin", "gopls")))
	os.Chmod(filepath.Join(k.dir, "completion", "gopls.new"), 0o755)
	os.Rename(filepath.Join(k.dir, "completion", "gopls.new"), filepath.Join(k.dir, "completion", "gopls"))
}

func (k *kernel) until(what string, done func() bool) {
	k.t.Helper()
	for end := time.Now().Add(2 * time.Minute); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			k.t.Fatalf("not within two minutes: %s", what)
		}
	}
}

func (k *kernel) tell(method string, params any) {
	k.wire.write(message{Method: method, Params: raw(params)})
}

func (k *kernel) ask(method string, params, result any) {
	k.t.Helper()
	k.id++
	k.wire.write(message{ID: raw(k.id), Method: method, Params: raw(params)})
	m, err := k.wire.read()
	if err != nil || string(m.ID) != strconv.Itoa(k.id) || m.Error != nil {
		k.t.Fatalf("%s: %v, %+v", method, err, m)
	}
	if err := json.Unmarshal(m.Result, result); err != nil {
		k.t.Fatal(err)
	}
}

func (k *kernel) complete(line, column int) (items []item) {
	k.t.Helper()
	var list struct{ Items []item }
	k.ask("textDocument/completion", at(k.cell, line, column), &list)
	return list.Items
}

func (k *kernel) write(text string) {
	k.tell("textDocument/didOpen", map[string]any{"textDocument": map[string]any{
		"uri": uri(filepath.Join(k.cell, "main.go")), "text": text}})
}

// goplsEnds waits for the end of the gopls that was started.
func (k *kernel) goplsEnds() {
	k.t.Helper()
	text, err := os.ReadFile(k.pidFile())
	if err != nil {
		k.t.Fatal(err)
	}
	pid, err := strconv.Atoi(string(text))
	if err != nil {
		k.t.Fatal(err)
	}
	k.until("an end of gopls", func() bool { return syscall.Kill(pid, 0) != nil })
}

func TestCompletionFromBeforeGoplsIsBuiltToTheKernelsEnd(t *testing.T) {
	k := startKernel(t)
	var answer map[string]any
	k.ask("initialize", map[string]any{}, &answer)
	k.write("package main\n\nfunc main() {\n\tx := \"×\"; x.\n}\n")
	first := k.complete(3, len("\tx := \"×\"; x."))
	if len(first) != 2 || !strings.HasPrefix(first[0].TextEdit.NewText, "// no completion yet: ") {
		t.Errorf("before gopls is there, the list is %+v", first)
	}
	if again := k.complete(3, 1); len(again) != 0 {
		t.Errorf("said again: %+v", again)
	}
	var hover struct{ Contents struct{ Value string } }
	k.ask("textDocument/hover", at(k.cell, 3, 1), &hover)
	if !strings.Contains(hover.Contents.Value, "set-up builds it") {
		t.Errorf("documentation: %q", hover.Contents.Value)
	}
	k.build()
	var items []item
	k.until("a completion", func() bool {
		items = k.complete(3, len("\tx := \"×\"; x."))
		return len(items) > 0 && items[0].Label == "known"
	})
	if e := items[0].TextEdit; len(items) != 1 || e.Range.End != (position{3, len("\tx := \"×\"; x.")}) ||
		!strings.Contains(e.NewText, `import ("bytes"; `) {
		t.Errorf("%+v", items)
	}
	k.ask("textDocument/hover", at(k.cell, 3, 1), &hover)
	if hover.Contents.Value != "what it is" {
		t.Errorf("documentation: %q", hover.Contents.Value)
	}
	if err := k.hangUp(); err != nil {
		t.Fatal(err)
	}
	if err := k.command.Wait(); err != nil {
		t.Errorf("at the kernel's end: %v", err)
	}
	k.goplsEnds()
}

func TestGoplsEndsWithAKernelThatIsKilled(t *testing.T) {
	k := startKernel(t)
	k.build()
	k.until("gopls", func() bool { text, err := os.ReadFile(k.pidFile()); return err == nil && len(text) > 0 })
	k.command.Process.Kill()
	k.command.Wait()
	k.goplsEnds()
}
