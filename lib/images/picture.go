package images

import (
	"fmt"
	"image"
	"image/color"
)

// Picture decodes image i, such as for figure.Predictions.
func (s *Set) Picture(i int) (image.Image, error) {
	if i < 0 || i >= len(s.Images) {
		return nil, fmt.Errorf("picture of %s: no image %d, there are %d", s.Name, i, len(s.Images))
	}
	return s.Images[i].Decode()
}

// FromPixels rounds [height, width, 3] values 0…255, as Source.Pixels gives them, to a picture: an *image.Gray if no pixel
// has a colour.
func FromPixels(pixels []float32, height, width int) image.Image {
	grey, colour := image.NewGray(image.Rect(0, 0, width, height)), false
	rounded := func(v float32) uint8 { return uint8(min(max(v+0.5, 0), 255)) }
	for i := range grey.Pix {
		grey.Pix[i] = rounded(pixels[3*i])
		colour = colour || pixels[3*i] != pixels[3*i+1] || pixels[3*i] != pixels[3*i+2]
	}
	if !colour {
		return grey
	}
	img := image.NewRGBA(grey.Rect)
	for i := range grey.Pix {
		img.SetRGBA(i%width, i/width, color.RGBA{rounded(pixels[3*i]), rounded(pixels[3*i+1]), rounded(pixels[3*i+2]), 255})
	}
	return img
}
