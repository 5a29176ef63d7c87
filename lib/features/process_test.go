//go:build unix

package features

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/transfer-learning-go/defects/lib/result"
)

// childDoes tells a child process of the tests what to do; see child.
const childDoes = "TEST_CHILD"

// child extracts the features of 200 images when its standard input ends, and prints how many it has computed. "limit N"
// lets no file grow beyond N bytes, as on a full disk.
func child() {
	var limit uint64
	fmt.Sscanf(os.Getenv(childDoes), "limit %d", &limit)
	if limit > 0 {
		signal.Ignore(syscall.SIGXFSZ)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: limit, Max: limit}); err != nil {
			panic(err)
		}
	}
	e, err := New(network())
	if err != nil {
		panic(err)
	}
	fmt.Println("ready")
	io.ReadAll(os.Stdin)
	f, err := e.Extract(context.Background(), numbered(0, 200), func(p result.Progress) {
		if p.Done > 0 {
			fmt.Println(p.Phase, p.Done)
			time.Sleep(20 * time.Millisecond)
		}
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	f.Close()
	fmt.Println("computed", e.Computed())
	os.Exit(0)
}

// process is a child that is ready to extract.
type process struct {
	*exec.Cmd
	lines  *bufio.Scanner
	stderr bytes.Buffer
	begin  func() error
}

func startChild(t *testing.T, does string) *process {
	t.Helper()
	c := &process{Cmd: exec.Command(os.Args[0])}
	c.Env = append(os.Environ(), childDoes+"="+does)
	c.Stderr = &c.stderr
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.begin, c.lines = in.Close, bufio.NewScanner(out)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill() })
	if !c.lines.Scan() {
		t.Fatalf("no process: %s", &c.stderr)
	}
	return c
}

// end waits for the child and returns what it printed.
func (c *process) end() (printed string, err error) {
	for c.lines.Scan() {
		printed += c.lines.Text() + "\n"
	}
	return printed, c.Wait()
}

func TestKilledProcessesLoseNothing(t *testing.T) {
	cache := ownCache(t)
	kills := 0
	for ; kills < 20; kills++ {
		c := startChild(t, "extract")
		c.begin()
		c.lines.Scan() // the first images are computed
		time.AfterFunc(time.Duration(rand.IntN(60))*time.Millisecond, func() { c.Process.Kill() })
		if printed, err := c.end(); err == nil {
			break
		} else if c.ProcessState.ExitCode() != -1 {
			t.Fatalf("%v: %s%s", err, printed, &c.stderr)
		}
	}
	e := extractor(t)
	l := numbered(0, 200)
	if got := all(t, extract(t, e, l)); !slices.Equal(got, computed(t, l)) || e.Damaged() != 0 {
		t.Errorf("after %d kills, other features; %d damaged", kills, e.Damaged())
	}
	if e.Computed() == 200 {
		t.Errorf("%d killed processes left no features", kills)
	}
	storedFile(t, cache)
}

func TestProcessesShareTheWork(t *testing.T) {
	cache := ownCache(t)
	total, waited := 0, false
	var children [3]*process
	for i := range children {
		children[i] = startChild(t, "extract")
	}
	for _, c := range children {
		c.begin()
	}
	for _, c := range children {
		printed, err := c.end()
		if err != nil {
			t.Fatalf("%v: %s", err, &c.stderr)
		}
		var n int
		_, last, _ := strings.Cut(printed, "computed ")
		fmt.Sscan(last, &n)
		total += n
		waited = waited || strings.Contains(printed, "another process computes")
	}
	if total != 200 || !waited {
		t.Errorf("%d images are computed by three processes, want 200; waited: %v", total, waited)
	}
	e := extractor(t)
	if got := all(t, extract(t, e, numbered(0, 200))); !slices.Equal(got, computed(t, numbered(0, 200))) || e.Computed() != 0 {
		t.Errorf("%d computed again, or other features", e.Computed())
	}
	storedFile(t, cache)
}

func TestFullDiskKeepsWholeRows(t *testing.T) {
	cache := ownCache(t)
	record := headSize + 36*4
	for _, c := range []struct{ limit, whole int }{{100, 0}, {headerSize + 10, 0}, {headerSize + 50*record + record/2, 50}} {
		child := startChild(t, fmt.Sprintf("limit %d", c.limit))
		child.begin()
		printed, err := child.end()
		if stderr := child.stderr.String(); err == nil || !strings.Contains(stderr, syscall.EFBIG.Error()) ||
			!strings.Contains(stderr, "DEFECTS_CACHE") {
			t.Errorf("%d bytes: %v: %s%s", c.limit, err, printed, stderr)
		}
		if info, err := os.Stat(storedFile(t, cache)); err != nil || c.whole > 0 && info.Size() != int64(headerSize+c.whole*record) {
			t.Errorf("%d bytes: %v", c.limit, info.Size())
		}
	}
	e := extractor(t)
	if got := all(t, extract(t, e, numbered(0, 200))); !slices.Equal(got, computed(t, numbered(0, 200))) || e.Computed() != 150 ||
		e.Damaged() != 0 {
		t.Errorf("%d computed with space again, want 150; or other features", e.Computed())
	}
}
