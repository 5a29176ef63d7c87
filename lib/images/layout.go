package images

import (
	"io"
	"path"
	"slices"
	"strings"
)

// entry is a file or folder of the source, before anything is known about it.
type entry struct {
	name string // relative to NEU-DET, with slashes
	dir  bool
	size int64                         // as the source claims
	open func() (io.ReadCloser, error) // nil for folders
}

const (
	maxEntries   = 100_000
	maxTotalSize = 512 << 20 // bytes of all images together; NEU-DET has 26 MB
	markerName   = "SYNTHETIC"
)

var splitNames = []string{"train", "validation"}

// dataset sorts entries into splits and classes, and adds to found what does not fit. The files have no content yet:
// contents[split][i] opens file i of that split.
func dataset(source string, entries []entry, found *problems) (d *Dataset, contents [2][]entry) {
	d = &Dataset{Origin: source}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	images := map[string][2][]entry{} // by class
	for i, e := range entries {
		if e.name == markerName {
			d.Synthetic, d.Notice = true, syntheticNotice
			continue
		}
		if i > 0 && e.name == entries[i-1].name && !(e.dir && entries[i-1].dir) {
			found.add(e.name, "is there twice: remove one")
			continue
		}
		split, class, what := place(e)
		if what != "" {
			found.add(e.name, "%s", what)
		}
		if split < 0 {
			continue
		}
		both := images[class]
		if !e.dir {
			both[split] = append(both[split], e)
		}
		images[class] = both
	}
	for class := range images {
		d.Classes = append(d.Classes, class)
	}
	slices.Sort(d.Classes)

	d.Train = &Set{Name: splitNames[0], Classes: d.Classes, Origin: d.Origin, Notice: d.Notice}
	d.Validation = &Set{Name: splitNames[1], Classes: d.Classes, Origin: d.Origin, Notice: d.Notice}
	for label, class := range d.Classes {
		for i, split := range []*Set{d.Train, d.Validation} {
			if len(images[class][i]) == 0 {
				found.add(path.Join(split.Name, "images", class), "has no images: put the images of class %s there", class)
			}
			for _, e := range images[class][i] {
				if other := namedFor(path.Base(e.name), d.Classes); other != "" && other != class {
					found.add(e.name, "is misplaced: it is named for class %s: move it to %s", other,
						path.Join(split.Name, "images", other))
				}
				split.Images = append(split.Images, Image{Label: label, name: e.name})
				contents[i] = append(contents[i], e)
			}
		}
	}
	if len(d.Classes) == 1 {
		found.add("", "only one class, %s: there is nothing to tell apart; add the other classes", d.Classes[0])
	}
	return d, contents
}

// place says to which split and class an entry belongs, or else split -1. what is not empty if it should not be
// where it is.
func place(e entry) (split int, class, what string) {
	parts := strings.Split(e.name, "/")
	if ignored(parts) {
		return -1, "", ""
	}
	split = slices.Index(splitNames, parts[0])
	inClass := split >= 0 && len(parts) >= 3 && parts[1] == "images"
	switch {
	case inClass && e.dir && len(parts) == 3, inClass && !e.dir && len(parts) == 4 && isImageName(e.name):
		return split, parts[2], ""
	case inClass && !e.dir && len(parts) == 4:
		return -1, "", "is misplaced: it is no .jpg, .jpeg, .png or .bmp: move it out of the class folder"
	case inClass && len(parts) > 3:
		return -1, "", "is misplaced: class folders hold images only: move it up or remove it"
	case !e.dir && isImageName(e.name):
		return -1, "", "is misplaced: move it to train/images/<class> or validation/images/<class>"
	}
	return -1, "", "" // annotations, texts
}

func isImageName(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".jpg", ".jpeg", ".png", ".bmp":
		return true
	}
	return false
}

// ignored is true for what file managers and archivers leave behind.
func ignored(parts []string) bool {
	base := parts[len(parts)-1]
	return strings.HasPrefix(base, ".") || base == "Thumbs.db" || base == "desktop.ini" ||
		slices.Contains(parts, "__MACOSX")
}

// namedFor is the class that a file name such as "rolled-in_scale_17.jpg" tells, or "".
func namedFor(base string, classes []string) string {
	stem := strings.TrimSuffix(base, path.Ext(base))
	cut := strings.LastIndexByte(stem, '_')
	if cut < 0 || strings.Trim(stem[cut+1:], "0123456789") != "" || !slices.Contains(classes, stem[:cut]) {
		return ""
	}
	return stem[:cut]
}
