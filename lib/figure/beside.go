package figure

import (
	"cmp"
	"errors"
	"fmt"
	"image"
	"strings"

	xdraw "golang.org/x/image/draw"

	"github.com/transfer-learning-go/defects/lib/internal/canvas"
	"github.com/transfer-learning-go/defects/lib/notice"
)

// BesideOptions may be left empty.
type BesideOptions struct {
	Title string // of all
}

// Beside puts figures side by side, as many in a row as fit into a page, at their own size, so that they stay readable:
// ask ConfusionMatrix and Curves for small ones. What their notices say is said once,
// above.
//
// It is an error if there is no figure, or if one is nil.
func Beside(figures []*Figure, o BesideOptions) (*Figure, error) {
	if len(figures) == 0 {
		return nil, errors.New("figures side by side: no figures given")
	}
	pictures := make([]*image.RGBA, len(figures))
	texts := make([]string, len(figures))
	var own string
	photos := false
	for i, f := range figures {
		if f == nil || f.Image == nil {
			return nil, fmt.Errorf("figures side by side: figure %d is nil; was its error checked?", i)
		}
		pictures[i], texts[i] = f.withoutNotice(), cmp.Or(f.parts.text, f.Alt)
		own = notice.Join(own, f.parts.own)
		photos = photos || f.photos
	}

	at := make([]image.Point, len(pictures))
	var width, height, row int // of all in pixels; the height of the row that is being filled
	x := 0
	for i, m := range pictures {
		if x > 0 && x+m.Rect.Dx() > canvas.PageWidth*canvas.Scale {
			height, row, x = height+row, 0, 0
		}
		at[i] = image.Pt(x, height)
		x += m.Rect.Dx()
		width, row = max(width, x), max(row, m.Rect.Dy())
	}
	height += row

	p := newPage(float64(width)/canvas.Scale, o.Title, own, nil)
	top := p.Height
	if o.Title == "" && p.notice == "" { // each figure has a margin of its own
		top = 0
	}
	c := p.canvas(top + float64(height)/canvas.Scale - p.Height)
	for i, m := range pictures {
		corner := at[i].Add(image.Pt(0, int(top*canvas.Scale)))
		xdraw.Draw(c.Image, m.Rect.Sub(m.Rect.Min).Add(corner), m, m.Rect.Min, xdraw.Src)
	}
	text := canvas.Plural(len(figures), "figure") + " side by side. " + strings.Join(texts, " ")
	all := p.figure(c, o.Title, text)
	all.photos = photos
	return all, nil
}

// withoutNotice is the picture with what stands below the notice moved up to its place.
func (f *Figure) withoutNotice() *image.RGBA {
	from, to := f.parts.strip[0], f.parts.strip[1]
	b := f.Image.Rect
	m := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()-(to-from)))
	xdraw.Draw(m, image.Rect(0, 0, b.Dx(), from), f.Image, b.Min, xdraw.Src)
	xdraw.Draw(m, image.Rect(0, from, b.Dx(), m.Rect.Dy()), f.Image, b.Min.Add(image.Pt(0, to)), xdraw.Src)
	return m
}
