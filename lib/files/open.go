package files

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// ErrNoFile is the error of Open for what is there but no file, such as a folder, a pipe or a device.
var ErrNoFile = errors.New("is not a file")

// Open opens a file for reading. It looks before it opens, since to open a device may do something, and it does not wait
// for anybody to write into a pipe that was put there in between.
func Open(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s %w", path, ErrNoFile)
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		f.Close()
		return nil, fmt.Errorf("%s %w", path, ErrNoFile)
	}
	return f, nil
}
