// Package figure draws charts as Go images: training curves, confusion matrices, predictions, heat maps over images,
// reliability diagrams, accuracy against coverage, bars, lines and points; and puts them side by side. Package diagram
// draws networks.
//
// A figure of a result takes it whole and says its Notice. All figures also say what package notice was told: that this
// program uses data or weights that are not the real ones.
//
// Lengths in this package are CSS pixels; images have two pixels per CSS pixel, so that they are sharp on
// today's screens. Figures are at most about 900 CSS pixels wide and no text is smaller than 11.
package figure

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"

	"github.com/transfer-learning-go/defects/lib/files"
)

// Figure is a finished picture.
type Figure struct {
	Image *image.RGBA
	Scale float64 // pixels per CSS pixel: show the image Image.Rect.Dx()/Scale wide
	Alt   string  // what the picture says, in words and numbers, for readers who cannot see it

	photos bool // it shows photographs: see File
	parts  parts
}

// parts are what Beside takes a figure apart into.
type parts struct {
	text  string // Alt without its notice
	own   string // the notice of what it shows
	strip [2]int // the rows of pixels where its notice stands
}

// PNG encodes the figure, if it can with a palette, to which colours are rounded: see paletted.
func (f *Figure) PNG() ([]byte, error) {
	var m image.Image = f.Image
	if !f.photos {
		if p := paletted(f.Image); p != nil {
			m = p
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		return nil, fmt.Errorf("encoding a figure as PNG: %w", err)
	}
	return b.Bytes(), nil
}

// photoQuality is the least at which letters beside photographs look as they do in a PNG file.
const photoQuality = 80

// File encodes the figure for a page, to be small there: as PNG does or, if it shows photographs, as JPEG. kind is its
// media type.
func (f *Figure) File() (kind string, data []byte, err error) {
	if !f.photos {
		data, err = f.PNG()
		return "image/png", data, err
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, f.Image, &jpeg.Options{Quality: photoQuality}); err != nil {
		return "", nil, fmt.Errorf("encoding a figure as JPEG: %w", err)
	}
	return "image/jpeg", b.Bytes(), nil
}

// WritePNG writes the figure to a file whole or not at all.
func (f *Figure) WritePNG(path string) error {
	data, err := f.PNG()
	if err != nil {
		return err
	}
	if err := files.WriteFile(path, data); err != nil {
		return fmt.Errorf("writing figure %s: %w", path, err)
	}
	return nil
}
