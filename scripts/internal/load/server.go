package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/transfer-learning-go/defects/lib/files"
)

// server is `defects serve` as a process of its own.
type server struct {
	url     string
	log     string
	process *exec.Cmd
	ended   bool
}

// startServer builds the command and waits until it serves the model, as "load".
func startServer(ctx context.Context, folder, model string, delay time.Duration) (*server, error) {
	binary := filepath.Join(folder, "defects")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "./scripts/defects")
	build.Dir = files.ModuleRoot()
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%v: %s", err, out)
	}
	s := &server{log: filepath.Join(folder, "log")}
	log, err := os.Create(s.log)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	s.process = exec.Command(binary, "serve", "--json", "--address", "127.0.0.1:0", "--batch-delay", delay.String(), "load="+model)
	s.process.Stderr = log
	if err := s.process.Start(); err != nil {
		return nil, err
	}
	for end := time.Now().Add(3 * time.Minute); time.Now().Before(end) && ctx.Err() == nil; time.Sleep(100 * time.Millisecond) {
		if s.url = s.told(); s.url != "" {
			return s, nil
		}
	}
	text, _ := os.ReadFile(s.log)
	s.stop()
	return nil, fmt.Errorf("the server did not start: %s", text)
}

// told is the address, once the log has it.
func (s *server) told() string {
	f, err := os.Open(s.log)
	if err != nil {
		return ""
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var line struct{ Msg, URL string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "serving" {
			return line.URL
		}
	}
	return ""
}

// metric is a number that the server tells.
func (s *server) metric(name string) (value float64) {
	r, err := http.Get(s.url + "/metrics")
	if err != nil {
		return -1
	}
	defer r.Body.Close()
	text, _ := io.ReadAll(r.Body)
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			fmt.Sscan(rest, &value)
		}
	}
	return value
}

// memory is what the server holds, in MB, where the system tells.
func (s *server) memory() float64 { return s.metric("process_resident_memory_bytes") / 1e6 }

// stop ends the server in order. A second call does nothing.
func (s *server) stop() error {
	if s.ended {
		return nil
	}
	s.ended = true
	err := errors.Join(s.process.Process.Signal(os.Interrupt), s.process.Wait())
	if err != nil {
		err = fmt.Errorf("the server ended: %w", err)
	}
	return err
}
