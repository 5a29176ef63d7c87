//go:build unix

package weights

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain lets this test binary play a process that saves in a bad situation: see startSaver.
func TestMain(m *testing.M) {
	path := os.Getenv("WEIGHTS_TEST_SAVE")
	if path == "" {
		os.Exit(m.Run())
	}
	save := writers[os.Getenv("WEIGHTS_TEST_WRITER")]
	switch os.Getenv("WEIGHTS_TEST_HOW") {
	case "full": // no file may grow beyond 50 kB: the write fails as on a full disk
		signal.Ignore(syscall.SIGXFSZ)
		limit := syscall.Rlimit{Cur: 50_000, Max: 50_000}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			panic(err)
		}
	case "nobody":
		if err := syscall.Setuid(65534); err != nil {
			panic(err)
		}
	case "forever":
		for i := 1; ; i++ {
			if err := save(path, constantLayers(float32(i))); err != nil {
				panic(err)
			}
			fmt.Println(i)
		}
	}
	if err := save(path, constantLayers(2)); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}

func startSaver(t *testing.T, writer, path, how string) *exec.Cmd {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), "WEIGHTS_TEST_WRITER="+writer, "WEIGHTS_TEST_SAVE="+path, "WEIGHTS_TEST_HOW="+how)
	return c
}

// overOldFile runs a test for each writer, with a file that it has written before.
func overOldFile(t *testing.T, test func(t *testing.T, writer, path string)) {
	for writer, save := range writers {
		t.Run(writer, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "w.h5")
			if err := save(path, constantLayers(1)); err != nil {
				t.Fatal(err)
			}
			test(t, writer, path)
		})
	}
}

func TestFullDiskLeavesTheOldFile(t *testing.T) {
	overOldFile(t, func(t *testing.T, writer, path string) {
		output, err := startSaver(t, writer, path, "full").CombinedOutput()
		if err == nil || !strings.Contains(string(output), "cannot save "+path) {
			t.Errorf("got %v, %s", err, output)
		}
		c, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		equalLayers(t, c.Layers, constantLayers(1))
		if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
			t.Errorf("the folder holds %v", entries)
		}
	})
}

func TestNoPermissionLeavesTheOldFile(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, to become another user")
	}
	overOldFile(t, func(t *testing.T, writer, path string) {
		output, err := startSaver(t, writer, path, "nobody").CombinedOutput()
		if err == nil || !strings.Contains(string(output), "permission denied") {
			t.Errorf("got %v, %s", err, output)
		}
		if _, err := Open(path); err != nil {
			t.Error(err)
		}
	})
}

func TestKilledWhileSavingLeavesAWholeFile(t *testing.T) {
	left := 0
	overOldFile(t, func(t *testing.T, writer, path string) {
		for i := range 5 {
			c := startSaver(t, writer, path, "forever")
			out, err := c.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			var n int
			fmt.Fscan(out, &n) // the first save is done: it is now in one of the next
			time.Sleep(time.Duration(i) * 3 * time.Millisecond)
			c.Process.Kill()
			c.Wait()
			saved, err := Open(path)
			if err != nil {
				t.Fatalf("killed for the %d. time: %v", i+1, err)
			}
			equalLayers(t, saved.Layers, constantLayers(saved.Layers[0].Tensors[0].Data[0]))
			if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) > 1 {
				left++
			}
		}
		if err := writers[writer](path, constantLayers(3)); err != nil {
			t.Fatal(err)
		}
		if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
			t.Errorf("after the next save the folder holds %v", entries)
		}
	})
	if left == 0 {
		t.Error("no kill left a temporary file: the test shows nothing")
	}
}

// TestSavingOverAFileThatIsRead: who has opened the old file reads it to its end.
func TestSavingOverAFileThatIsRead(t *testing.T) {
	overOldFile(t, func(t *testing.T, writer, path string) {
		reader, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer reader.Close()
		info, err := reader.Stat()
		if err != nil {
			t.Fatal(err)
		}
		if err := writers[writer](path, constantLayers(2)); err != nil {
			t.Fatal(err)
		}
		for value, read := range map[float32]func() (*Checkpoint, error){
			1: func() (*Checkpoint, error) { return Read(reader, info.Size(), path) },
			2: func() (*Checkpoint, error) { return Open(path) },
		} {
			c, err := read()
			if err != nil {
				t.Fatal(err)
			}
			equalLayers(t, c.Layers, constantLayers(value))
		}
	})
}
