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

// openZip reads the images straight from the archive. Nothing is written to disk, so that hostile names cannot do
// harm; they are an error all the same, since no honest archive has them.
func openZip(r io.ReaderAt, size int64, name string) (*Dataset, error) {
	archive, err := zip.NewReader(r, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // insecure paths are reported below, all of them
		return nil, fmt.Errorf("%s is no zip, or a truncated one of %d bytes (%w): download it again; or %s",
			name, size, err, howToGet)
	}
	if len(archive.File) > maxEntries {
		return nil, tooMany(name)
	}
	var found problems
	prefix := zipPrefix(archive.File)
	var entries []entry
	for _, f := range archive.File {
		inside, ok := strings.CutPrefix(f.Name, prefix)
		switch {
		case !safe(f.Name):
			found.add(f.Name, "is a path that leaves the folder: do not trust this archive, download it again")
		case f.Mode()&fs.ModeType&^fs.ModeDir != 0:
			found.add(f.Name, "is a link or device: do not trust this archive, download it again")
		case f.Flags&1 != 0:
			found.add(f.Name, "is encrypted: unpack the archive and name the folder")
		case f.Name == markerName && prefix != "":
			entries = append(entries, entry{name: markerName})
		case !ok || inside == "":
			if !ignored(strings.Split(f.Name, "/")) && isImageName(f.Name) {
				found.add(f.Name, "is misplaced: it lies outside %s", prefix)
			}
		case f.UncompressedSize64 > 1<<62:
			found.add(f.Name, "claims an impossible size: download the archive again")
		default:
			entries = append(entries, entry{
				name: strings.TrimSuffix(inside, "/"),
				dir:  f.FileInfo().IsDir(),
				size: int64(f.UncompressedSize64),
				open: f.Open,
			})
		}
	}
	return load(name, name+":"+prefix, entries, found)
}

// zipPrefix is "" or "NEU-DET/", whichever holds the splits.
func zipPrefix(files []*zip.File) string {
	for _, f := range files {
		if strings.HasPrefix(f.Name, splitNames[0]+"/") || strings.HasPrefix(f.Name, splitNames[1]+"/") {
			return ""
		}
	}
	return "NEU-DET/"
}

// safe is true for relative paths with slashes that stay below the folder they start in.
func safe(name string) bool {
	return fs.ValidPath(strings.TrimSuffix(name, "/")) && path.Clean(name) != "." && !strings.ContainsAny(name, "\\:\x00")
}
