package images

import (
	"fmt"
	"image"
)

// Picture decodes image i, such as for figure.Predictions.
func (s *Set) Picture(i int) (image.Image, error) {
	if i < 0 || i >= len(s.Images) {
		return nil, fmt.Errorf("picture of %s: no image %d, there are %d", s.Name, i, len(s.Images))
	}
	return s.Images[i].Decode()
}
