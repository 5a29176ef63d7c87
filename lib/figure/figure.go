// Package figure draws the pictures of the lesson as Go images: training curves, confusion matrices, prediction
// grids, heat maps over images, bar charts, and diagrams of networks.
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
}

// Options apply to every figure. The zero value works.
type Options struct {
	Title  string // if empty, Curves, ConfusionMatrix and Grid make one from their numbers
	Notice string // shown in a strip under the title, such as "synthetic images, not NEU-DET"
	X, Y   string // axis titles of Lines; Bars takes X only, what the bars measure
	Epochs int    // length of the epoch axis of Curves while training goes on; 0 ends it at the last epoch
	LogX   bool   // Lines: logarithmic x axis with a tick at each x, for 1, 2, 5, …, 240 labels
	// Phases marks in Curves where a new way of training begins, such as {Epoch: 11, Name: "fine-tuning"}; ascending.
	Phases []Phase
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

// alt joins what a figure says with its notice.
func (o Options) alt(text string) string {
	if o.Title != "" {
		text = o.Title + ". " + text
	}
	if o.Notice != "" {
		text += " Notice: " + o.Notice + "."
	}
	return text
}
