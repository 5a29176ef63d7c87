package images

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"path"
	"path/filepath"
)

// Source is a list of images that a model is fitted on, that it predicts or explains. A *Set is one; Changed and Select
// make others, and so do the features of images.
type Source interface {
	// About is what the images have in common.
	About() About
	// Len is the number of images.
	Len() int
	// Info describes image i without decoding it.
	Info(i int) Info
	// Pixels gives image i resized to height×width as [height, width, 3] values 0…255. It may be called from several
	// goroutines at once.
	Pixels(i, height, width int) ([]float32, error)
}

// About describes a Source.
type About struct {
	Name    string   // such as "train", for progress and errors
	Classes []string // of the labels, sorted; nil if there are no labels
	Origin  string   // where the images come from, such as a folder
	Notice  string   // what every result made from these images must say; "" for photographs
}

// Info describes one image of a Source.
type Info struct {
	Name  string // names the image in messages
	Label int    // index into About.Classes; −1 if unknown
	// ID identifies the content: images of equal ID have equal pixels, whatever they are called. "" is unknown; nothing
	// that is computed from such an image is stored.
	ID string
}

// About implements Source.
func (s *Set) About() About {
	return About{Name: s.Name, Classes: s.Classes, Origin: s.Origin, Notice: s.Notice}
}

// Len implements Source.
func (s *Set) Len() int { return len(s.Images) }

// Info implements Source.
func (s *Set) Info(i int) Info {
	f := s.Images[i]
	return Info{Name: f.Name, Label: f.Label, ID: f.ID()}
}

// Pixels implements Source.
func (s *Set) Pixels(i, height, width int) ([]float32, error) {
	return s.Images[i].Pixels(height, width)
}

// pixelsInto writes image i of any source into target, [height, width, 3]: where they are wanted, for the sources of this
// package. It asks for their very types, since another may embed a *Set and have Pixels of its own.
func pixelsInto(s Source, i int, target []float32, height, width int) error {
	switch s := s.(type) {
	case *Set:
		return s.Images[i].pixelsInto(target, height, width)
	case selection:
		return pixelsInto(s.Source, s.indices[i], target, height, width)
	case changed:
		err := pixelsInto(s.Source, i, target, height, width)
		if err == nil {
			s.change.Apply(i, target, height, width)
		}
		return err
	}
	pixels, err := s.Pixels(i, height, width)
	if err == nil && len(pixels) != len(target) {
		err = fmt.Errorf("%s: %d values for %d×%d pixels", s.Info(i).Name, len(pixels), height, width)
	}
	copy(target, pixels)
	return err
}

// Pixels gives some images of a source, decoded on all processors: [len(indices), size, size, 3] values 0…255. An index
// outside of the source and a size below 1 are errors.
func Pixels(s Source, indices []int, size int) ([]float32, error) {
	if size < 1 {
		return nil, fmt.Errorf("pixels of %s: image size is %d, it must be at least 1", s.About().Name, size)
	}
	return Shaped(s, indices, []int{size, size, 3})
}

// Hash is the SHA-256, in hexadecimal, over the classes and the name, class and content of each image, in order. It is
// the same for a folder and for a zip of that folder, wherever they lie. Of images of unknown content the pixels count,
// resized to size×size.
func Hash(s Source, size int) (string, error) {
	h := sha256.New()
	fmt.Fprintf(h, "%q\n", s.About().Classes)
	for i := range s.Len() {
		info := s.Info(i)
		if info.ID == "" {
			pixels, err := s.Pixels(i, size, size)
			if err != nil {
				return "", fmt.Errorf("hash of %s: %w", s.About().Name, err)
			}
			if err := binary.Write(h, binary.LittleEndian, pixels); err != nil {
				return "", err
			}
		}
		fmt.Fprintf(h, "%d %q %s\n", info.Label, path.Base(filepath.ToSlash(info.Name)), info.ID)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
