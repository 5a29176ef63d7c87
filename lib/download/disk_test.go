//go:build unix

package download

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestMain lets this test binary play a user without rights: see TestNoPermissionSaysWhere.
func TestMain(m *testing.M) {
	path := os.Getenv("DOWNLOAD_TEST_PATH")
	if path == "" {
		os.Exit(m.Run())
	}
	if err := syscall.Setuid(65534); err != nil {
		panic(err)
	}
	fmt.Println(File(context.Background(), Request{URL: "http://127.0.0.1:1/", Path: path}))
}

// TestFullDiskLeavesNoPart writes to the device that is always full.
func TestFullDiskLeavesNoPart(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("needs /dev/full")
	}
	r := request(t, newServer(t).URL)
	if err := os.MkdirAll(filepath.Dir(r.Path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/full", r.Path+".part"); err != nil {
		t.Fatal(err)
	}
	err := File(context.Background(), r)
	wantError(t, err, "the disk is full", r.Path)
	if !errors.Is(err, syscall.ENOSPC) {
		t.Error("the error does not wrap ENOSPC")
	}
	only(t, r)
	if err := File(context.Background(), r); err != nil { // with room again
		t.Error(err)
	}
}

func TestParentThatIsAFileSaysWhere(t *testing.T) {
	r := request(t, "http://127.0.0.1:1/")
	if err := os.WriteFile(filepath.Dir(r.Path), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	wantError(t, File(context.Background(), r), "cannot make the folder for "+r.Path)
}

func TestNoPermissionSaysWhere(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, to become another user")
	}
	for _, path := range []string{filepath.Join(t.TempDir(), "f"), filepath.Join(t.TempDir(), "new", "f")} {
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), "DOWNLOAD_TEST_PATH="+path)
		output, err := c.CombinedOutput()
		if err != nil || !strings.Contains(string(output), "permission denied") || !strings.Contains(string(output), path) {
			t.Errorf("got %v, %s", err, output)
		}
	}
}
