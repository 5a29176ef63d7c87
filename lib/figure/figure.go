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
	"image/png"

	"github.com/transfer-learning-go/defects/lib/files"
)

// Figure is a finished picture.
type Figure struct {
	Image *image.RGBA
	Scale float64 // pixels per CSS pixel: show the image Image.Rect.Dx()/Scale wide
	Alt   string  // what the picture says, in words and numbers, for readers who cannot see it

	parts parts
}

// parts are what Beside takes a figure apart into.
type parts struct {
	text  string // Alt without its notice
	own   string // the notice of what it shows
	strip [2]int // the rows of pixels where its notice stands
}

// PNG encodes the figure.
func (f *Figure) PNG() ([]byte, error) {
	var b bytes.Buffer
	if err := png.Encode(&b, f.Image); err != nil {
		return nil, fmt.Errorf("encoding a figure as PNG: %w", err)
	}
	return b.Bytes(), nil
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
