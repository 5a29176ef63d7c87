package figure

import (
	"errors"
	"fmt"
	"image"

	"github.com/transfer-learning-go/defects/lib/internal/canvas"
	"github.com/transfer-learning-go/defects/lib/result"
)

// PredictionsOptions may be left empty.
type PredictionsOptions struct {
	Title   string             // if empty, it says how many of the images are right
	Caption func(i int) string // stands above image i; nil for what is predicted, what it is, and how sure the model is
}

// predictionColumns are as many as fit with the names of classes above each image.
const predictionColumns = 5

// Predictions draws some images with what a model says of them, as Grid does: those that indices name, in that order,
// right ones and wrong ones told apart. Images of unknown class have no verdict. picture gives image i, such as the
// method Picture of *images.Set, or an Overlay over it. Without indices, such as those of no mistakes, the figure says
// that there is no such image.
//
// It is an error if an index has no prediction, if there are more than 200, or if picture fails.
func Predictions(p *result.Predictions, picture func(i int) (image.Image, error), indices []int,
	o PredictionsOptions) (*Figure, error) {
	if p == nil || picture == nil {
		return nil, errors.New("figure of predictions: no predictions or no pictures given")
	}
	if len(indices) == 0 {
		return noPredictions(p.Notice, o.Title), nil
	}
	if o.Caption == nil {
		o.Caption = func(i int) string { return caption(p, i) }
	}
	var tiles []Tile
	for _, i := range indices {
		if i < 0 || i >= len(p.Predicted) {
			return nil, fmt.Errorf("figure of predictions: no image %d, there are %d", i, len(p.Predicted))
		}
		img, err := picture(i)
		if err != nil {
			return nil, fmt.Errorf("figure of predictions, image %d: %w", i, err)
		}
		tiles = append(tiles, Tile{Image: img, Title: o.Caption(i), Verdict: verdict(p, i)})
	}
	return Grid(tiles, predictionColumns, GridOptions{Title: o.Title, Notice: p.Notice})
}

// caption is what is predicted, what it is, and how sure the model is, a line each: five of them stand side by side.
func caption(p *result.Predictions, i int) string {
	text := "P: " + p.Classes[p.Predicted[i]]
	if p.Actual[i] >= 0 {
		text += "\nA: " + p.Classes[p.Actual[i]]
	}
	return text + fmt.Sprintf("\nconfidence %.0f %%", 100*p.Confidence(i))
}

func verdict(p *result.Predictions, i int) Verdict {
	switch {
	case p.Actual[i] < 0:
		return None
	case p.Right(i):
		return Right
	}
	return Wrong
}

func noPredictions(notice, title string) *Figure {
	const width, line = 480.0, 24.0
	page := newPage(width, title, notice, nil)
	c := page.canvas(line + canvas.Margin)
	c.Text(canvas.Margin, page.Height+line/2, canvas.Label, "There is no such image.")
	return page.figure(c, title, "No such image.")
}
