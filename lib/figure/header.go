package figure

import (
	"image/color"

	"gonum.org/v1/plot/vg/draw"
)

// header is what stands above the picture proper: title, notice, legend. It is laid out before the canvas
// exists, since its height depends on how its texts wrap.
type header struct {
	width         float64 // of the whole figure
	title, notice []string
	legend        [][]legendEntry // rows
	height        float64         // margins included
}

type legendEntry struct {
	name string
	// mark draws the symbol into [x, x+markWidth] around y.
	mark      func(c *canvas, x, y float64)
	markWidth float64 // 0 is legendMark
}

const (
	titleLine  = 24.0
	titlePad   = 6.0
	noticeLine = 20.0
	noticePad  = 6.0
	legendLine = 24.0
	legendMark = 28.0
	legendGap  = 8.0 // between symbol and name
)

func newHeader(width float64, title, notice string, legend []legendEntry) header {
	h := header{width: width, height: margin}
	room := width - 2*margin
	if h.title = wrap(titleStyle(), title, room); len(h.title) > 0 {
		h.height += float64(len(h.title))*titleLine + titlePad
	}
	if h.notice = wrap(noticeStyle(), notice, room-2*noticePad-6); len(h.notice) > 0 {
		h.height += float64(len(h.notice))*noticeLine + 2*noticePad + gap
	}
	x := room // forces a first row
	for _, e := range legend {
		if e.markWidth == 0 {
			e.markWidth = legendMark
		}
		e.name = shorten(textStyle(labelSize), e.name, room-e.markWidth-legendGap-2*gap)
		w := e.width()
		if x+w > room {
			h.legend, x = append(h.legend, nil), 0
		}
		row := len(h.legend) - 1
		h.legend[row] = append(h.legend[row], e)
		x += w
	}
	if len(h.legend) > 0 {
		h.height += float64(len(h.legend))*legendLine + 8
	}
	return h
}

func (e legendEntry) width() float64 {
	return e.markWidth + legendGap + textWidth(textStyle(labelSize), e.name) + 2*gap
}

func titleStyle() draw.TextStyle  { return bold(textStyle(titleSize)) }
func noticeStyle() draw.TextStyle { return bold(textStyle(labelSize)) }

func (h header) draw(c *canvas) {
	y := margin
	for _, line := range h.title {
		c.text(margin, y+titleLine/2, titleStyle(), line)
		y += titleLine
	}
	if len(h.title) > 0 {
		y += titlePad
	}
	if n := len(h.notice); n > 0 {
		height := float64(n)*noticeLine + 2*noticePad
		c.fill(margin, y, h.width-2*margin, height, noticeFill)
		c.fill(margin, y, 6, height, noticeEdge)
		for i, line := range h.notice {
			c.text(margin+6+noticePad, y+noticePad+(float64(i)+0.5)*noticeLine, noticeStyle(), line)
		}
		y += height + gap
	}
	for _, row := range h.legend {
		x := margin
		for _, e := range row {
			e.mark(c, x, y+legendLine/2)
			c.text(x+e.markWidth+legendGap, y+legendLine/2, textStyle(labelSize), e.name)
			x += e.width()
		}
		y += legendLine
	}
}

// barMark is a legend symbol for bars.
func barMark(fill color.Color) func(c *canvas, x, y float64) {
	return func(c *canvas, x, y float64) { c.fill(x, y-7, legendMark, 14, fill) }
}
