package figure

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"math"
	"strings"

	xdraw "golang.org/x/image/draw"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/transfer-learning-go/defects/lib/internal/canvas"
	"github.com/transfer-learning-go/defects/lib/notice"
)

// Verdict is whether a prediction is right.
type Verdict int

const (
	None Verdict = iota // no prediction
	Right
	Wrong
)

// Tile is one picture of a Grid.
type Tile struct {
	Image   image.Image
	Title   string // lines are separated by "\n"; too long ones end in an ellipsis
	Verdict Verdict
}

// maxTiles keeps the memory of a figure bounded, at about 90 MB with 5 columns.
const maxTiles = 200

const (
	minTile   = 80.0
	maxTile   = 200.0
	tileGap   = 14.0
	tileInset = 6.0 // between a tile's edge and its image; the frame is drawn there
	tileLine  = 17.0
	badgeSize = 20.0
	badgeRoom = badgeSize + 4
)

// GridOptions may be left empty.
type GridOptions struct {
	Title  string // if empty and there are verdicts, it says how many are right
	Notice string // of what the tiles show; that of heat maps is known
}

// Grid draws tiles row by row with their titles above. A right one has a solid bluish green frame, title and
// tick mark; a wrong one a thick dashed vermillion frame, title and cross, so that shape says it as well as colour.
// Images keep their proportions. There are fewer columns where titles or images would not fit otherwise. If an image
// comes from Overlay, a legend explains the heat.
//
// It is an error if there are no tiles or more than 200, if a tile has no image, or if columns is less than 1.
func Grid(tiles []Tile, columns int, o GridOptions) (*Figure, error) {
	if err := checkTiles(tiles, columns); err != nil {
		return nil, fmt.Errorf("grid of images: %w", err)
	}
	lines, least := 0, minTile
	for _, t := range tiles {
		lines = max(lines, len(tileLines(t)))
		least = max(least, titleWidth(t))
	}
	const room = canvas.PageWidth - 2*canvas.Margin + tileGap
	fitting := int(room / (min(least, maxTile) + tileGap))
	columns = min(columns, fitting, len(tiles))
	rows := (len(tiles) + columns - 1) / columns
	side := min(math.Floor(room/float64(columns)-tileGap), maxTile)
	titleHeight := float64(lines) * tileLine
	if titleHeight > 0 {
		titleHeight += 6
	}

	right, wrong := countVerdicts(tiles)
	title := o.Title
	if title == "" && right+wrong > 0 {
		title = fmt.Sprintf("%d of %d right", right, right+wrong)
	}
	width := max(float64(columns)*(side+tileGap)-tileGap+2*canvas.Margin, 340)
	legend, heatNotice := heatOf(tiles)
	page := newPage(width, title, notice.Join(o.Notice, heatNotice), legend)
	c := page.canvas(float64(rows)*(titleHeight+side+tileGap) - tileGap + canvas.Margin)
	for i, t := range tiles {
		x := canvas.Margin + float64(i%columns)*(side+tileGap)
		y := page.Height + float64(i/columns)*(titleHeight+side+tileGap)
		t.draw(c, x, y, side, titleHeight)
	}
	f := page.figure(c, o.Title, gridAlt(tiles))
	f.photos = true
	return f, nil
}

func (t Tile) draw(c *canvas.Canvas, x, y, side, titleHeight float64) {
	style, room, inset := t.titleStyle(), side, 0.0
	if t.Verdict != None {
		room, inset = side-badgeRoom, tileInset
		badge(c, t.Verdict, x+side-badgeSize/2, y+badgeSize/2)
	}
	for k, line := range tileLines(t) {
		c.Text(x, y+(float64(k)+0.5)*tileLine, style, style.Shorten(line, room))
	}
	y += titleHeight
	switch t.Verdict {
	case Right:
		c.Frame(x, y, side, side, draw.LineStyle{Color: rightColor, Width: 3})
	case Wrong:
		dashedFrame(c, x, y, side, draw.LineStyle{Color: wrongColor, Width: 5})
	}
	inner := side - 2*inset
	b := t.Image.Bounds()
	zoom := inner / float64(max(b.Dx(), b.Dy()))
	w, h := float64(b.Dx())*zoom, float64(b.Dy())*zoom
	left, top := x+(side-w)/2, y+(side-h)/2
	at := image.Rect(int(math.Round(left*canvas.Scale)), int(math.Round(top*canvas.Scale)),
		int(math.Round((left+w)*canvas.Scale)), int(math.Round((top+h)*canvas.Scale)))
	xdraw.CatmullRom.Scale(c.Image, at, t.Image, b, xdraw.Over, nil)
}

// dashedFrame draws a frame of dashes that starts and ends each side with a whole one.
func dashedFrame(c *canvas.Canvas, x, y, side float64, style draw.LineStyle) {
	const dash, gap = 11.0, 6.0
	gaps := max(1, math.Round((side-dash)/(dash+gap)))
	style.Dashes = []vg.Length{dash, vg.Length((side-dash)/gaps - dash)}
	in := float64(style.Width) / 2
	c.Line(style, x, y+in, x+side, y+in)
	c.Line(style, x, y+side-in, x+side, y+side-in)
	c.Line(style, x+in, y, x+in, y+side)
	c.Line(style, x+side-in, y, x+side-in, y+side)
}

// badge draws a white tick mark or cross in a disc.
func badge(c *canvas.Canvas, v Verdict, x, y float64) {
	c.Disc(x, y, badgeSize/2, v.color())
	stroke := draw.LineStyle{Color: canvas.White, Width: 2.5}
	if v == Right {
		c.Line(stroke, x-5, y+0.5, x-1.5, y+4, x+5, y-4)
		return
	}
	c.Line(stroke, x-4, y-4, x+4, y+4)
	c.Line(stroke, x-4, y+4, x+4, y-4)
}

func (v Verdict) color() color.Color {
	switch v {
	case Right:
		return rightColor
	case Wrong:
		return wrongColor
	}
	return canvas.Black
}

func (t Tile) titleStyle() canvas.Style {
	style := canvas.Body.In(t.Verdict.color())
	if t.Verdict != None {
		style = style.Bold()
	}
	return style
}

// titleWidth is the room that a tile's title wants, its badge included.
func titleWidth(t Tile) float64 {
	width := t.titleStyle().Widest(tileLines(t))
	if t.Verdict != None {
		width += badgeRoom
	}
	return width
}

func tileLines(t Tile) []string {
	if t.Title == "" {
		return nil
	}
	return strings.Split(t.Title, "\n")
}

func checkTiles(tiles []Tile, columns int) error {
	switch {
	case len(tiles) == 0:
		return errors.New("no tiles given")
	case len(tiles) > maxTiles:
		return fmt.Errorf("%d tiles are too many for one figure; draw at most %d", len(tiles), maxTiles)
	case columns < 1:
		return fmt.Errorf("%d columns; give at least 1", columns)
	}
	for i, t := range tiles {
		if t.Image == nil || t.Image.Bounds().Empty() {
			return fmt.Errorf("tile %d (%s) has no image", i, strings.ReplaceAll(t.Title, "\n", ", "))
		}
	}
	return nil
}

func countVerdicts(tiles []Tile) (right, wrong int) {
	for _, t := range tiles {
		switch t.Verdict {
		case Right:
			right++
		case Wrong:
			wrong++
		}
	}
	return right, wrong
}

func gridAlt(tiles []Tile) string {
	right, wrong := countVerdicts(tiles)
	text := "Grid of " + canvas.Plural(len(tiles), "image")
	if legend, _ := heatOf(tiles); legend != nil {
		text += " with heat maps"
	}
	if right+wrong > 0 {
		text += fmt.Sprintf(", %d right, %d wrong", right, wrong)
	}
	var named []string
	for _, t := range tiles {
		if t.Title != "" && (t.Verdict == Wrong || right+wrong == 0) {
			named = append(named, strings.Join(tileLines(t), ", "))
		}
	}
	if len(named) > 0 {
		if wrong > 0 {
			text += "; wrong"
		}
		text += ": " + strings.Join(named, "; ")
	}
	return text + "."
}
