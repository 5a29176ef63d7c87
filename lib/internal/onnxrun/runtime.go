package onnxrun

import (
	"bytes"
	_ "embed"
	"encoding/binary"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

//go:embed runtime.py
var program string

// Runtime is ONNX Runtime, in a process of Python.
type Runtime struct {
	folder  string
	stdin   io.Writer
	answers *json.Decoder
	stderr  bytes.Buffer
}

// Start starts the Python that ONNXRUNTIME_PYTHON names, or that of .venv-bench, which scripts/bench makes; root is the
// folder of this clone. Without one, or if it has no onnx and onnxruntime, the test is skipped.
func Start(t testing.TB, root string) *Runtime {
	t.Helper()
	python := os.Getenv("ONNXRUNTIME_PYTHON")
	if python == "" {
		python = filepath.Join(root, ".venv-bench", "bin", "python")
	}
	if err := exec.Command(python, "-c", "import numpy, onnx, onnxruntime").Run(); err != nil {
		t.Skip("needs a Python with onnx and onnxruntime: name it in ONNXRUNTIME_PYTHON, or let scripts/bench make .venv-bench")
	}
	cmd := exec.Command(python, "-c", program)
	r := &Runtime{folder: t.TempDir()}
	cmd.Stderr = &r.stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r.stdin, r.answers = stdin, json.NewDecoder(stdout)
	t.Cleanup(func() {
		stdin.Close()
		cmd.Wait()
	})
	return r
}

// Run checks a file and computes it for images, x, which it also computes one by one and all but the last. apart is the
// largest difference between these.
func (r *Runtime) Run(t testing.TB, path string, x []float32) (y []float32, apart float64) {
	t.Helper()
	input, output := filepath.Join(r.folder, "input"), filepath.Join(r.folder, "output")
	raw, err := binary.Append(nil, binary.LittleEndian, x)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(input, raw, 0o666); err != nil {
		t.Fatal(err)
	}
	question := map[string]string{"model": path, "input": input, "output": output}
	var answer struct {
		Shape []int
		Apart float64
		Error string
	}
	if err := json.NewEncoder(r.stdin).Encode(question); err != nil {
		t.Fatal(err, r.stderr.String())
	}
	if err := r.answers.Decode(&answer); err != nil {
		t.Fatal(err, r.stderr.String())
	}
	if answer.Error != "" {
		t.Fatalf("ONNX Runtime: %s: %s", path, answer.Error)
	}
	if raw, err = os.ReadFile(output); err != nil {
		t.Fatal(err)
	}
	y = make([]float32, len(raw)/4)
	if _, err := binary.Decode(raw, binary.LittleEndian, y); err != nil {
		t.Fatal(err)
	}
	return y, answer.Apart
}
