//go:build unix

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func trainArgs(run string, epochs int) []string {
	return []string{"train", "mobilenetv2", "--alpha", "0.35", "--weights", fixture.weights, "--out", run, "--epochs", fmt.Sprint(epochs), "--json"}
}

// startUntil starts the command and waits for a line on stderr that begins like this.
func startUntil(t *testing.T, line string, args ...string) (c *exec.Cmd, rest func() string) {
	t.Helper()
	c = start(nil, args...)
	pipe, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill() })
	lines := bufio.NewScanner(pipe)
	seen := ""
	for lines.Scan() {
		seen += lines.Text() + "\n"
		if strings.HasPrefix(lines.Text(), line) {
			return c, func() string {
				var b strings.Builder
				for lines.Scan() {
					b.WriteString(lines.Text() + "\n")
				}
				return b.String()
			}
		}
	}
	t.Fatalf("no line %q: %s", line, seen)
	return nil, nil
}

func TestSecondTrainingOfARunIsRefusedAndInterruptLeavesItWhole(t *testing.T) {
	needDevice(t)
	run := filepath.Join(t.TempDir(), "run")
	first, rest := startUntil(t, "epoch 1/", trainArgs(run, 1_000_000)...)
	code, stdout, stderr := defects(trainArgs(run, 2)...)
	if code != 1 || stdout != "" || !strings.Contains(stderr, "being trained by another process") || !strings.Contains(stderr, run) {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
	first.Process.Signal(os.Interrupt)
	log := rest()
	err := first.Wait()
	if first.ProcessState.ExitCode() != 1 || !strings.Contains(log, "interrupted after") || !strings.Contains(log, "run the same command again") {
		t.Errorf("%v: %s", err, log)
	}
	names := strings.Fields(listing(t, run))
	if len(names) != 3 || names[1] != "/initial.h5" || names[2] != "/run.json" {
		t.Errorf("the run holds %q", names)
	}
	var done int
	fmt.Sscanf(names[0], "/epoch-%d.h5", &done)
	var h training
	succeed(t, &h, trainArgs(run, done+1)...)
	if h.Epochs() != done+1 || done < 1 {
		t.Errorf("%d epochs after %d", h.Epochs(), done)
	}
}

func TestTwoRunsShareTheFeatures(t *testing.T) {
	needDevice(t)
	cache := filepath.Join(t.TempDir(), "cache")
	var both [2]*exec.Cmd
	var out, log [2]bytes.Buffer
	for i := range both {
		both[i] = start([]string{"DEFECTS_CACHE=" + cache}, trainArgs(filepath.Join(t.TempDir(), "run"), 2)...)
		both[i].Stdout, both[i].Stderr = &out[i], &log[i]
		if err := both[i].Start(); err != nil {
			t.Fatal(err)
		}
	}
	var history [2]training
	for i, c := range both {
		if err := c.Wait(); err != nil {
			t.Fatalf("%v: %s", err, &log[i])
		}
		if err := json.Unmarshal(out[i].Bytes(), &history[i]); err != nil {
			t.Fatalf("%v: %s", err, &out[i])
		}
	}
	if !slices.Equal(history[0].Loss, history[1].Loss) || !slices.Equal(history[0].ValLoss, history[1].ValLoss) {
		t.Errorf("losses %v and %v", history[0].Loss, history[1].Loss)
	}
	names := strings.Fields(listing(t, filepath.Join(cache, "features")))
	if len(names) != 1 || !strings.HasSuffix(names[0], ".features") {
		t.Errorf("the cache holds %q, want one file for the layers", names)
	}
}

func TestRunThatCannotBeWritten(t *testing.T) {
	needDevice(t)
	file := write(t, nil, fixture.root, "a-file")
	refuse(t, []string{"a-file", "not a directory", "name a folder that can be written"}, trainArgs(filepath.Join(file, "run"), 1)...)
}

// A limit on the size of files stands for the full disk: below the features of the training images (92 kB), and below
// the model before training (3 MB).
func TestFullDiskLeavesNothingHalf(t *testing.T) {
	needDevice(t)
	for _, c := range []struct{ limit, says string }{{"50000", "DEFECTS_CACHE"}, {"1000000", "initial.h5"}} {
		cache, run := filepath.Join(t.TempDir(), "cache"), filepath.Join(t.TempDir(), "run")
		child := start([]string{"DEFECTS_CACHE=" + cache, "DEFECTS_TEST_LIMIT=" + c.limit}, trainArgs(run, 1)...)
		var stdout, stderr bytes.Buffer
		child.Stdout, child.Stderr = &stdout, &stderr
		child.Run()
		if child.ProcessState.ExitCode() != 1 || stdout.Len() != 0 || !strings.Contains(stderr.String(), syscall.EFBIG.Error()) ||
			!strings.Contains(stderr.String(), c.says) {
			t.Errorf("%s bytes: exit code %d: %s%s", c.limit, child.ProcessState.ExitCode(), &stdout, &stderr)
		}
		if names := listing(t, run); names != "" {
			t.Errorf("%s bytes: the run holds %s", c.limit, names)
		}
		for _, name := range strings.Fields(listing(t, filepath.Join(cache, "features"))) {
			if !strings.HasSuffix(name, ".features") {
				t.Errorf("%s bytes: the cache holds %s", c.limit, name)
			}
		}
	}
}

func TestFetchWithoutNetworkFailsSoon(t *testing.T) {
	cache := filepath.Join(t.TempDir(), "cache")
	proxy := "http://127.0.0.1:1" // nobody listens there
	child := start([]string{"DEFECTS_CACHE=" + cache, "HTTPS_PROXY=" + proxy, "https_proxy=" + proxy, "NO_PROXY=", "no_proxy="}, "fetch", "--json")
	var stdout, stderr bytes.Buffer
	child.Stdout, child.Stderr = &stdout, &stderr
	began := time.Now()
	child.Run()
	if child.ProcessState.ExitCode() != 1 || stdout.Len() != 0 {
		t.Errorf("exit code %d: %s", child.ProcessState.ExitCode(), &stdout)
	}
	for _, s := range []string{"NEU-DET", "www.kaggle.com", "NEU_DET_DIR", "mobilenet_v2_weights", "resnet50v2_weights", "storage.googleapis.com", "vit-base-patch16-224", "huggingface.co", "by hand", "check the network"} {
		if !strings.Contains(stderr.String(), s) {
			t.Errorf("stderr does not say %q: %s", s, &stderr)
		}
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
	filepath.WalkDir(cache, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			t.Errorf("%s is left", path)
		}
		return nil
	})
}
