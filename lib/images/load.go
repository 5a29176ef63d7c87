package images

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"github.com/transfer-learning-go/defects/lib/files"
	"github.com/transfer-learning-go/defects/lib/notice"
	"github.com/transfer-learning-go/defects/lib/record"
)

// SyntheticNotice is the Notice of data sets that package surfaces has drawn.
const SyntheticNotice = "synthetic images (procedural), not NEU-DET"

// item is an image on its way into a data set.
type item struct {
	*Image
	entry
	failed error
}

// load reads and checks all images; nameOf makes their names from their paths in the source.
func load(source string, nameOf func(path string) string, entries []entry, found problems) (*Dataset, error) {
	d, contents, drawn, err := dataset(source, entries, &found)
	if err != nil {
		return nil, err
	}
	var items []*item
	var total int64
	for split, s := range []*Set{d.Train, d.Validation, d.Test} {
		for i, e := range contents[split] {
			items = append(items, &item{Image: &s.Images[i], entry: e})
			total += min(e.size, maxFileSize)
		}
	}
	if len(items) == 0 {
		found.add("", "no images in class folders here, and no folder train or validation: name the folder that holds them")
		return nil, found.err(source)
	}
	if total > maxTotalSize {
		return nil, fmt.Errorf("%s holds images of %d MB, the limit is %d MB: use fewer or smaller ones",
			source, total>>20, maxTotalSize>>20)
	}
	parallel(len(items), func(i int) {
		it := items[i]
		it.Name = nameOf(it.path)
		if it.data, it.failed = read(it.entry); it.failed == nil {
			it.hash = contentHash(it.data)
		}
	})
	check(items)
	for _, it := range items {
		if it.failed != nil {
			found.add(it.name, "%v", it.failed)
		}
	}
	inTwoClasses(items, d.Classes, &found)
	if err := found.err(source); err != nil {
		return nil, err
	}
	if !drawn {
		d.giveNotice()
	} else if d, err = d.Split(drawnShare, drawnSeed); err != nil {
		return nil, err
	}
	notice.Tell(d.Notice)
	record.Tell(record.Origin{Data: filepath.Base(source)})
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

// check decodes all images that could be read, unless these very contents could be decoded before.
func check(items []*item) {
	h := sha256.New()
	fmt.Fprintf(h, "%s %s %d\n", runtime.Version(), Decoding, MaxSide) // what decides whether a file can be decoded
	whole := true
	for _, it := range items {
		h.Write(it.hash[:])
		whole = whole && it.failed == nil
	}
	record := ""
	if cache, err := files.CacheDir(); err == nil {
		record = filepath.Join(cache, "decodable", fmt.Sprintf("%x", h.Sum(nil)))
	}
	if _, err := os.Stat(record); err == nil && whole {
		return
	}
	parallel(len(items), func(i int) {
		if it := items[i]; it.failed == nil {
			_, it.failed = decode(it.data)
		}
	})
	for _, it := range items {
		whole = whole && it.failed == nil
	}
	if whole && record != "" {
		// Only speed depends on the record, so that a cache that cannot be written is no error. The empty file is
		// there or not, never half.
		if os.MkdirAll(filepath.Dir(record), 0o755) == nil {
			os.WriteFile(record, nil, 0o644)
		}
	}
}

// inTwoClasses finds images that are there twice with different labels.
func inTwoClasses(items []*item, classes []string, found *problems) {
	first := map[[sha256.Size]byte]*item{}
	for _, it := range items {
		if it.failed != nil {
			continue
		}
		other, ok := first[it.hash]
		if !ok {
			first[it.hash] = it
		} else if other.Label != it.Label {
			found.add(it.name, "is the same image as %s: it cannot be both %s and %s, remove the wrong one",
				other.name, classes[it.Label], classes[other.Label])
		}
	}
}

// repeated says which images are in several splits: results on them are too good.
func (d *Dataset) repeated() []string {
	kinds := []string{"training", "validation", "test"}
	first := map[[sha256.Size]byte]int{}
	var texts []string
	for split, s := range []*Set{d.Train, d.Validation, d.Test} {
		if s == nil {
			continue
		}
		counts := make([]int, split)
		for _, f := range s.Images {
			if other, ok := first[f.hash]; !ok {
				first[f.hash] = split
			} else if other < split && f.ID() != "" {
				counts[other]++
			}
		}
		for other, n := range counts {
			switch {
			case n == 1:
				texts = append(texts, fmt.Sprintf("1 %s image is also a %s image", kinds[split], kinds[other]))
			case n > 1:
				texts = append(texts, fmt.Sprintf("%d %s images are also %s images", n, kinds[split], kinds[other]))
			}
		}
	}
	return texts
}
