package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The driver runs cells in one kernel; one with "interrupt" is interrupted as long after its start. It prints for
// each the reply's status, what it wrote, and the seconds from its start, or from the interrupt, to the reply.
const driver = `
import json, sys, time
from jupyter_client import KernelManager

manager = KernelManager(kernel_name="gonb-defects")
manager.start_kernel(cwd=sys.argv[1], stdout=sys.stderr, stderr=sys.stderr)
client = manager.client()
try:
    client.start_channels()
    client.wait_for_ready(timeout=300)
    replies = []
    for cell in json.load(sys.stdin):
        began, request, text = time.monotonic(), client.execute(cell["source"]), ""
        if "interrupt" in cell:
            time.sleep(cell["interrupt"])
            began = time.monotonic()
            manager.interrupt_kernel()
        while True:
            message = client.get_iopub_msg(timeout=300)
            if message["parent_header"].get("msg_id") != request:
                continue
            content = message["content"]
            text += content.get("text", "") + content.get("data", {}).get("text/html", "") + "\n".join(content.get("traceback", []))
            if message["msg_type"] == "status" and content["execution_state"] == "idle":
                break
        reply = client.get_shell_msg(timeout=300)
        while reply["parent_header"].get("msg_id") != request:
            reply = client.get_shell_msg(timeout=300)
        replies.append({"status": reply["content"]["status"], "text": text, "seconds": time.monotonic() - began})
    print(json.dumps(replies))
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
`

type driven struct {
	Source    string  `json:"source"`
	Interrupt float64 `json:"interrupt,omitempty"` // seconds
}

type reply struct {
	Status, Text string
	Seconds      float64
}

// drive runs cells in a notebook's folder inside of the module.
func drive(t *testing.T, cells ...driven) []reply {
	t.Helper()
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	s := newSetup(nil, root, options{quick: true})
	if !s.stamped("jupyter", requirementsKey(t, root)) || !exists(s.kernel("cell", "manifest.json")) {
		t.Skip("needs Jupyter and the kernel in .venv; scripts/test sets them up")
	}
	dir, err := os.MkdirTemp(s.local(), "test-notebook-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	input, err := json.Marshal(cells)
	if err != nil {
		t.Fatal(err)
	}
	cmd := s.exec(t.Context(), s.venv("bin", "python"), "-c", driver, dir)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(string(input))
	var log strings.Builder
	cmd.Stderr = &log
	output, err := cmd.Output()
	var replies []reply
	if err == nil {
		err = json.Unmarshal(output, &replies)
	}
	if err != nil || len(replies) != len(cells) {
		t.Fatalf("%v\n%s\n%s", err, output, log.String())
	}
	return replies
}

func TestCellsOfTheStandIn(t *testing.T) {
	replies := drive(t,
		driven{Source: "func greeting() string { return strings.ToUpper(\"hello\") }"},
		driven{Source: "%%\nfmt.Println(greeting(), lesson.Quick(1, 2), rand.IntN(1))"},
		driven{Source: "%%\nfmt.Prinln(greeting())"},
		driven{Source: "%%\nfmt.Println(neudet.Ordr)"},
		driven{Source: "%%\nif greeting() != \"\" {\n\tpanic(errors.New(\"broken\"))\n}"},
		driven{Source: "%%\nfmt.Println(greeting(), lesson.Quick(1, 2), rand.IntN(1))"},
	)
	for i, want := range []struct{ status, text string }{
		{"ok", ""}, {"ok", "HELLO 1 0\n"}, {"error", "undefined: fmt.Prinln"}, {"error", "undefined: neudet.Ordr"},
		{"error", "broken"}, {"ok", "HELLO 1 0\n"},
	} {
		if replies[i].Status != want.status || !strings.Contains(replies[i].Text, want.text) {
			t.Errorf("cell %d: %+v; want %+v", i+1, replies[i], want)
		}
	}
	for i, place := range map[int]string{2: `(?i)Cell ?\[3\][:,]? Line 2`, 4: `(?i)Cell ?\[5\][:,]? Line 3`} {
		if !regexp.MustCompile(place).MatchString(replies[i].Text) {
			t.Errorf("cell and line are not named in\n%s", replies[i].Text)
		}
	}
}

func TestAnInterruptWhileACellIsBuilt(t *testing.T) {
	ran := filepath.Join(t.TempDir(), "ran")
	// The directive makes go itself build the cell, which takes a second or more.
	source := "var fit = (*classifier.Model).Fit\n\n//go:noinline\nfunc write() { must.M(os.WriteFile(`" + ran + "`, nil, 0o644)) }\n\n" +
		"func main() { write() }"
	replies := drive(t,
		driven{Source: "%%\nfmt.Println(1)"},
		driven{Source: source, Interrupt: 0.5},
		driven{Source: "%%\nfmt.Println(2)"},
	)
	if replies[1].Status != "error" || !strings.Contains(replies[1].Text, "Interrupted while the cell was being built") {
		t.Errorf("the interrupted cell: %+v", replies[1])
	}
	if replies[1].Seconds > 3 { // 1 s on a machine with nothing else to do
		t.Errorf("the interrupt took %.1f s", replies[1].Seconds)
	}
	if exists(ran) {
		t.Error("the interrupted cell ran")
	}
	if replies[2].Status != "ok" || replies[2].Text != "2\n" {
		t.Errorf("the cell after it: %+v", replies[2])
	}
}
