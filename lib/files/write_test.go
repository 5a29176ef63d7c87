package files

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReplaceKeepsTheOldFileUntilTheNewIsWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "f")
	if err := WriteFile(path, []byte("old")); err != nil {
		t.Fatal(err)
	}
	holds := func(want string) {
		t.Helper()
		if b, err := os.ReadFile(path); err != nil || string(b) != want {
			t.Errorf("the file holds %q, %v; want %q", b, err, want)
		}
		if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
			t.Errorf("the folder holds %v", entries)
		}
	}
	holds("old")

	broken := errors.New("broken")
	err := Replace(path, func(w io.Writer) error {
		if _, err := io.WriteString(w, "half"); err != nil {
			return err
		}
		return broken
	})
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v", err)
	}
	holds("old")

	err = Replace(path, func(w io.Writer) error {
		_, err := io.WriteString(w, "new")
		if b, _ := os.ReadFile(path); string(b) != "old" {
			t.Errorf("while the new content is written, the file holds %q", b)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	holds("new")
}

func TestReplaceLeavesNothingWhereItCannotRename(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "f")
	if err := os.MkdirAll(filepath.Join(path, "a folder in its place"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(path, nil); err == nil {
		t.Error("a folder was replaced by a file")
	}
	if entries, _ := os.ReadDir(folder); len(entries) != 1 {
		t.Errorf("the folder holds %v", entries)
	}
}
