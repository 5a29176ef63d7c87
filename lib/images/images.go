// Package images opens labelled images and hands them on: folders, zips and file systems of them, single files,
// uploads, and pictures in memory.
//
// Open reads all images, checks each one and keeps the encoded bytes in memory (26 MB for NEU-DET). What was checked
// is therefore what is trained on, and no file stays open.
//
// All that takes images takes a Source. A *Set of images is one; Select, Split and KFold divide one, and Changed
// changes the pixels on the way.
package images

import (
	"fmt"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/notice"
)

// Dataset is the training, validation and test images of one source.
type Dataset struct {
	Origin     string   // the folder or zip as it was given to Open
	Synthetic  bool     // the images are procedural, not photographs
	Notice     string   // what every output made from these images must say; "" if there is nothing to say
	Note       string   // how the validation images were drawn, if the source does not tell them apart; else ""
	Classes    []string // sorted
	Train      *Set
	Validation *Set
	Test       *Set // nil if there is none
}

// Set is a list of images.
type Set struct {
	Name    string   // such as "train" or "validation"
	Classes []string // of the whole data set, sorted; nil if the images have no labels
	Origin  string   // where the images come from: the folder or zip
	Notice  string   // what every result made from these images must say; "" if there is nothing to say
	Images  []Image  // from Open: sorted by class, then by file name, as tf.keras.utils.image_dataset_from_directory does
}

// Of makes a set of single images, such as uploads. It has no classes; those of a data set can be filled in. Its Notice
// names images of less than 16 pixels in height or width.
func Of(images ...Image) *Set { return &Set{Name: "images", Images: images, Notice: tooSmall(images)} }

// Counts is the number of images per class, in the order of s.Classes. Images of unknown class are not counted.
func (s *Set) Counts() []int {
	counts := make([]int, len(s.Classes))
	for _, f := range s.Images {
		if f.Label >= 0 && f.Label < len(counts) {
			counts[f.Label]++
		}
	}
	return counts
}

// Labels is the class index of each image, in the order of s.Images.
func (s *Set) Labels() []int {
	labels := make([]int, len(s.Images))
	for i, f := range s.Images {
		labels[i] = f.Label
	}
	return labels
}

// Subset keeps the first perClass images of each class, and all images of a class that has fewer.
func (s *Set) Subset(perClass int) *Set {
	var kept []int
	counts := make([]int, len(s.Classes))
	for i, f := range s.Images {
		if f.Label >= 0 && f.Label < len(counts) && counts[f.Label] < perClass {
			counts[f.Label]++
			kept = append(kept, i)
		}
	}
	return s.only(kept)
}

// Without tells the images of one class apart, as if nobody knew that class: known are the others, whose labels index the
// classes that are left; unknown are those of the class, without labels. It is an error if there is no such class.
func (s *Set) Without(class string) (known, unknown *Set, err error) {
	label := slices.Index(s.Classes, class)
	if label < 0 {
		return nil, nil, fmt.Errorf("%s without class %s: it has the classes %q", s.Name, class, s.Classes)
	}
	var others, those []int
	for i, f := range s.Images {
		if f.Label == label {
			those = append(those, i)
		} else {
			others = append(others, i)
		}
	}
	known, unknown = s.only(others), s.only(those)
	known.Name, unknown.Name = s.Name+" without "+class, class
	known.Classes, unknown.Classes = slices.Delete(slices.Clone(s.Classes), label, label+1), nil
	for i := range known.Images {
		if known.Images[i].Label > label {
			known.Images[i].Label--
		}
	}
	for i := range unknown.Images {
		unknown.Images[i].Label = -1
	}
	return known, unknown, nil
}

func (s *Set) only(indices []int) *Set {
	chosen := *s
	chosen.Images = make([]Image, len(indices))
	for k, i := range indices {
		chosen.Images[k] = s.Images[i]
	}
	return &chosen
}

// String is one line, after what Keras prints when it opens a folder.
func (s *Set) String() string {
	if len(s.Classes) == 0 {
		return fmt.Sprintf("%s: %d files", s.Name, len(s.Images))
	}
	return fmt.Sprintf("%s: found %d files belonging to %d classes (%s)",
		s.Name, len(s.Images), len(s.Classes), s.balance())
}

// balance is "240 each" or "crazing 240, inclusion 239, …".
func (s *Set) balance() string {
	counts := s.Counts()
	if slices.Max(counts) == slices.Min(counts) {
		return fmt.Sprintf("%d each", counts[0])
	}
	parts := make([]string, len(counts))
	for label, n := range counts {
		parts[label] = fmt.Sprintf("%s %d", s.Classes[label], n)
	}
	return strings.Join(parts, ", ")
}

// String says in a few lines where the images come from, which classes they have and how many there are of each.
func (d *Dataset) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "source: %s\n", d.Origin)
	if d.Notice != "" {
		fmt.Fprintf(&b, "notice: %s\n", d.Notice)
	}
	if d.Note != "" {
		fmt.Fprintf(&b, "note: %s\n", d.Note)
	}
	fmt.Fprintf(&b, "classes: %s\n", strings.Join(d.Classes, ", "))
	for _, s := range d.sets() {
		fmt.Fprintln(&b, s)
	}
	return b.String()
}

// sets are those of the splits that there are.
func (d *Dataset) sets() []*Set {
	return slices.DeleteFunc([]*Set{d.Train, d.Validation, d.Test}, func(s *Set) bool { return s == nil })
}

// All gives the images of all splits together, sorted by class and name, as k-fold cross-validation wants them.
func (d *Dataset) All() *Set { return join("all", d.sets()) }

func join(name string, sets []*Set) *Set {
	all := *sets[0]
	all.Name, all.Images = name, nil
	for _, s := range sets {
		if s != nil {
			all.Images = append(all.Images, s.Images...)
		}
	}
	slices.SortStableFunc(all.Images, func(a, b Image) int {
		if a.Label != b.Label {
			return a.Label - b.Label
		}
		return strings.Compare(a.Name, b.Name)
	})
	return &all
}

// Split gives the data set with other validation images: a share of the training and validation images of each class,
// drawn by the function Split. The test images stay as they are.
func (d *Dataset) Split(share float64, seed int64) (*Dataset, error) {
	rest, part, err := Split(join("all", []*Set{d.Train, d.Validation}), share, seed)
	if err != nil {
		return nil, err
	}
	drawn := *d
	drawn.Train, drawn.Validation = rest.(*Set), part.(*Set)
	drawn.Train.Name, drawn.Validation.Name = splitNames[train], splitNames[validation]
	if d.Test != nil {
		drawn.Test = d.Test.only(sequence(d.Test.Len())) // its notice may change
	}
	drawn.Note = fmt.Sprintf("%.4g %% of the images of each class are drawn for validation, seed %d", share*100, seed)
	drawn.giveNotice()
	return &drawn, nil
}

// giveNotice fills in the notices of the data set and its splits.
func (d *Dataset) giveNotice() {
	d.Notice = ""
	if d.Synthetic {
		d.Notice = SyntheticNotice
	}
	d.Notice = notice.Join(append([]string{d.Notice}, d.repeated()...)...)
	for _, s := range d.sets() {
		s.Notice = d.Notice
	}
}
