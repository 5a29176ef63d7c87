// Package images opens labelled images: folders and zips of them, or single ones.
//
// Open reads all images, checks each one and keeps the encoded bytes in memory (26 MB for NEU-DET). What was checked
// is therefore what is trained on, and no file stays open.
package images

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"strings"
)

// Dataset is the training and the validation images of one source.
type Dataset struct {
	Origin     string   // the folder or zip as it was given to Open
	Synthetic  bool     // the images are procedural, not photographs
	Notice     string   // what every output made from these images must say; "" for photographs
	Classes    []string // sorted
	Train      *Set
	Validation *Set
}

// Set is a list of images of known classes.
type Set struct {
	Name    string   // "train" or "validation"
	Classes []string // of the whole data set, sorted
	Origin  string   // where the images come from: the folder or zip
	Notice  string   // what every result made from these images must say; "" for photographs
	Images  []Image  // sorted by class, then by file name, as tf.keras.utils.image_dataset_from_directory lists them
}

// Counts is the number of images per class, in the order of s.Classes. Images of unknown class are not counted.
func (s *Set) Counts() []int {
	counts := make([]int, len(s.Classes))
	for _, f := range s.Images {
		if f.Label >= 0 {
			counts[f.Label]++
		}
	}
	return counts
}

// Labels is the class index of each file, in the order of s.Files.
func (s *Set) Labels() []int {
	labels := make([]int, len(s.Images))
	for i, f := range s.Images {
		labels[i] = f.Label
	}
	return labels
}

// Subset keeps the first perClass files of each class, and all files of a class that has fewer.
func (s *Set) Subset(perClass int) *Set {
	subset := &Set{Name: s.Name, Classes: s.Classes, Origin: s.Origin, Notice: s.Notice}
	counts := make([]int, len(s.Classes))
	for _, f := range s.Images {
		if f.Label >= 0 && counts[f.Label] < perClass {
			counts[f.Label]++
			subset.Images = append(subset.Images, f)
		}
	}
	return subset
}

// Hash is the SHA-256, in hexadecimal, over the classes and the name, class and content of each file, in order. It is
// the same for a folder and for a zip of that folder, wherever they lie.
func (s *Set) Hash() string {
	h := sha256.New()
	fmt.Fprintf(h, "%q\n", s.Classes)
	for _, f := range s.Images {
		fmt.Fprintf(h, "%d %q %x\n", f.Label, path.Base(f.name), f.hash)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// String is one line, after what Keras prints when it opens a folder.
func (s *Set) String() string {
	return fmt.Sprintf("%s: found %d files belonging to %d classes (%s)",
		s.Name, len(s.Images), len(s.Classes), s.balance())
}

// balance is "240 each" or "crazing 240, inclusion 239, …".
func (s *Set) balance() string {
	counts := s.Counts()
	even := true
	parts := make([]string, len(counts))
	for label, n := range counts {
		even = even && n == counts[0]
		parts[label] = fmt.Sprintf("%s %d", s.Classes[label], n)
	}
	if even && len(counts) > 0 {
		return fmt.Sprintf("%d each", counts[0])
	}
	return strings.Join(parts, ", ")
}

// Describe says in a few lines where the images come from, which classes they have and how many there are of each.
func (d *Dataset) Describe() string {
	var b strings.Builder
	fmt.Fprintf(&b, "source: %s\n", d.Origin)
	if d.Notice != "" {
		fmt.Fprintf(&b, "notice: %s\n", d.Notice)
	}
	fmt.Fprintf(&b, "classes: %s\n", strings.Join(d.Classes, ", "))
	fmt.Fprintf(&b, "%s\n%s\n", d.Train, d.Validation)
	return b.String()
}

// String is Describe.
func (d *Dataset) String() string { return d.Describe() }
