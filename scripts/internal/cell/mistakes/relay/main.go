// Command relay stands between Jupyter and GoNB, and says in a student's words what has gone wrong in a cell. It passes on
// bytes: of what the kernel sends it reads Jupyter's messages, and changes those of errors.
//
//	relay CONNECTION_FILE KERNEL_PID MODULE
//
// It prints the path of a connection file for GoNB, closes its output, and ends with the process KERNEL_PID.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/transfer-learning-go/defects/scripts/internal/cell/mistakes"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: relay CONNECTION_FILE KERNEL_PID MODULE")
		os.Exit(2)
	}
	kernel, err := strconv.Atoi(os.Args[2])
	if err == nil {
		err = relay(os.Args[1], kernel, os.Args[3])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "relay:", err)
		os.Exit(1)
	}
}

func relay(path string, kernel int, module string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	connection := map[string]any{}
	if err := json.Unmarshal(text, &connection); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if connection["transport"] != "tcp" || connection["signature_scheme"] != "hmac-sha256" {
		return fmt.Errorf("%s: transport %v, signature %v; tcp and hmac-sha256 are what it knows", path, connection["transport"], connection["signature_scheme"])
	}
	key, _ := connection["key"].(string)
	folder, err := os.Getwd()
	if err != nil {
		return err
	}
	o := &outputs{key: []byte(key), reports: map[string]*report{}}
	o.session.Packages = mistakes.Finder(module)
	o.notebook = func(running string) []string {
		return mistakes.ReadNotebook(folder, os.Getenv("JPY_SESSION_NAME"), running)
	}
	for name, change := range map[string]func() func([][]byte) [][][]byte{
		"iopub_port": func() func([][]byte) [][][]byte { return (&published{outputs: o}).change },
		"shell_port": func() func([][]byte) [][][]byte { return o.reply },
	} {
		port, err := serve(connection, name, change)
		if err != nil {
			return err
		}
		connection[name] = port
	}
	// GoNB takes Jupyter's name of the kernel from that of the file.
	dir, err := os.MkdirTemp("", "relay-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if text, err = json.Marshal(connection); err != nil {
		return err
	}
	inner := filepath.Join(dir, filepath.Base(path))
	if err := os.WriteFile(inner, text, 0o600); err != nil {
		return err
	}
	fmt.Println(inner)
	os.Stdout.Close()
	for syscall.Kill(kernel, 0) == nil {
		time.Sleep(time.Second)
	}
	return nil
}

// serve takes over a port of the connection, and gives the one that the kernel is to listen on instead.
func serve(connection map[string]any, name string, change func() func([][]byte) [][][]byte) (port int, err error) {
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
			go connect(client, inner, change())
		}
	}()
	return port, nil
}

// connect joins a client to the kernel, which may still have to start.
func connect(client net.Conn, inner string, change func([][]byte) [][][]byte) {
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
	var once sync.WaitGroup
	once.Go(func() {
		io.Copy(kernel, client)
		kernel.Close()
	})
	frames(client, kernel, change)
	client.Close()
	kernel.Close()
	once.Wait()
}
