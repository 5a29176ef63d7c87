package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
)

// free is a port that nobody listens on.
func free(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func connectionFile(t *testing.T, transport string) (path string, connection map[string]any) {
	t.Helper()
	connection = map[string]any{"transport": transport, "signature_scheme": "hmac-sha256", "key": "secret", "ip": "127.0.0.1"}
	for _, name := range []string{"shell", "iopub", "stdin", "control", "hb"} {
		connection[name+"_port"] = free(t)
	}
	text, _ := json.Marshal(connection)
	path = filepath.Join(t.TempDir(), "kernel-0a1b.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path, connection
}

// The client comes first: Jupyter connects at once, while GoNB has yet to start.
func TestAClientReachesTheKernel(t *testing.T) {
	path, outer := connectionFile(t, "tcp")
	inner, err := relay(path, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(filepath.Dir(inner)) })
	text, err := os.ReadFile(inner)
	if err != nil {
		t.Fatal(err)
	}
	var told map[string]any
	if err := json.Unmarshal(text, &told); err != nil {
		t.Fatal(err)
	}
	for name, was := range outer {
		changes := name == "shell_port" || name == "iopub_port"
		if is := told[name]; (fmt.Sprint(is) != fmt.Sprint(was)) != changes {
			t.Errorf("%s was %v and is %v", name, was, is)
		}
	}
	if filepath.Base(inner) != filepath.Base(path) {
		t.Errorf("the file's name is %s", inner)
	}
	client, err := net.Dial("tcp", fmt.Sprint("127.0.0.1:", outer["iopub_port"]))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := client.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", told["iopub_port"]))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	kernel, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	heard := make([]byte, 5)
	if _, err := io.ReadFull(kernel, heard); err != nil || string(heard) != "hello" {
		t.Errorf("the kernel hears %q, %v", heard, err)
	}
	kernel.Write(wire())
	kernel.Close()
	if got, err := io.ReadAll(client); err != nil || string(got) != string(wire()) {
		t.Errorf("the client hears %d bytes of %d, %v", len(got), len(wire()), err)
	}
	if _, err := os.Stat(inner); !os.IsNotExist(err) {
		t.Errorf("the connection file, which holds the key, is left: %v", err)
	}
}

func TestWhatItDoesNotKnowIsLeftToGoNB(t *testing.T) {
	path, _ := connectionFile(t, "ipc")
	if _, err := relay(path, ""); err == nil {
		t.Error("it relays a transport that it does not know")
	}
	if code, err := run([]string{"sh", "-c", "exit 3"}); code != 3 || err == nil {
		t.Errorf("a kernel that fails: %d, %v", code, err)
	}
	if code, err := run([]string{"true"}); code != 0 || err != nil {
		t.Errorf("a kernel that ends: %d, %v", code, err)
	}
}
