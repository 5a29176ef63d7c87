// Command relay stands between Jupyter and GoNB, and says in a student's words what has gone wrong in a cell. It passes on
// bytes: of what the kernel sends it reads Jupyter's messages, and changes those of errors.
//
//	relay CONNECTION_FILE MODULE GONB ARGUMENTS…
//
// It starts GoNB with a connection file of its own, and ends with it. MODULE is the root of the notebook's Go module, or
// empty. What it cannot read it leaves alone: GoNB then gets Jupyter's connection file.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/transfer-learning-go/defects/scripts/internal/cell/mistakes"
)

func main() {
	if len(os.Args) < 4 {
		fmt.Fprintln(os.Stderr, "usage: relay CONNECTION_FILE MODULE GONB ARGUMENTS…")
		os.Exit(2)
	}
	path, command := os.Args[1], os.Args[3:]
	inner, err := relay(path, os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, "relay: errors will be shown as GoNB says them:", err)
		err = syscall.Exec(command[0], append(command, "--kernel", path), os.Environ())
		fmt.Fprintln(os.Stderr, "relay:", err)
		os.Exit(1)
	}
	code, err := run(append(command, "--kernel", inner))
	os.RemoveAll(filepath.Dir(inner))
	if err != nil {
		fmt.Fprintln(os.Stderr, "relay:", err)
	}
	os.Exit(code)
}

// run runs the kernel. It gets the signals that its parent gets.
func run(command []string) (code int, err error) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	go func() {
		for s := range signals {
			cmd.Process.Signal(s)
		}
	}()
	err = cmd.Wait()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return max(exit.ExitCode(), 1), err
	}
	return 0, err
}

// relay listens where Jupyter will, and gives the connection file for GoNB.
func relay(path, module string) (inner string, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	connection := map[string]any{}
	if err := json.Unmarshal(text, &connection); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	if connection["transport"] != "tcp" || connection["signature_scheme"] != "hmac-sha256" {
		return "", fmt.Errorf("%s: transport %v, signature scheme %v, and not tcp and hmac-sha256",
			path, connection["transport"], connection["signature_scheme"])
	}
	key, _ := connection["key"].(string)
	folder, err := os.Getwd()
	if err != nil {
		return "", err
	}
	o := &outputs{key: []byte(key), reports: map[execution]*report{}}
	o.session.Packages = mistakes.Finder(module)
	o.notebook = func(running string) []string {
		return mistakes.ReadNotebook(folder, os.Getenv("JPY_SESSION_NAME"), running)
	}
	dir, err := os.MkdirTemp("", "relay-")
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			os.RemoveAll(dir)
		}
	}()
	read := sync.OnceFunc(func() { os.RemoveAll(dir) }) // GoNB reads the file before it listens
	for name, change := range map[string]func() func([][]byte) [][][]byte{
		"iopub_port": func() func([][]byte) [][][]byte { return (&published{outputs: o}).change },
		"shell_port": func() func([][]byte) [][][]byte { return o.reply },
	} {
		if connection[name], err = serve(connection, name, change, read); err != nil {
			return "", err
		}
	}
	if text, err = json.Marshal(connection); err != nil {
		return "", err
	}
	inner = filepath.Join(dir, filepath.Base(path)) // GoNB takes Jupyter's name of the kernel from that of the file
	return inner, os.WriteFile(inner, text, 0o600)
}

// serve takes over a port of the connection, and gives the one that the kernel is to listen on instead.
func serve(connection map[string]any, name string, change func() func([][]byte) [][][]byte, connected func()) (port int, err error) {
	outer, _ := connection[name].(float64)
	ip, _ := connection["ip"].(string)
	listener, err := net.Listen("tcp", net.JoinHostPort(ip, strconv.Itoa(int(outer))))
	if err != nil {
		return 0, err
	}
	free, err := net.Listen("tcp", net.JoinHostPort(ip, "0"))
	if err != nil {
		return 0, err
	}
	inner := free.Addr().String()
	port = free.Addr().(*net.TCPAddr).Port
	free.Close()
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go connect(client, inner, change(), connected)
		}
	}()
	return port, nil
}

// connect joins a client to the kernel, which may still have to start.
func connect(client net.Conn, inner string, change func([][]byte) [][][]byte, connected func()) {
	defer client.Close()
	var kernel net.Conn
	for start := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		var err error
		if kernel, err = net.Dial("tcp", inner); err == nil {
			break
		}
		if time.Since(start) > time.Minute {
			return
		}
	}
	connected()
	var requests sync.WaitGroup
	requests.Go(func() {
		io.Copy(kernel, client)
		kernel.Close()
	})
	frames(client, kernel, change)
	client.Close()
	kernel.Close()
	requests.Wait()
}
