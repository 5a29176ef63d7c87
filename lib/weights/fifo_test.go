//go:build unix

package weights

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestPipesDoNotHang(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "w.h5")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip("needs named pipes:", err)
	}
	done := make(chan error, 1)
	go func() { _, err := Open(pipe); done <- err }()
	select {
	case err := <-done:
		if err == nil || !strings.Contains(err.Error(), pipe+" is not a file") {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("hangs")
	}
}
