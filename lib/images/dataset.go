package images

import (
	"maps"
	"path"
	"slices"
	"strings"
)

// A share of the training images is drawn for validation where a source has no validation images.
const (
	drawnShare = 0.2
	drawnSeed  = 100
)

// dataset sorts entries into splits and classes, and adds to found what does not fit. The images have no content yet:
// contents[split][i] opens image i of that split. drawn reports whether validation images are still to be drawn.
func dataset(source string, entries []entry, found *problems) (d *Dataset, contents [len(splitNames)][]entry, drawn bool, err error) {
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.path, b.path) })
	l, err := arrange(source, entries, found)
	if err != nil {
		return nil, contents, false, err
	}
	d = &Dataset{Origin: source}
	classes := l.sort(entries, found, &d.Synthetic)
	d.Classes = slices.Sorted(maps.Keys(classes))
	drawn = !l.splits || l.folder[validation] == "" && l.folder[test] != ""

	sets := [len(splitNames)]*Set{}
	for split := range sets {
		sets[split] = &Set{Name: splitNames[split], Classes: d.Classes, Origin: source}
	}
	d.Train, d.Validation, d.Test = sets[train], sets[validation], sets[test]
	if l.folder[test] == "" {
		d.Test = nil
	}
	for label, class := range d.Classes {
		for split, s := range sets {
			images := classes[class][split]
			needed := split == train || split == validation && !drawn || split == test && d.Test != nil
			if needed && len(images) == 0 {
				found.add(l.class(split, class), "has no images: put the images of class %s there", class)
			}
			if split == train && drawn && len(images) == 1 {
				found.add(l.class(split, class), "has one image only: one more is needed for validation")
			}
			for _, e := range images {
				if other := namedFor(path.Base(e.name), d.Classes); other != "" && other != class {
					found.add(e.name, "is misplaced: it is named for class %s: move it to %s", other, l.class(split, other))
				}
				s.Images = append(s.Images, Image{Label: label})
				contents[split] = append(contents[split], e)
			}
		}
	}
	if len(d.Classes) == 1 {
		found.add("", "only one class, %s: there is nothing to tell apart; add the other classes", d.Classes[0])
	}
	return d, contents, drawn, nil
}

// sort gives the images of each class and split, and classes whose folders are empty.
func (l *layout) sort(entries []entry, found *problems, synthetic *bool) map[string][len(splitNames)][]entry {
	classes := map[string][len(splitNames)][]entry{}
	folders := map[string]bool{}      // that may be classes
	strange := map[string][]Problem{} // by such a folder: what is no image in it
	for i, e := range entries {
		inside := strings.HasPrefix(e.path, l.root)
		e.name = strings.TrimPrefix(e.path, l.root)
		switch {
		case i > 0 && e.path == entries[i-1].path && !(e.dir && entries[i-1].dir):
			found.add(e.name, "is there twice: remove one")
			continue
		case e.bad != "":
			found.add(e.name, "%s", e.bad)
			continue
		case e.name == markerName && !e.dir:
			*synthetic = true
			continue
		case !inside:
			if !e.dir && isImageName(e.name) && !ignored(strings.Split(e.name, "/")) {
				found.add(e.name, "is misplaced: it lies outside %s", l.root)
			}
			continue
		}
		split, class, what := l.place(e)
		switch {
		case what != "" && class == "":
			found.add(e.name, "%s", what)
		case what != "":
			strange[class] = append(strange[class], Problem{e.name, what})
		case split >= 0 && e.dir:
			folders[class] = true
		case split >= 0:
			splits := classes[class]
			splits[split] = append(splits[split], e)
			classes[class] = splits
		}
	}
	for class := range folders {
		if _, ok := classes[class]; !ok && len(strange[class]) == 0 {
			classes[class] = [len(splitNames)][]entry{}
		}
	}
	for class, problems := range strange {
		_, isClass := classes[class]
		for _, p := range problems {
			if isClass || isImageName(p.Path) { // else a folder of annotations and the like
				*found = append(*found, p)
			}
		}
	}
	return classes
}
