package figure

import (
	"strings"

	"github.com/transfer-learning-go/defects/lib/internal/canvas"
	"github.com/transfer-learning-go/defects/lib/notice"
)

// page is what a figure is drawn on: the only way to make one, so that none can lack its notice.
type page struct {
	canvas.Header
	width       float64
	own, notice string // what was given, and all that is said
}

// newPage lays out what stands above a figure. own is the notice of what it shows.
func newPage(width float64, title, own string, legend []canvas.Entry) page {
	text := noticeOf(own)
	return page{canvas.NewHeader(width, title, text, legend), width, own, text}
}

// told is what this process was told. Tests put their own in its place.
var told = notice.Told

// noticeOf is the notice of a figure: that of what it shows as it is, and whatever else this process was told. That may
// have nothing to do with the figure, so it is said of the program.
func noticeOf(own string) string {
	own = notice.Join(own)
	all := notice.Join(append([]string{own}, told()...)...)
	others := strings.TrimPrefix(strings.TrimPrefix(all, own), "; ")
	if others == "" {
		return own
	}
	return notice.Join(own, "used by this program: "+others)
}

// canvas is the page with its header drawn, and height below that.
func (p page) canvas(height float64) *canvas.Canvas {
	c := canvas.New(p.width, p.Height+height)
	p.Draw(c)
	return c
}

// figure ends a page with its description. title is what the caller has asked for, "" for one made from numbers.
func (p page) figure(c *canvas.Canvas, title, text string) *Figure {
	top, bottom := p.Notice()
	return &Figure{Image: c.Image, Scale: canvas.Scale, Alt: canvas.Alt(title, text, p.notice),
		parts: parts{canvas.Alt(title, text, ""), p.own, [2]int{int(top * canvas.Scale), int(bottom * canvas.Scale)}}}
}
