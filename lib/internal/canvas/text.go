package canvas

import (
	"fmt"
	"image/color"
	"strings"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

const (
	LabelSize = 14.0
	BodySize  = 13.0
)

// The styles of text: sans-serif, black, left-aligned and centred on its y.
var (
	Title = Sized(17)
	Label = Sized(LabelSize) // axis titles, legends
	Body  = Sized(BodySize)  // tick labels, tile titles
	Tiny  = Sized(11)        // never smaller
)

// Style is how text looks.
type Style struct{ draw.TextStyle }

// midCaps centres capitals and digits on y. gonum's YCenter centres the whole line, which looks too low.
const midCaps draw.YAlignment = -0.39

// Sized is a style of any size.
func Sized(size float64) Style {
	return Style{draw.TextStyle{
		Color:   Black,
		Font:    font.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Length(size)},
		YAlign:  midCaps,
		Handler: plot.DefaultTextHandler,
	}}
}

// Text draws a text at (x, y).
func (c *Canvas) Text(x, y float64, style Style, s string) {
	c.FillText(style.TextStyle, c.Point(x, y), s)
}

// Bold is the style in bold.
func (s Style) Bold() Style {
	s.Font.Weight = xfont.WeightBold
	return s
}

// In is the style in a colour.
func (s Style) In(c color.Color) Style {
	s.Color = c
	return s
}

// Centred is the style with its text centred on x.
func (s Style) Centred() Style {
	s.XAlign = draw.XCenter
	return s
}

// Ending is the style with its text ending at x.
func (s Style) Ending() Style {
	s.XAlign = draw.XRight
	return s
}

// Turned is the style with its text turned counterclockwise, in radians.
func (s Style) Turned(by float64) Style {
	s.Rotation = by
	return s
}

// Width is that of a text.
func (s Style) Width(text string) float64 { return float64(s.TextStyle.Width(text)) }

// Widest is the width of the widest text.
func (s Style) Widest(texts []string) float64 {
	width := 0.0
	for _, text := range texts {
		width = max(width, s.Width(text))
	}
	return width
}

// Wrap breaks a text between words so that lines fit into a width. A longer word is cut.
func (s Style) Wrap(text string, width float64) []string {
	var lines []string
	for _, word := range strings.Fields(text) {
		if n := len(lines); n > 0 && s.Width(lines[n-1]+" "+word) <= width {
			lines[n-1] += " " + word
		} else {
			lines = append(lines, s.Shorten(word, width))
		}
	}
	return lines
}

// maxName is the room for a label beside an axis, enough for 16 of the widest letter.
const maxName = 240.0

// ShortenNames cuts labels to the room beside an axis.
func (s Style) ShortenNames(names []string) []string {
	short := make([]string, len(names))
	for i, name := range names {
		short[i] = s.Shorten(name, maxName)
	}
	return short
}

// Shorten cuts a text to a width and ends it with an ellipsis where it had to.
func (s Style) Shorten(text string, width float64) string {
	if s.Width(text) <= width {
		return text
	}
	runes := []rune(text)
	for len(runes) > 0 && s.Width(string(runes)+"…") > width {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}

// Plural is "1 epoch", "2 epochs".
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
