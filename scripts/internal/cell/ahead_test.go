package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// ahead is a classroom whose kernel has the linker that waits.
func ahead(t *testing.T) *classroom {
	t.Helper()
	c := newClassroom(t)
	c.must(c.run(c.kernel, "cell", "linker"))
	t.Cleanup(func() {
		for deadline := time.Now().Add(time.Minute); c.pkill("-0") && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
			for _, path := range c.waiting() {
				os.Remove(path) // also of one that has only just begun
			}
		}
	})
	return c
}

// waiting are the sockets of the linkers that wait for a cell.
func (c *classroom) waiting() []string {
	there, _ := filepath.Glob(filepath.Join(c.cells, "ahead-*"))
	return there
}

// pkill sends a signal to the programs that wait for this kernel's cells, and says whether there is one.
func (c *classroom) pkill(signal string) bool {
	return exec.Command("pkill", signal, "-f", filepath.Join(c.kernel, "bin", "cell")+" ahead").Run() == nil
}

// awaits waits until so many linkers wait for a cell.
func (c *classroom) awaits(n int) {
	c.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if len(c.waiting()) == n {
			return
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("%d linkers wait; want %d", len(c.waiting()), n)
		}
	}
}

// withoutGosLinker takes Go's own linker away.
func (c *classroom) withoutGosLinker() {
	c.t.Helper()
	path := filepath.Join(c.kernel, "cell", "manifest.json")
	text, err := os.ReadFile(path)
	if err != nil {
		c.t.Fatal(err)
	}
	var m manifest
	if err := json.Unmarshal(text, &m); err != nil {
		c.t.Fatal(err)
	}
	tools := c.t.TempDir()
	if err := os.Symlink(filepath.Join(m.Tools, "compile"), filepath.Join(tools, "compile")); err != nil {
		c.t.Fatal(err)
	}
	m.Tools = tools
	if text, err = json.Marshal(m); err != nil {
		c.t.Fatal(err)
	}
	c.write(path, string(text))
}

const manySided = `type Shape interface{ Area() float64 }
type Square struct{ Side float64 ` + "`json:\"side\"`" + ` }
func (s Square) Area() float64 { return s.Side * s.Side }
type Pair[A, B any] struct { First A; Second B }
type failure struct{ greet.Greeting }
func (failure) Error() string { return "failed" }
var order = append(order0, "order")
var order0 = []string{"order0"}
func init() { order = append(order, "init") }
func main() {
	var s Shape = Square{3}
	text, err := json.Marshal(Pair[Shape, []string]{s, order})
	var back Pair[Square, []string]
	fmt.Println(string(text), err, json.Unmarshal(text, &back), back.First.Area())
	wrapped := fmt.Errorf("%w, %w", failure{greet.Greeting{Words: "good day"}}, greet.ErrSilent)
	var f failure
	var g interface{ Greet() string }
	fmt.Println(errors.As(wrapped, &f), errors.As(wrapped, &g), f.Greet(), errors.Is(wrapped, greet.ErrSilent), reflect.TypeOf(greet.Map(f)))
	fmt.Println(slices.SortedFunc(maps.Keys(map[Pair[int, string]]bool{{2, "b"}: true, {1, "a"}: true}), func(a, b Pair[int, string]) int { return a.First - b.First }))
}`

func TestTheWaitingLinkerMakesTheSameProgram(t *testing.T) {
	c := ahead(t)
	c.write(filepath.Join(c.module, "lib", "greet", "greet.go"), `package greet

import "errors"

type Greeting struct{ Words string }

func (g Greeting) Greet() string { return g.Words }

var ErrSilent = errors.New("silent")

func Map[T any](v T) map[string][]T { return map[string][]T{"greetings": {v}} }

func Hello() string { return "hello" }
`)
	source := "import (\"encoding/json\"; \"errors\"; \"fmt\"; \"maps\"; \"reflect\"; \"slices\"; \"example.com/lesson/lib/greet\")\n" + manySided
	plain := c.cell(source)
	if strings.Count(plain, "\n") != 3 || !strings.HasPrefix(plain, `{"First":{"side":3},"Second":["order0","order","init"]} <nil> <nil> 9`) {
		t.Fatalf("Go's linker: %s", plain)
	}
	c.awaits(1)
	c.withoutGosLinker()
	c.asked()
	c.wants("output by the linker that waited", c.cell(source+"\n"), plain)
	c.awaits(1)
	c.wants("and again", c.cell(source+"\n\n"), plain)
	c.wants("asked", c.asked(), "")
	c.awaits(1)
}

func TestAWaitingLinkerIsNotNeeded(t *testing.T) {
	c := ahead(t)
	c.cell(hello)
	c.awaits(1)
	if !c.pkill("-KILL") {
		t.Fatal("no linker waits")
	}
	c.wants("output after it was killed", c.cell(hello+"\n"), "hello\n")

	c.awaits(1)
	c.write(filepath.Join(c.module, "lib", "greet", "greet.go"), "package greet\n\nfunc Hello() string { return \"good day\" }\n")
	c.wants("output after an edit of the library", c.cell(hello), "good day\n")
	c.awaits(1)
}

func TestAWaitingLinkerEndsWithItsKernel(t *testing.T) {
	c := ahead(t)
	for _, how := range []string{"folder", "process"} {
		if err := os.MkdirAll(c.cells, 0o755); err != nil {
			t.Fatal(err)
		}
		kernel := exec.Command("sleep", "300")
		if err := kernel.Start(); err != nil {
			t.Fatal(err)
		}
		linker := c.command(t.Context(), c.cells, "cell", "ahead", strconv.Itoa(kernel.Process.Pid))
		if err := linker.Start(); err != nil {
			t.Fatal(err)
		}
		c.awaits(1)
		if how == "folder" {
			if err := os.RemoveAll(c.cells); err != nil {
				t.Fatal(err)
			}
		}
		if how == "process" {
			kernel.Process.Kill()
			kernel.Wait()
		}
		ended := make(chan error, 1)
		go func() { ended <- linker.Wait() }()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("the kernel's %s is gone: %v", how, err)
			}
		case <-time.After(20 * time.Second):
			t.Errorf("the kernel's %s is gone, and the linker waits", how)
			linker.Process.Kill()
		}
		if _, err := os.Stat(c.cells); err == nil {
			t.Errorf("the kernel's %s is gone, and its folder is there", how)
		}
		kernel.Process.Kill()
	}
}
