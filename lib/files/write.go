package files

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// WriteFile replaces a file as a whole, as Replace does.
func WriteFile(path string, data []byte) error {
	return Replace(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// Replace makes path hold what write writes: readers see the old content or the new, also after a crash, on a full
// disk, or while they read. The bytes go to a hidden file beside path, which is synced and renamed; if that fails, it
// is removed. One that a killed process has left there is removed by the next Replace of the same path. Folders above path
// are made. An error is a *WriteError.
func Replace(path string, write func(io.Writer) error) error {
	if err := replace(path, write); err != nil {
		return &WriteError{path, err}
	}
	return nil
}

// WriteError is a file that could not be written, for want of space or otherwise.
type WriteError struct {
	Path string
	Err  error
}

// Error names the file once, and says what to do where the disk is full.
func (e *WriteError) Error() string {
	var failed *fs.PathError
	about, advice := e.Err.Error(), ""
	if errors.As(e.Err, &failed) && strings.HasSuffix(failed.Path, ".tmp") { // the hidden file tells nobody anything
		about = strings.Replace(about, " "+failed.Path, "", 1)
	}
	if noSpace(e.Err) {
		advice = ": free some space, or name a folder with more"
	}
	return fmt.Sprintf("cannot save %s: %s%s", e.Path, about, advice)
}

func (e *WriteError) Unwrap() error { return e.Err }

// noSpace reports whether a disk, a quota or a limit on the size of files may be the reason.
func noSpace(err error) bool {
	var failed *fs.PathError
	return errors.Is(err, syscall.ENOSPC) || errors.As(err, &failed) && slices.Contains([]string{"write", "truncate", "sync"}, failed.Op)
}

func replace(path string, write func(io.Writer) error) (err error) {
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	removeLeftovers(path)
	f, unlock, err := temporary(path)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
		unlock()
	}()
	if err := write(f); err != nil {
		return err
	}
	if err := errors.Join(f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	if dir, err := os.Open(folder); err == nil { // make the rename last, where folders can be synced
		dir.Sync()
		dir.Close()
	}
	return nil
}
