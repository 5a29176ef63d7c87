package files

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func names(t *testing.T, folder string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestReplaceRemovesWhatKilledProcessesHaveLeft(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "f[1].h5")
	others := []string{".f[1].h5.7.tmp.txt", ".f[1].h5.old.7.tmp", ".f[1].h5.tmp", ".g.h5.7.tmp", "f[1].h5.7.tmp"}
	for _, name := range append([]string{".f[1].h5.7.tmp", ".f[1].h5.123456.tmp"}, others...) {
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := WriteFile(path, []byte("new")); err != nil {
		t.Fatal(err)
	}
	if got := names(t, folder); !slices.Equal(got, slices.Sorted(slices.Values(append(others, "f[1].h5")))) {
		t.Errorf("the folder holds %q", got)
	}
}

func TestReplaceLeavesWhatIsBeingWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	err := Replace(path, func(w io.Writer) error {
		if _, err := io.WriteString(w, "first"); err != nil {
			return err
		}
		return WriteFile(path, []byte("second")) // as another process would
	})
	if b, failed := os.ReadFile(path); err != nil || failed != nil || string(b) != "first" {
		t.Errorf("the file holds %q, %v, %v", b, err, failed)
	}
	if got := names(t, filepath.Dir(path)); !slices.Equal(got, []string{"f"}) {
		t.Errorf("the folder holds %q", got)
	}
}

func TestWriteErrorsNameTheFileOnceAndSayWhatToDo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	for _, c := range []struct {
		err   error
		space bool
	}{
		{syscall.ENOSPC, true},
		{&fs.PathError{Op: "write", Path: filepath.Join(filepath.Dir(path), ".f.1.tmp"), Err: syscall.EFBIG}, true},
		{&fs.PathError{Op: "open", Path: "/elsewhere", Err: syscall.EACCES}, false},
	} {
		err := Replace(path, func(io.Writer) error { return c.err })
		var failed *WriteError
		if text := err.Error(); !errors.As(err, &failed) || failed.Path != path || !errors.Is(err, c.err) || strings.Count(text, path) != 1 ||
			strings.Contains(text, ".tmp") || strings.Contains(text, "free some space") != c.space {
			t.Error(err)
		}
	}
}

func TestOpenRefusesWhatIsNoFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if _, err := Open(path); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if err := WriteFile(path, nil); err != nil {
		t.Fatal(err)
	}
	if f, err := Open(path); err != nil {
		t.Error(err)
	} else {
		f.Close()
	}
	places := []string{filepath.Dir(path)}
	if runtime.GOOS != "windows" {
		places = append(places, os.DevNull)
	}
	for _, path := range places {
		if _, err := Open(path); !errors.Is(err, ErrNoFile) || !strings.Contains(err.Error(), path) {
			t.Error(err)
		}
	}
}
