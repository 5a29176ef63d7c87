package images

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/files"
)

const syntheticNotice = "synthetic images (procedural), not NEU-DET"

// howToGet ends errors that mean that there is no data.
const howToGet = "download https://www.kaggle.com/datasets/kaustubhdikshit/neu-surface-defect-database by hand " +
	"and set NEU_DET_DIR to the zip or to the unpacked folder"

// Open reads a data set: the folder NEU-DET, its parent, or the zip that Kaggle serves, without unpacking it. A folder
// of other classes in the same layout opens as well.
//
// Every image is decoded once before Open returns, unless the same content was found whole before (the cache folder
// remembers that by hash). All that is wrong is in one *BadDataError: files that are empty, truncated, larger than
// MaxSide, no images, misplaced or there twice, and classes that lack images in a split.
func Open(name string) (*Dataset, error) {
	info, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open data: %s does not exist: correct the path, or %s", name, howToGet)
	} else if err != nil {
		return nil, fmt.Errorf("open data: %w", err)
	}
	var d *Dataset
	switch {
	case info.IsDir():
		d, err = openFolder(name)
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

// maxDepth ends the walk below NEU-DET: a class folder has depth 3, and links may form a circle.
const maxDepth = 5

func openFolder(source string) (*Dataset, error) {
	root := source
	if isDir(filepath.Join(source, "NEU-DET")) && !hasSplit(source) {
		root = filepath.Join(source, "NEU-DET")
	}
	var found problems
	if !hasSplit(root) {
		found.add("", "no folder train or validation here: name the folder NEU-DET or the one that holds it; or %s", howToGet)
		return nil, found.err(source)
	}
	var entries []entry
	if _, err := os.Stat(filepath.Join(source, markerName)); err == nil && root != source {
		entries = append(entries, entry{name: markerName})
	}
	if err := walk(root, "", &entries, &found); err != nil {
		return nil, err
	}
	return load(source, root+string(filepath.Separator), entries, found)
}

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

func hasSplit(root string) bool {
	return isDir(filepath.Join(root, splitNames[0])) || isDir(filepath.Join(root, splitNames[1]))
}

// walk lists the folder name below root. Links are followed.
func walk(root, name string, entries *[]entry, found *problems) error {
	items, err := os.ReadDir(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		found.add(name, "cannot be read: %v", err)
		return nil
	}
	for _, item := range items {
		inside := path.Join(name, item.Name())
		file := filepath.Join(root, filepath.FromSlash(inside))
		info, err := os.Stat(file)
		if err != nil {
			found.add(inside, "cannot be read: %v", err)
			continue
		}
		e := entry{name: inside, dir: info.IsDir(), size: info.Size()}
		if !e.dir && !info.Mode().IsRegular() {
			found.add(inside, "is neither a file nor a folder: remove it")
			continue
		}
		if !e.dir {
			e.open = func() (io.ReadCloser, error) { return os.Open(file) }
		}
		if *entries = append(*entries, e); len(*entries) > maxEntries {
			return tooMany(root)
		}
		if e.dir && strings.Count(inside, "/")+1 < maxDepth && !strings.HasPrefix(item.Name(), ".") {
			if err := walk(root, inside, entries, found); err != nil {
				return err
			}
		}
	}
	return nil
}

func tooMany(source string) error {
	return fmt.Errorf("%s holds more than %d files: name the folder or zip that holds only NEU-DET", source, maxEntries)
}

// load reads and checks all images; prefix makes their Path from the name inside the data set.
func load(source, prefix string, entries []entry, found problems) (*Dataset, error) {
	d, contents := dataset(source, entries, &found)
	if len(d.Train.Images)+len(d.Validation.Images) == 0 {
		found.add("", "no images: %s", howToGet)
		return nil, found.err(source)
	}
	var total int64
	for _, e := range slices.Concat(contents[0], contents[1]) {
		total += min(e.size, maxFileSize)
	}
	if total > maxTotalSize {
		return nil, fmt.Errorf("%s holds images of %d MB, the limit is %d MB: use fewer or smaller ones",
			source, total>>20, maxTotalSize>>20)
	}
	var checked []*Image
	for i, split := range []*Set{d.Train, d.Validation} {
		failed := make([]error, len(split.Images))
		parallel(len(split.Images), func(k int) {
			f := &split.Images[k]
			f.Name = prefix + filepath.FromSlash(f.name)
			if f.data, failed[k] = read(contents[i][k]); failed[k] == nil {
				f.hash = sha256.Sum256(f.data)
			}
		})
		for k, err := range failed {
			if err != nil {
				found.add(split.Images[k].name, "%v", err)
			} else {
				checked = append(checked, &split.Images[k])
			}
		}
	}
	check(checked, &found)
	if err := found.err(source); err != nil {
		return nil, err
	}
	return d, nil
}

// read takes no more memory than the entry claims, however much a hostile zip then delivers.
func read(e entry) ([]byte, error) {
	if e.size > maxFileSize {
		return nil, fmt.Errorf("is too large: %d MB, the limit is %d MB: scale it down", e.size>>20, maxFileSize>>20)
	}
	r, err := e.open()
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, e.size+1))
	if err != nil {
		return nil, fmt.Errorf("is damaged or truncated (%w): get it again", err)
	}
	if int64(len(data)) != e.size {
		return nil, fmt.Errorf("is damaged: it should have %d bytes: get it again", e.size)
	}
	return data, nil
}

// check decodes all files, unless these very contents could be decoded before.
func check(checked []*Image, found *problems) {
	h := sha256.New()
	fmt.Fprintf(h, "%s %d\n", runtime.Version(), MaxSide) // what decides whether a file can be decoded
	for _, f := range checked {
		h.Write(f.hash[:])
	}
	record := ""
	if cache, err := files.CacheDir(); err == nil {
		record = filepath.Join(cache, "decodable", fmt.Sprintf("%x", h.Sum(nil)))
	}
	if _, err := os.Stat(record); err == nil {
		return
	}
	failed := make([]error, len(checked))
	parallel(len(checked), func(i int) { _, failed[i] = decode(checked[i].data) })
	whole := true
	for i, err := range failed {
		if err != nil {
			found.add(checked[i].name, "%v", err)
			whole = false
		}
	}
	if whole && record != "" {
		// Only speed depends on the record, so that a cache that cannot be written is no error. The empty file is
		// there or not, never half.
		if os.MkdirAll(filepath.Dir(record), 0o755) == nil {
			os.WriteFile(record, nil, 0o644)
		}
	}
}
