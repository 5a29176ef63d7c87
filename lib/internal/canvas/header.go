package canvas

import "image/color"

// Header is what stands above the picture proper: title, notice, legend. It is laid out before the canvas exists, since
// its height depends on how its texts wrap.
type Header struct {
	Height        float64 // margins included
	width         float64 // of the whole figure
	title, notice []string
	legend        [][]Entry // rows
}

// Entry explains a symbol in a legend.
type Entry struct {
	Name string
	// Mark draws the symbol into [x, x+MarkWidth] around y.
	Mark      func(c *Canvas, x, y float64)
	MarkWidth float64 // 0 is LegendMark
}

// LegendMark is how wide a symbol of a legend is.
const LegendMark = 28.0

const (
	titleLine  = 24.0
	titlePad   = 6.0
	noticeLine = 20.0
	noticePad  = 6.0
	legendLine = 24.0
	legendGap  = 8.0 // between symbol and name
)

var titleStyle, noticeStyle = Title.Bold(), Label.Bold()

// NewHeader lays a header out for a figure of a width. What is empty takes no room.
func NewHeader(width float64, title, notice string, legend []Entry) Header {
	h := Header{width: width, Height: Margin}
	room := width - 2*Margin
	if h.title = titleStyle.Wrap(title, room); len(h.title) > 0 {
		h.Height += float64(len(h.title))*titleLine + titlePad
	}
	if h.notice = noticeStyle.Wrap(notice, room-2*noticePad-6); len(h.notice) > 0 {
		h.Height += float64(len(h.notice))*noticeLine + 2*noticePad + Gap
	}
	x := room // forces a first row
	for _, e := range legend {
		if e.MarkWidth == 0 {
			e.MarkWidth = LegendMark
		}
		e.Name = Label.Shorten(e.Name, room-e.MarkWidth-legendGap-2*Gap)
		w := e.width()
		if x+w > room {
			h.legend, x = append(h.legend, nil), 0
		}
		row := len(h.legend) - 1
		h.legend[row] = append(h.legend[row], e)
		x += w
	}
	if len(h.legend) > 0 {
		h.Height += float64(len(h.legend))*legendLine + 8
	}
	return h
}

func (e Entry) width() float64 { return e.MarkWidth + legendGap + Label.Width(e.Name) + 2*Gap }

// Notice is from where to where the notice reaches, the gap below it included; nowhere without one.
func (h Header) Notice() (top, bottom float64) {
	top = Margin
	if len(h.title) > 0 {
		top += float64(len(h.title))*titleLine + titlePad
	}
	if n := len(h.notice); n > 0 {
		return top, top + float64(n)*noticeLine + 2*noticePad + Gap
	}
	return top, top
}

// Draw draws the header at the top of a canvas.
func (h Header) Draw(c *Canvas) {
	y := Margin
	for _, line := range h.title {
		c.Text(Margin, y+titleLine/2, titleStyle, line)
		y += titleLine
	}
	if len(h.title) > 0 {
		y += titlePad
	}
	if n := len(h.notice); n > 0 {
		height := float64(n)*noticeLine + 2*noticePad
		c.Box(Margin, y, h.width-2*Margin, height, NoticeFill)
		c.Box(Margin, y, 6, height, noticeEdge)
		for i, line := range h.notice {
			c.Text(Margin+6+noticePad, y+noticePad+(float64(i)+0.5)*noticeLine, noticeStyle, line)
		}
		y += height + Gap
	}
	for _, row := range h.legend {
		x := Margin
		for _, e := range row {
			e.Mark(c, x, y+legendLine/2)
			c.Text(x+e.MarkWidth+legendGap, y+legendLine/2, Label, e.Name)
			x += e.width()
		}
		y += legendLine
	}
}

// BarMark is a legend symbol for bars.
func BarMark(fill color.Color) func(c *Canvas, x, y float64) {
	return func(c *Canvas, x, y float64) { c.Box(x, y-7, LegendMark, 14, fill) }
}

// Alt describes a figure in words: its title if it was given one, what it shows, and its notice.
func Alt(title, text, notice string) string {
	if title != "" {
		text = title + ". " + text
	}
	if notice != "" {
		text += " Notice: " + notice + "."
	}
	return text
}
