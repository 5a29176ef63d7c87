package images

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// Open reads a data set from a folder, or from a zip without unpacking it. How the images lie is found out:
//
//	{train,validation,test}/CLASS/IMAGE          test may be missing; val and valid are validation as well
//	{train,validation,test}/images/CLASS/IMAGE   as NEU-DET is published
//	CLASS/IMAGE
//
// each as it is or inside one folder. Without validation images, a fifth of each class is drawn for validation, with seed
// 100; the data set says so in Note, and its method Split draws others.
//
// Every image is decoded once before Open returns, unless the same content was found whole before (the cache folder
// remembers that by hash). All that is wrong is in one *BadDataError: files that are empty, truncated, larger than
// MaxSide, no images, misplaced or there twice, the same image in two classes, and classes that lack images in a split.
// The same image in two splits is told in Notice. A file named SYNTHETIC marks images that are not photographs.
func Open(name string) (*Dataset, error) {
	info, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open data: %s does not exist: name a folder or zip of images; expected: %s", name, expectedLayout)
	} else if err != nil {
		return nil, fmt.Errorf("open data: %w", err)
	}
	var d *Dataset
	switch {
	case info.IsDir():
		file := func(path string) string { return filepath.Join(name, filepath.FromSlash(path)) }
		d, err = openTree(os.DirFS(name), name, file, func(path string) (io.ReadCloser, error) { return openFile(file(path)) })
	case info.Mode().IsRegular():
		d, err = openZipFile(name)
	default:
		err = fmt.Errorf("%s is neither a folder nor a zip: name one", name)
	}
	if err != nil {
		return nil, fmt.Errorf("open data: %w", err)
	}
	return d, nil
}

// OpenFS is Open for a file system, such as an embedded one. origin names it in messages and results.
func OpenFS(fsys fs.FS, origin string) (d *Dataset, err error) {
	switch archive := fsys.(type) {
	case *zip.Reader: // as a file system it would hide paths that leave it
		d, err = openArchive(archive, origin)
	case *zip.ReadCloser:
		d, err = openArchive(&archive.Reader, origin)
	default:
		d, err = openTree(fsys, origin, func(path string) string { return origin + ":" + path },
			func(path string) (io.ReadCloser, error) { return fsys.Open(path) })
	}
	if err != nil {
		return nil, fmt.Errorf("open data: %w", err)
	}
	return d, nil
}

// maxDepth ends the walk below the folder that holds the splits: a class folder has depth 3, and links may form a circle.
const maxDepth = 5

// openTree reads a data set from a file system; nameOf makes the names of its images from their paths.
func openTree(fsys fs.FS, origin string, nameOf func(path string) string, open func(path string) (io.ReadCloser, error)) (
	*Dataset, error) {
	w := walker{fsys: fsys, origin: origin, open: open}
	start, err := w.start()
	if err != nil {
		return nil, err
	}
	if start != "." {
		if _, err := fs.Stat(fsys, markerName); err == nil {
			w.entries = append(w.entries, entry{path: markerName})
		}
	}
	if err := w.walk(start, 0); err != nil {
		return nil, err
	}
	return load(origin, nameOf, w.entries, nil)
}

type walker struct {
	fsys    fs.FS
	origin  string
	open    func(path string) (io.ReadCloser, error)
	entries []entry
}

// start is the folder to walk: the only one here that holds splits, so that what lies beside it costs nothing.
func (w *walker) start() (string, error) {
	items, err := fs.ReadDir(w.fsys, ".")
	if err != nil {
		return "", err
	}
	start := "."
	for _, item := range items {
		if splitOf(item.Name()) >= 0 && isDir(w.fsys, item.Name()) {
			return ".", nil
		}
	}
	for _, item := range items {
		if ignored([]string{item.Name()}) || !utf8.ValidString(item.Name()) || !isDir(w.fsys, item.Name()) {
			continue
		}
		inside, _ := fs.ReadDir(w.fsys, item.Name()) // an error comes back in walk
		for _, in := range inside {
			if splitOf(in.Name()) >= 0 && isDir(w.fsys, path.Join(item.Name(), in.Name())) {
				if start != "." {
					return "", severalHere(w.origin, start, item.Name())
				}
				start = item.Name()
				break
			}
		}
	}
	return start, nil
}

func isDir(fsys fs.FS, name string) bool {
	info, err := fs.Stat(fsys, name)
	return err == nil && info.IsDir()
}

// walk lists a folder. Links are followed.
func (w *walker) walk(folder string, depth int) error {
	items, err := fs.ReadDir(w.fsys, folder)
	if err != nil {
		w.entries = append(w.entries, entry{path: folder, dir: true, bad: fmt.Sprintf("cannot be read: %v", err)})
		return nil
	}
	for _, item := range items {
		inside := path.Join(folder, item.Name())
		e := entry{path: inside}
		switch info, err := fs.Stat(w.fsys, inside); {
		case !utf8.ValidString(inside):
			e.bad = badName
		case err != nil:
			e.bad = fmt.Sprintf("cannot be read: %v", err)
		case info.IsDir():
			e.dir = true
		case !info.Mode().IsRegular():
			e.bad = "is neither a file nor a folder: remove it"
		default:
			e.size = info.Size()
			e.open = func() (io.ReadCloser, error) { return w.open(inside) }
		}
		if w.entries = append(w.entries, e); len(w.entries) > maxEntries {
			return tooMany(w.origin)
		}
		if e.dir && depth+1 < maxDepth && !strings.HasPrefix(item.Name(), ".") {
			if err := w.walk(inside, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

func tooMany(source string) error {
	return fmt.Errorf("%s holds more than %d files: name the folder or zip that holds only the images", source, maxEntries)
}

func severalHere(source, a, b string) error {
	return fmt.Errorf("%s holds several data sets, such as %s and %s: name one of them", source, a, b)
}
