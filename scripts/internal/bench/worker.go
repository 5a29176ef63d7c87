package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// question is what a worker is asked to do; peers.py has a method for each Do.
type question struct {
	Do      string   `json:"do"` // "describe", "load", "infer" or "features"
	Network string   `json:"network,omitempty"`
	Alpha   *float64 `json:"alpha,omitempty"`
	Weights string   `json:"weights,omitempty"` // a file of Keras
	Input   int      `json:"input,omitempty"`   // height and width of the base's images
	Pixels  string   `json:"pixels,omitempty"`  // float32 [n, input, input, 3]
	ONNX    string   `json:"onnx,omitempty"`    // the file that our side writes of the model
	Peer    string   `json:"peer,omitempty"`    // "predict", "tf.function", "onnx" or "our onnx"
	Out     string   `json:"out,omitempty"`     // where the features go
	Folder  string   `json:"folder,omitempty"`  // of images
}

type answer struct {
	Seconds float64 `json:"seconds"`
	Images  int     `json:"images"`
	Note    string  `json:"note"`
}

// worker is a process that holds a model ready and works only while it is asked: two of them take turns.
type worker struct {
	cmd     *exec.Cmd
	stdin   io.WriteCloser
	answers *json.Decoder
	log     bytes.Buffer
}

func (b *bench) startWorker(name string, args ...string) (*worker, error) {
	w := &worker{cmd: b.command(name, args...)}
	w.cmd.Stderr = &w.log
	var err error
	if w.stdin, err = w.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := w.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	w.answers = json.NewDecoder(stdout)
	return w, w.cmd.Start()
}

func (w *worker) ask(q question) (answer, error) {
	var a answer
	err := json.NewEncoder(w.stdin).Encode(q)
	if err == nil {
		err = w.answers.Decode(&a)
	}
	if err != nil {
		w.stop()
		return a, fmt.Errorf("%s: %w\n%s", strings.Join(w.cmd.Args, " "), err, tail(w.log.String()))
	}
	return a, nil
}

// stop ends the worker, which ends when its questions do.
func (w *worker) stop() {
	w.stdin.Close()
	w.cmd.Wait()
}

// finished is a program that ran to its end.
type finished struct {
	stdout  []byte
	seconds float64 // from its start to its end
	memory  float64 // its peak resident set, in MB
}

// program runs a program and measures it as a whole.
func program(cmd *exec.Cmd) (finished, error) {
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	start := time.Now()
	err := cmd.Run()
	f := finished{stdout: stdout.Bytes(), seconds: time.Since(start).Seconds()}
	if err != nil {
		return f, fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, tail(stderr.String()))
	}
	if rusage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		f.memory = float64(rusage.Maxrss) / 1e6 // bytes on macOS,
		if runtime.GOOS != "darwin" {
			f.memory *= 1024 // kilobytes elsewhere
		}
	}
	return f, nil
}

// command makes a command that ends with the measurement.
func (b *bench) command(name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(b.ctx, name, args...)
	cmd.Dir, cmd.Env = b.root, append(os.Environ(), b.environment...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// step says what is under way, and how long the measurement has taken so far.
func (b *bench) step(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%5.0f s  %s\n", time.Since(b.started).Seconds(), fmt.Sprintf(format, args...))
}

func tail(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-15):], "\n")
}
