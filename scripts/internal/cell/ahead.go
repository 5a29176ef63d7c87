package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

const (
	// patience is how long a linker waits for a cell. It holds 40 MB of memory.
	patience = 15 * time.Minute
	// glance is how often it looks whether its kernel is still there.
	glance = time.Second
)

// sockets is where the programs listen that keep a linker waiting for the next cell of this kernel: their paths, less the
// number of the process. Another manifest or another linker has others.
func (k kernel) sockets(m *manifest) string {
	return filepath.Join(k.cells, fmt.Sprintf("ahead-%.4x-", sha256.Sum256(fmt.Append(nil, m.Importcfg, m.Link, k.linker(m)))))
}

// object is the compiled cell.
func (k kernel) object() string { return filepath.Join(k.programs(), "main.a") }

// startAhead starts that program, which goes on when this one has ended.
func (k kernel) startAhead(m *manifest) {
	if _, err := os.Stat(k.linker(m)); err != nil || !slices.Contains(m.Link, "-linkmode=internal") {
		return
	}
	cmd := exec.Command(filepath.Join(k.folder, "bin", "cell"), "ahead", strconv.Itoa(os.Getppid()))
	cmd.Dir, cmd.Env = k.cells, append(os.Environ(), "GONB_TMP_DIR="+k.cells)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if cmd.Start() == nil {
		cmd.Process.Release()
	}
}

// linkAhead has the waiting linker make the program. It is false if none waits or it could not.
func (k kernel) linkAhead(ctx context.Context, m *manifest, program string) bool {
	there, _ := filepath.Glob(k.sockets(m) + "*")
	if len(there) == 0 {
		return false
	}
	connection, err := net.Dial("unix", there[0])
	if err != nil {
		return false
	}
	defer connection.Close()
	defer context.AfterFunc(ctx, func() { connection.Close() })()
	made, err := io.ReadAll(connection)
	return err == nil && len(made) > 0 && os.Rename(string(made), program) == nil
}

// ahead starts a linker, and has it link the cell of the first that calls. owner is the kernel's process.
func (k kernel) ahead(ctx context.Context, owner string) error {
	pid, err := strconv.Atoi(owner)
	if err != nil {
		return err
	}
	m, err := k.load()
	if err != nil {
		return err
	}
	if err := os.Mkdir(k.programs(), 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err // the kernel has ended meanwhile
	}
	socket, program := k.sockets(m)+strconv.Itoa(os.Getpid()), filepath.Join(k.programs(), fmt.Sprintf("ahead-%d", os.Getpid()))
	others, _ := filepath.Glob(filepath.Join(k.cells, "ahead-*"))
	for _, other := range others {
		os.Remove(other) // who listens there ends
	}
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket})
	if err != nil {
		return err
	}
	defer listener.Close()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	args := slices.Concat([]string{"-o", program, "-importcfg", k.file(m.Importcfg)}, m.Link, []string{k.object()})
	link := command(ctx, k.linker(m), args...)
	link.Env = append(os.Environ(), m.Settings...)
	begin, err := link.StdinPipe()
	if err != nil {
		return err
	}
	defer os.Remove(program)
	if err := link.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- link.Wait() }()
	defer func() { cancel(); <-ended }()

	var client net.Conn
	for client == nil {
		listener.SetDeadline(time.Now().Add(glance))
		client, err = listener.Accept()
		switch {
		case errors.Is(syscall.Kill(pid, 0), syscall.ESRCH):
			cancel()
			return os.RemoveAll(k.cells) // as the kernel does, unless it is killed
		case ctx.Err() != nil || gone(socket):
			return nil
		case err != nil && !errors.Is(err, os.ErrDeadlineExceeded):
			return err
		}
	}
	listener.Close()
	defer client.Close()
	hungUp := make(chan struct{})
	go func() {
		client.Read(make([]byte, 1)) // an interrupted cell hangs up, and one that has its program
		cancel()
		close(hungUp)
	}()
	if _, err := begin.Write([]byte("\n")); err != nil {
		return err
	}
	err = <-ended
	ended <- err
	if err != nil {
		return err
	}
	if _, err := io.WriteString(client, program); err != nil {
		return err
	}
	client.(*net.UnixConn).CloseWrite()
	<-hungUp
	return nil
}

func gone(path string) bool {
	_, err := os.Lstat(path)
	return errors.Is(err, os.ErrNotExist)
}
