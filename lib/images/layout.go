package images

import (
	"io"
	"maps"
	"path"
	"slices"
	"strings"
)

// entry is a file or folder of the source, before anything is known about it.
type entry struct {
	path string // in the source, with slashes
	name string // below the folder around all others; for problems
	dir  bool
	bad  string                        // what is wrong with it and what to do; "" if nothing
	size int64                         // as the source claims
	open func() (io.ReadCloser, error) // nil for folders
}

const (
	maxEntries   = 100_000
	maxTotalSize = 512 << 20 // bytes of all images together; NEU-DET has 26 MB
	markerName   = "SYNTHETIC"
	badName      = "has a name that is not UTF-8: rename it"
)

// The splits, in the order in which a data set holds them.
const (
	train = iota
	validation
	test
)

var splitNames = [...]string{"train", "validation", "test"}

// splitOf gives the split that a folder of this name holds, or −1.
func splitOf(name string) int {
	switch strings.ToLower(name) {
	case "train":
		return train
	case "val", "valid", "validation":
		return validation
	case "test":
		return test
	}
	return -1
}

// layout is where the images of a source lie: root/[split/][inner/]class/image.
type layout struct {
	root   string                  // the one folder around all others, with a slash, or ""
	splits bool                    // the source tells training from validation images
	folder [len(splitNames)]string // of each split; "" if there is none
	inner  bool                    // there is a folder "images" between split and class
}

// arrange finds the layout of a source and adds to found what makes it unclear.
func arrange(source string, entries []entry, found *problems) (layout, error) {
	var l layout
	top, second := map[string]bool{}, map[string]bool{} // folders here, and folders with splits
	images := map[int]map[string]bool{2: {}, 3: {}}     // by the depth of an image: the folder at the top
	for _, e := range entries {
		parts := strings.Split(e.path, "/")
		depth := len(parts)
		if ignored(parts) || depth == 1 && !e.dir {
			continue
		}
		top[parts[0]] = true
		if depth > 2 || depth == 2 && e.dir {
			second[parts[0]] = second[parts[0]] || splitOf(parts[1]) >= 0
		}
		if !e.dir && isImageName(e.path) && images[depth] != nil {
			images[depth][parts[0]] = true
		}
	}
	hasSplit := func(name string) bool { return second[name] }
	isSplit := func(name string) bool { return splitOf(name) >= 0 }
	names := slices.Sorted(maps.Keys(top))
	switch {
	case slices.ContainsFunc(names, isSplit):
		l.splits = true
	case slices.ContainsFunc(names, hasSplit):
		l.splits = true
		names = slices.DeleteFunc(names, func(name string) bool { return !hasSplit(name) })
		if len(names) > 1 {
			return l, severalHere(source, names[0], names[1])
		}
		l.root = names[0] + "/"
	case len(images[2]) == 0 && len(images[3]) == 1:
		for name := range images[3] {
			l.root = name + "/"
		}
	}
	if l.splits {
		l.nameSplits(entries, found)
	}
	return l, nil
}

// nameSplits finds the folders of the splits and whether classes lie in "images" there.
func (l *layout) nameSplits(entries []entry, found *problems) {
	folders := map[string]int{}
	for _, e := range entries {
		inside, ok := strings.CutPrefix(e.path, l.root)
		parts := strings.Split(inside, "/")
		if split := splitOf(parts[0]); ok && split >= 0 && (len(parts) > 1 || e.dir) && !ignored(parts) {
			folders[parts[0]] = split
			l.inner = l.inner || len(parts) >= 3 && parts[1] == "images" && (len(parts) > 3 || e.dir)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(folders)) {
		if split := folders[name]; l.folder[split] == "" {
			l.folder[split] = name
		} else {
			found.add(name, "holds %s images, and so does %s: keep one of them", splitNames[split], l.folder[split])
		}
	}
}

// class is the folder of a class, relative to the root.
func (l *layout) class(split int, class string) string {
	if !l.splits {
		return class
	}
	folder := l.folder[split]
	if folder == "" {
		folder = splitNames[split]
	}
	if l.inner {
		folder = path.Join(folder, "images")
	}
	return path.Join(folder, class)
}

// place says to which split and class an entry belongs, or else split −1. what is not empty if it should not be where it
// is. Without splits all belong to training.
func (l *layout) place(e entry) (split int, class, what string) {
	parts := strings.Split(e.name, "/")
	if ignored(parts) {
		return -1, "", ""
	}
	split = train
	inClass := true
	if l.splits {
		split = splitOf(parts[0])
		inClass, parts = split >= 0, parts[1:]
		if l.inner {
			inClass = inClass && len(parts) > 0 && parts[0] == "images"
			parts = parts[min(1, len(parts)):]
		}
	}
	switch depth := len(parts); {
	case inClass && e.dir && depth == 1, inClass && !e.dir && depth == 2 && isImageName(e.name):
		return split, parts[0], ""
	case inClass && !e.dir && depth == 2:
		return -1, parts[0], "is misplaced: it is no .jpg, .jpeg, .png or .bmp: move it out of the class folder"
	case inClass && depth > 1:
		return -1, parts[0], "is misplaced: class folders hold images only: move it up or remove it"
	case !e.dir && isImageName(e.name):
		return -1, "", "is misplaced: move it to " + l.class(max(split, train), "<class>")
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

// ignored reports whether a path is what file managers and archivers leave behind.
func ignored(parts []string) bool {
	base := parts[len(parts)-1]
	return base == "Thumbs.db" || base == "desktop.ini" || slices.Contains(parts, "__MACOSX") ||
		slices.ContainsFunc(parts, func(part string) bool { return strings.HasPrefix(part, ".") })
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
