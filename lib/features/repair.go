package features

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"syscall"

	"github.com/gofrs/flock"
)

// lock lets this process write, unless another one does: then it returns nil.
func (p *pack) lock() (unlock func(), err error) {
	if p.readOnly != nil {
		return nil, p.readOnly
	}
	l := lockOf(p.path)
	if locked, err := l.TryLock(); err != nil || !locked {
		return nil, err
	}
	return func() { l.Close() }, nil
}

func lockOf(path string) *flock.Flock {
	if runtime.GOOS == "windows" { // there, what is locked cannot be read either
		path += ".lock"
	}
	return flock.New(path, flock.SetPermissions(0o644))
}

// replaced reports whether the file was removed since it was opened.
func (p *pack) replaced() bool {
	mine, err := p.file.Stat()
	if err != nil {
		return true
	}
	now, err := os.Stat(p.path)
	return err != nil || !os.SameFile(mine, now)
}

// headed reports whether the file begins with its header, and how much of one it has.
func (p *pack) headed() (whole bool, n int, err error) {
	header := make([]byte, headerSize)
	n, err = p.file.ReadAt(header, 0)
	if err == io.EOF {
		err = nil
	}
	return string(header) == string(p.header), n, err
}

// repair brings a file into order after the lock was taken: the header, and an end without half a record, as a killed
// process leaves it. It returns how much of what was stored is damaged.
func (p *pack) repair() (damaged int, err error) {
	whole, n, err := p.headed()
	if err != nil {
		return 0, err
	}
	if !whole {
		if n == headerSize {
			damaged++
		}
		if _, err := p.file.WriteAt(p.header, 0); err != nil {
			return 0, err
		}
	}
	if err := p.scan(); err != nil {
		return 0, err
	}
	return damaged + len(p.damaged), p.file.Truncate(p.offset(p.scanned))
}

// advise adds what to do to an error of writing. Others stay as they are.
func advise(err error) error {
	var failed *fs.PathError
	remedy := ""
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC), errors.As(err, &failed) && slices.Contains([]string{"write", "truncate", "sync"}, failed.Op):
		remedy = ": free some space, or set DEFECTS_CACHE to a folder that can be written and has more"
	case failed != nil && failed.Op != "read":
		remedy = ": set DEFECTS_CACHE to a folder that can be written"
	}
	return fmt.Errorf("storing features: %w%s", err, remedy)
}
