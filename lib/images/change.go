package images

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
)

// Change changes the pixels of images, such as to see how much noise a model bears.
type Change struct {
	// Name tells the change and all its parameters, such as "contrast ×0.4". Changes of equal name must make equal
	// pixels from equal pixels, whatever the image's index is: what is computed from changed images may be stored by that
	// name. Leave it empty if they do not; then nothing is stored.
	Name string
	// Apply changes image i in place, resized already: [height, width, 3] values, which are to stay within 0…255. It may
	// be called from several goroutines at once.
	Apply func(i int, pixels []float32, height, width int)
}

// Changed gives the images of s with changed pixels. Names and labels stay; an image's ID follows from its own and the
// change's name.
func Changed(s Source, c Change) Source { return changed{s, c} }

type changed struct {
	Source
	change Change
}

func (s changed) About() About {
	about := s.Source.About()
	if s.change.Name != "" {
		about.Name += ", " + s.change.Name
	}
	return about
}

func (s changed) Info(i int) Info {
	info := s.Source.Info(i)
	if s.change.Name == "" || info.ID == "" {
		info.ID = ""
		return info
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s changed by %q", info.ID, s.change.Name))
	info.ID = hex.EncodeToString(sum[:])
	return info
}

func (s changed) Pixels(i, height, width int) ([]float32, error) {
	original, err := s.Source.Pixels(i, height, width)
	if err != nil {
		return nil, err
	}
	pixels := slices.Clone(original) // which may be the source's own
	s.change.Apply(i, pixels, height, width)
	return pixels, nil
}
