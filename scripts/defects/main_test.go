//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/device"
	"github.com/transfer-learning-go/defects/lib/weights"
)

// fixture is what all tests share: a small data set, random weights of alpha 0.35, and a cache of its own.
var fixture struct{ root, data, weights string }

// TestMain also lets this test binary play the command itself: see start.
func TestMain(m *testing.M) {
	if os.Getenv("DEFECTS_TEST_RUN") != "" {
		if limit := os.Getenv("DEFECTS_TEST_LIMIT"); limit != "" { // no file may grow beyond: as on a full disk
			var n uint64
			fmt.Sscan(limit, &n)
			signal.Ignore(syscall.SIGXFSZ)
			if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: n, Max: n}); err != nil {
				panic(err)
			}
		}
		sweepBeat, _ = time.ParseDuration(os.Getenv("DEFECTS_TEST_BEAT")) // "" is the usual
		os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(func() int {
		root, err := os.MkdirTemp("", "defects-test-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(root)
		if err := prepare(root); err != nil {
			panic(err)
		}
		return m.Run()
	}())
}

func prepare(root string) error {
	if c := device.Plan(); c.Plugin != "" && c.Asked == "" {
		os.Setenv("GOMLX_BACKEND", "xla:"+c.Plugin) // it lies in the real cache
	}
	fixture.root, fixture.data, fixture.weights = root, filepath.Join(root, "data"), filepath.Join(root, "w.h5")
	empty := filepath.Join(root, "empty")
	if err := os.Mkdir(empty, 0o755); err != nil {
		return err
	}
	cache := filepath.Join(root, "cache")
	if err := os.Mkdir(cache, 0o755); err != nil {
		return err
	}
	os.Setenv("DEFECTS_CACHE", cache)
	os.Setenv("NEU_DET_DIR", fixture.data)
	os.Setenv("WEIGHTS_DIR", empty)
	os.Setenv("HF_HUB_CACHE", empty)
	os.Setenv("HF_ENDPOINT", "")
	base, err := backbone.MobileNetV2(backbone.Config{Alpha: 0.35, Seed: 1})
	if err != nil {
		return err
	}
	return errors.Join(writeData(fixture.data), weights.Save(fixture.weights, base.Layers.Checkpoint(base.Values)))
}

var testClasses = []string{"dots", "rows", "stripes"}

// writeData makes 3 classes with 6 + 3 images each, marked as synthetic.
func writeData(dir string) error {
	for label, class := range testClasses {
		for n := range 9 {
			split := "train"
			if n >= 6 {
				split = "validation"
			}
			img := image.NewGray(image.Rect(0, 0, 40, 40))
			for i := range img.Pix {
				x, y := i%40+n, i/40+2*n
				on := [3]bool{x%8 < 3 && y%8 < 3, y%8 < 4, x%8 < 4}[label]
				img.Pix[i] = uint8(60 + 5*n)
				if on {
					img.Pix[i] += 120
				}
			}
			name := filepath.Join(dir, "NEU-DET", split, "images", class, fmt.Sprintf("%s_%d.png", class, n+1))
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				return err
			}
			var b bytes.Buffer
			if err := errors.Join(png.Encode(&b, img), os.WriteFile(name, b.Bytes(), 0o644)); err != nil {
				return err
			}
		}
	}
	return os.WriteFile(filepath.Join(dir, "NEU-DET", "SYNTHETIC"), nil, 0o644)
}

func pngOf(t *testing.T, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func imageFile(split, class string, n int) string {
	return filepath.Join(fixture.data, "NEU-DET", split, "images", class, fmt.Sprintf("%s_%d.png", class, n))
}

// defects runs the command in this process.
func defects(args ...string) (code int, stdout, stderr string) {
	var out, log bytes.Buffer
	code = run(args, &out, &log)
	return code, out.String(), log.String()
}

// start prepares the command as a process of its own.
func start(environment []string, args ...string) *exec.Cmd {
	c := exec.Command(os.Args[0], args...)
	c.Env = append(append(os.Environ(), "DEFECTS_TEST_RUN=1"), environment...)
	c.Dir = fixture.root
	return c
}

// needDevice skips where computing would first download a plugin, or take minutes.
func needDevice(t *testing.T) {
	t.Helper()
	if c := device.Plan(); c.Missing != "" || c.Kind == "go" {
		t.Skipf("needs XLA's CPU plugin (%s %s): run scripts/lesson once", c.Missing, c.Notice)
	}
}

// succeed runs a command with --json and decodes its one document.
func succeed(t *testing.T, into any, args ...string) {
	t.Helper()
	code, stdout, stderr := defects(append(args, "--json")...)
	if code != 0 {
		t.Fatalf("%v: exit code %d: %s", args, code, stderr)
	}
	d := json.NewDecoder(strings.NewReader(stdout))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		t.Fatalf("%v: %v: %s", args, err, stdout)
	}
	if rest, _ := io.ReadAll(d.Buffered()); strings.TrimSpace(string(rest)) != "" {
		t.Fatalf("%v: after the document stands %q", args, rest)
	}
}

// trained is a run of one epoch that tests may read.
var trained = sync.OnceValues(func() (string, error) {
	run := filepath.Join(fixture.root, "runs", "shared")
	code, _, stderr := defects("train", "mobilenetv2", "--alpha", "0.35", "--weights", fixture.weights, "--epochs", "1", "--out", run)
	if code != 0 {
		return "", errors.New(stderr)
	}
	return run, nil
})

func trainedRun(t *testing.T) string {
	t.Helper()
	needDevice(t)
	run, err := trained()
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// listing names what lies below a folder, without locks and the empty files that remember which images are whole.
func listing(t *testing.T, root string) string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		switch {
		case err == nil && d.Name() == "decodable":
			return filepath.SkipDir
		case err == nil && !strings.HasSuffix(path, ".lock"):
			names = append(names, strings.TrimPrefix(path, root))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(names, "\n")
}
