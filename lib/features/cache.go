package features

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// File is a file of stored features.
type File struct {
	Path  string
	Bytes int64
	What  string    // what it holds, for people
	Used  time.Time // when images were last looked up in it
}

// Stored lists the files of features in the cache folder, and what earlier versions and killed processes left there.
func Stored() ([]File, error) {
	folder, err := folder()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("stored features: %w", err)
	}
	var files []File
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || !info.Mode().IsRegular() { // removed meanwhile, or not ours
			continue
		}
		f := File{Path: filepath.Join(folder, entry.Name()), Bytes: info.Size(), Used: info.ModTime()}
		f.What = describe(f)
		files = append(files, f)
	}
	return files, nil
}

const ofEarlierVersion = "features of an earlier version, read by nothing"

func describe(f File) string {
	name := filepath.Base(f.Path)
	if strings.HasSuffix(name, extension+".lock") {
		return "lock of features"
	}
	if !strings.HasSuffix(name, extension) {
		return ofEarlierVersion
	}
	if strings.HasPrefix(name, ".") {
		return "features of images of unknown content, of a process that runs or was killed"
	}
	file, err := os.Open(f.Path)
	if err != nil {
		return "features that cannot be read"
	}
	defer file.Close()
	line := make([]byte, headerSize)
	n, _ := file.ReadAt(line, 0)
	if bytes.HasPrefix(line[:n], []byte(anyMagic)) && !bytes.HasPrefix(line[:n], []byte(magic)) {
		return ofEarlierVersion
	}
	var h header
	text, ok := bytes.CutPrefix(line[:n], []byte(magic))
	if !ok || json.Unmarshal(text, &h) != nil {
		return "features of damaged or no description"
	}
	record := int64(headSize)
	values := int64(4)
	for _, d := range h.Shape {
		values *= int64(d)
	}
	record += values
	return fmt.Sprintf("features of %d images of %d×%d pixels: %d layers up to %s, %v, on %s (%s)", (f.Bytes-headerSize)/record,
		h.Input, h.Input, h.Count, h.Last, h.Shape, h.Backend, h.Maker)
}

// Clear removes what Stored lists, and returns what it removed. Features that a process is computing now are left. What
// was removed is computed again when it is needed; Features that are open stay usable, but on Windows, where their files
// cannot be removed.
func Clear() ([]File, error) {
	files, err := Stored()
	if err != nil {
		return nil, err
	}
	var removed []File
	var failed []error
	for _, f := range files {
		lock := lockOf(f.Path)
		locked, err := lock.TryLock()
		if err == nil && !locked {
			failed = append(failed, fmt.Errorf("%s is being written by a process: clear it when that has ended", f.Path))
			continue
		}
		if err := os.Remove(f.Path); err == nil {
			removed = append(removed, f)
		} else if !errors.Is(err, fs.ErrNotExist) {
			failed = append(failed, fmt.Errorf("clearing features: %w", err))
		}
		lock.Close()
	}
	return removed, errors.Join(failed...)
}
