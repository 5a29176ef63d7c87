package images

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"unicode/utf8"
)

func openZipFile(name string) (*Dataset, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return openZip(f, info.Size(), name)
}

func openZip(r io.ReaderAt, size int64, name string) (*Dataset, error) {
	archive, err := zip.NewReader(r, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // insecure paths are reported below, all of them
		return nil, fmt.Errorf("%s is no zip, or a truncated one of %d bytes (%w): download it again", name, size, err)
	}
	return openArchive(archive, name)
}

// openArchive reads the images straight from the archive. Nothing is written to disk, so that hostile names cannot do
// harm; they are an error all the same, since no honest archive has them.
func openArchive(archive *zip.Reader, origin string) (*Dataset, error) {
	if len(archive.File) > maxEntries {
		return nil, tooMany(origin)
	}
	var found problems
	var entries []entry
	for _, f := range archive.File {
		e := entry{path: strings.TrimSuffix(f.Name, "/"), dir: f.FileInfo().IsDir(), size: int64(f.UncompressedSize64), open: f.Open}
		switch {
		case !utf8.ValidString(f.Name):
			found.add(f.Name, badName)
			continue
		case !safe(f.Name):
			found.add(f.Name, "is a path that leaves the folder: do not trust this archive, get it again")
			continue
		case f.Mode()&fs.ModeType&^fs.ModeDir != 0:
			e.bad = "is a link or device: do not trust this archive, get it again"
		case f.Flags&1 != 0:
			e.bad = "is encrypted: unpack the archive and name the folder"
		case f.UncompressedSize64 > 1<<62:
			e.bad = "claims an impossible size: get the archive again"
		}
		entries = append(entries, e)
	}
	return load(origin, func(path string) string { return origin + ":" + path }, entries, found)
}

// safe reports whether a path has slashes only and stays below the folder it starts in.
func safe(name string) bool {
	return fs.ValidPath(strings.TrimSuffix(name, "/")) && path.Clean(name) != "." && !strings.ContainsAny(name, "\\:\x00")
}
