package files

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/gofrs/flock"
)

// temporary makes a hidden file beside path. It is locked while this process writes it, which tells it from what a killed
// process has left.
func temporary(path string) (f *os.File, unlock func(), err error) {
	for {
		f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
		if err != nil {
			return nil, nil, err
		}
		if runtime.GOOS == "windows" { // there, an open file cannot be removed anyway, and a locked one not be written
			return f, func() {}, nil
		}
		l := flock.New(f.Name(), flock.SetFlag(os.O_RDONLY))
		locked, err := l.TryLock()
		unlock = func() { l.Close() }
		mine, failed := f.Stat()
		there, gone := os.Stat(f.Name())
		switch {
		case failed == nil && gone == nil && os.SameFile(mine, there) && (locked || err != nil):
			return f, unlock, nil // err: a file system without locks, where nothing is removed either
		case failed != nil:
			return nil, nil, failed
		}
		unlock() // it was taken for a leftover before it was locked
		f.Close()
	}
}

// removeLeftovers removes the temporary files of path that no living process holds.
func removeLeftovers(path string) {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return
	}
	for _, e := range entries {
		number, ok := strings.CutPrefix(e.Name(), "."+filepath.Base(path)+".")
		number, temporary := strings.CutSuffix(number, ".tmp")
		if !ok || !temporary || number == "" || strings.Trim(number, "0123456789") != "" || !e.Type().IsRegular() {
			continue
		}
		left := filepath.Join(filepath.Dir(path), e.Name())
		if runtime.GOOS == "windows" {
			os.Remove(left)
			continue
		}
		l := flock.New(left, flock.SetFlag(os.O_RDONLY))
		if locked, err := l.TryLock(); locked && err == nil {
			os.Remove(left)
		}
		l.Close()
	}
}
