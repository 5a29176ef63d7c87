//go:build unix

package images

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// within fails a test that hangs.
func within(t *testing.T, do func() error) error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- do() }()
	select {
	case err := <-done:
		return err
	case <-time.After(20 * time.Second):
		t.Fatal("hangs")
		return nil
	}
}

func TestPipesAndDevicesDoNotHang(t *testing.T) {
	ownCache(t)
	root := smallTree(t).folder(t)
	pipe := filepath.Join(root, "NEU-DET", "train", "images", "a", "a_99.jpg")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip("needs named pipes:", err)
	}
	for _, path := range []string{pipe, os.DevNull, "/dev/zero", root} {
		err := within(t, func() error { _, err := ReadFile(path); return err })
		if err == nil || !strings.Contains(err.Error(), path+" is not a file: name an image") {
			t.Error(err)
		}
	}
	err := within(t, func() error { _, err := Open(root); return err })
	if err == nil || !strings.Contains(err.Error(), "train/images/a/a_99.jpg: is neither a file nor a folder") {
		t.Error(err)
	}
	if err := within(t, func() error { _, err := OpenFS(os.DirFS(root), "here"); return err }); err == nil {
		t.Error("a pipe was taken for an image")
	}
	if err := within(t, func() error { _, err := Open(pipe); return err }); err == nil || !strings.Contains(err.Error(), "neither a folder nor a zip") {
		t.Error(err)
	}
}
