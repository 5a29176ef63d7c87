package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// gopls is the real one, as a child that talks on its standard input and output.
type gopls struct {
	path    string          // of the program
	cells   string          // GoNB's folder, in which it makes and removes files all the time
	dir     string          // ours below it, with the module as gopls sees it: one file, which is never written
	imports func() []string // what each cell is shown with; asked for when go.work is there

	mu       sync.Mutex
	command  *exec.Cmd
	wire     *wire
	nextID   int
	replies  map[string]chan *message
	warmed   bool   // it has read the library
	document string // the cell as gopls has it
	version  int
}

var (
	errNotThere = errors.New("gopls is not there yet: set-up builds it in the background, see .lesson/log/completion.txt")
	errNotYet   = errors.New("gopls is still reading the library")
)

func newGopls(path, cells string) *gopls {
	return &gopls{path: path, cells: cells, dir: filepath.Join(cells, "completion"), replies: map[string]chan *message{},
		imports: sync.OnceValue(func() []string { return packages(cells) })}
}

func (g *gopls) running() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.wire != nil
}

func (g *gopls) isWarm() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.warmed
}

// settings: no diagnostics, which nobody here would see, and the workspace is the cell alone.
var settings = map[string]any{
	"expandWorkspaceToModule": false,
	"diagnosticsTrigger":      "Save",
	"hoverKind":               "FullDocumentation",
	"linksInHover":            false,
	"completionBudget":        "1s",
}

func (g *gopls) start() error {
	if _, err := os.Stat(g.path); err != nil {
		return errNotThere
	}
	if err := g.copyModule(); err != nil {
		return err
	}
	command := exec.Command(g.path)
	command.Dir, command.Env = g.dir, g.environment()
	in, err := command.StdinPipe()
	if err != nil {
		return err
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return err
	}
	// The cell that is compiled at the same time comes first.
	syscall.Setpriority(syscall.PRIO_PROCESS, command.Process.Pid, 5)
	w := newWire(out, in)
	g.mu.Lock()
	g.command, g.wire, g.document, g.warmed = command, w, "", false
	g.mu.Unlock()
	go g.listen(command, w)
	_, err = g.call("initialize", map[string]any{
		"processId":             os.Getpid(),
		"rootUri":               uri(g.dir),
		"workspaceFolders":      []any{map[string]any{"uri": uri(g.dir), "name": "cells"}},
		"initializationOptions": settings,
		"capabilities": map[string]any{
			"textDocument": map[string]any{"hover": map[string]any{"contentFormat": []string{"markdown"}}},
			"workspace":    map[string]any{"configuration": true, "didChangeWatchedFiles": map[string]any{"dynamicRegistration": true}},
		},
	}, time.Minute)
	if err != nil {
		g.end()
		return err
	}
	return g.notify("initialized", map[string]any{})
}

// listen takes what gopls says until it ends.
func (g *gopls) listen(command *exec.Cmd, w *wire) {
	for {
		m, err := w.read()
		if err != nil {
			break
		}
		switch {
		case m.Method == "": // a reply
			g.mu.Lock()
			reply := g.replies[string(m.ID)]
			delete(g.replies, string(m.ID))
			g.mu.Unlock()
			if reply != nil {
				reply <- m
			}
		case m.ID != nil: // a request: of the settings, or to be shown something
			result := raw(nil)
			if m.Method == "workspace/configuration" {
				var asked struct{ Items []any }
				json.Unmarshal(m.Params, &asked)
				all := make([]any, len(asked.Items))
				for i := range all {
					all[i] = settings
				}
				result = raw(all)
			}
			w.write(message{ID: m.ID, Result: result})
		}
	}
	command.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.command == command {
		g.wire = nil
	}
}

// call asks and waits for the answer, at most so long.
func (g *gopls) call(method string, params any, most time.Duration) (json.RawMessage, error) {
	g.mu.Lock()
	w := g.wire
	if w == nil {
		g.mu.Unlock()
		return nil, errNotThere
	}
	g.nextID++
	number := g.nextID
	id := strconv.Itoa(number)
	reply := make(chan *message, 1)
	g.replies[id] = reply
	g.mu.Unlock()
	if err := w.write(message{ID: json.RawMessage(id), Method: method, Params: raw(params)}); err != nil {
		return nil, err
	}
	select {
	case m := <-reply:
		if m.Error != nil {
			return nil, fmt.Errorf("gopls: %s", m.Error)
		}
		return m.Result, nil
	case <-time.After(most):
		g.mu.Lock()
		delete(g.replies, id)
		g.mu.Unlock()
		w.write(message{Method: "$/cancelRequest", Params: raw(map[string]any{"id": number})})
		return nil, errNotYet
	}
}

func (g *gopls) notify(method string, params any) error {
	g.mu.Lock()
	w := g.wire
	g.mu.Unlock()
	if w == nil {
		return errNotThere
	}
	return w.write(message{Method: method, Params: raw(params)})
}

// show tells gopls the text of the cell, if it is another than before.
func (g *gopls) show(text string) error {
	g.mu.Lock()
	known, version := g.document, g.version+1
	if text != known {
		g.document, g.version = text, version
	}
	g.mu.Unlock()
	document := map[string]any{"uri": uri(filepath.Join(g.dir, "main.go")), "version": version}
	switch known {
	case text:
		return nil
	case "":
		document["languageId"], document["text"] = "go", text
		return g.notify("textDocument/didOpen", map[string]any{"textDocument": document})
	default:
		return g.notify("textDocument/didChange", map[string]any{
			"textDocument": document, "contentChanges": []any{map[string]any{"text": text}}})
	}
}

// fileChanged tells gopls of a file that it reads itself.
func (g *gopls) fileChanged(path string) error {
	const isChanged = 2
	return g.notify("workspace/didChangeWatchedFiles",
		map[string]any{"changes": []any{map[string]any{"uri": uri(path), "type": isChanged}}})
}

// warm asks a first question and waits for the answer: gopls has then read the library.
func (g *gopls) warm() error {
	text := compose("package main\n\nfunc main() {\n\tfmt.\n}\n", "", g.imports())
	if err := g.show(text); err != nil {
		return err
	}
	_, err := g.call("textDocument/completion", at(g.dir, 3, 5), 10*time.Minute)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.warmed = err == nil
	return err
}

func (g *gopls) end() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.command != nil && g.command.Process != nil {
		g.command.Process.Kill()
	}
}

func uri(path string) string { return "file://" + path }

func at(dir string, line, character int) map[string]any {
	return map[string]any{
		"textDocument": map[string]any{"uri": uri(filepath.Join(dir, "main.go"))},
		"position":     map[string]any{"line": line, "character": character},
	}
}
