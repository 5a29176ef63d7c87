package figure

import (
	"image"
	"image/color"
	"math"
	"testing"

	"github.com/transfer-learning-go/defects/lib/internal/canvas"
	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/metrics"
)

// bounds is the smallest rectangle that holds all pixels of a colour.
func bounds(f *Figure, c color.RGBA) image.Rectangle {
	var box image.Rectangle
	for y := range f.Image.Rect.Max.Y {
		for x := range f.Image.Rect.Max.X {
			if f.Image.RGBAAt(x, y) == c {
				box = box.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return box
}

func TestHeatmapCellsHaveTheBlueOfTheirCount(t *testing.T) {
	counts := [][]int{{200, 3, 17}, {31, 150, 47}, {61, 79, 97}}
	f, err := ConfusionMatrix(&metrics.Confusion{Classes: []string{"a", "b", "c"}, Counts: counts}, ConfusionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	first := bounds(f, blues(1)).Min.Sub(image.Pt(2, 2)) // the darkest cell is the first; the frame covers its edge
	cell := int(72 * canvas.Scale)
	for i, row := range counts {
		for j, n := range row {
			// A quarter from the corner, where no number stands.
			x, y := first.X+j*cell+cell/8, first.Y+i*cell+cell/8
			if got, want := f.Image.RGBAAt(x, y), blues(float64(n)/200); got != want {
				t.Errorf("cell actual %d, predicted %d (count %d) is %v, want %v", i, j, n, got, want)
			}
			box := image.Rect(first.X+j*cell+4, first.Y+i*cell+4, first.X+(j+1)*cell-4, first.Y+(i+1)*cell-4)
			ink, other := canvas.White, canvas.Black
			if n < 100 {
				ink, other = canvas.Black, canvas.White
			}
			if count(f, box, ink) < 20 || count(f, box, other) > 0 {
				t.Errorf("cell actual %d, predicted %d: the number is not in %v", i, j, ink)
			}
		}
	}
}

func TestColourBarGoesFromZeroToTheFullestCell(t *testing.T) {
	f := sample(t, "confusion")
	// Below the right-most column of the matrix in dark blue, the bar is the last thing to the right in it.
	dark := bounds(f, blues(1))
	x := 0
	for px := f.Image.Rect.Max.X - 1; px > dark.Max.X; px-- {
		if f.Image.RGBAAt(px, (dark.Min.Y+dark.Max.Y)/2) == canvas.Grey {
			x = px - int(10*canvas.Scale) // the frame's right side; the bar is 20 wide
			break
		}
	}
	if x == 0 {
		t.Fatal("no colour bar found")
	}
	bottom, top := dark.Max.Y-4, dark.Min.Y+4
	for k := range 11 {
		share := float64(k) / 10
		at := f.Image.RGBAAt(x, bottom+int(share*float64(top-bottom)))
		if golden.ChannelDistance(at, blues(share)) > 6 {
			t.Errorf("at %v of its height the colour bar is %v, want about %v", share, at, blues(share))
		}
	}
}

func TestVerdictsDifferInColourAndShape(t *testing.T) {
	f, err := Grid([]Tile{{flat(canvas.Grey), "P: a\nA: a", Right}, {flat(canvas.Grey), "P: a\nA: b", Wrong}, {flat(canvas.Grey), "a\n", None}}, 3, GridOptions{Title: "t"})
	if err != nil {
		t.Fatal(err)
	}
	third := f.Image.Rect.Dx() / 3
	tiles := [3]image.Rectangle{}
	for i := range tiles {
		tiles[i] = image.Rect(i*third, 0, (i+1)*third, f.Image.Rect.Dy())
	}
	for i, c := range []struct{ own, other color.RGBA }{{rightColor, wrongColor}, {wrongColor, rightColor}} {
		if count(f, tiles[i], c.own) < 1500 || count(f, tiles[i], c.other) != 0 {
			t.Errorf("tile %d has %d pixels of its colour and %d of the other", i, count(f, tiles[i], c.own), count(f, tiles[i], c.other))
		}
	}
	if n := count(f, tiles[2], rightColor) + count(f, tiles[2], wrongColor); n != 0 {
		t.Errorf("a tile without verdict has %d coloured pixels", n)
	}

	// Along the lower side of its frame, a right tile is solid, and a wrong one has gaps.
	for i, c := range []color.RGBA{rightColor, wrongColor} {
		frame := bounds(f, c)
		gaps, inGap := 0, false
		for x := frame.Min.X; x < frame.Max.X; x++ {
			gap := f.Image.RGBAAt(x, frame.Max.Y-3) == canvas.White
			if gap && !inGap {
				gaps++
			}
			inGap = gap
		}
		if solid := gaps == 0; solid != (i == 0) {
			t.Errorf("tile %d: the frame has %d gaps", i, gaps)
		}
	}
	// The two badges are told apart in black and white too.
	if a, b := badgeInk(f, rightColor), badgeInk(f, wrongColor); math.Abs(float64(a-b)) < 20 {
		t.Errorf("the badges hold %d and %d white pixels", a, b)
	}
}

// badgeInk is the number of white pixels in the badge at the upper right of a tile.
func badgeInk(f *Figure, c color.RGBA) int {
	tile := bounds(f, c)
	size := int(badgeSize * canvas.Scale)
	return count(f, image.Rect(tile.Max.X-size, tile.Min.Y, tile.Max.X, tile.Min.Y+size), canvas.White)
}

func TestTilesKeepTheProportionsOfImages(t *testing.T) {
	red := color.RGBA{200, 10, 10, 255}
	m := image.NewRGBA(image.Rect(5, 5, 25, 45)) // 20 wide, 40 high, not at the origin
	for i := range 20 * 40 {
		m.Set(5+i%20, 5+i/20, red)
	}
	f, err := Grid([]Tile{{Image: m}}, 1, GridOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if box := bounds(f, red); box.Dy() != int(maxTile*canvas.Scale) || 2*box.Dx() != box.Dy() {
		t.Errorf("a 20×40 image is drawn as %v", box.Size())
	}
}

func TestGridMakesFewerColumnsForLongTitles(t *testing.T) {
	narrow, err := Grid(steelTiles(8), 8, GridOptions{})
	if err != nil {
		t.Fatal(err)
	}
	five, err := Grid(steelTiles(8), 5, GridOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if narrow.Image.Rect != five.Image.Rect {
		t.Errorf("8 columns give %v, want as many columns as fit, %v", narrow.Image.Rect, five.Image.Rect)
	}
}

func TestBarsAreAsLongAsTheirValues(t *testing.T) {
	f, err := Bars([]string{"a", "b"}, []BarGroup{
		{Name: "train", Values: []float64{240, 240}},
		{Name: "validation", Values: []float64{60, nan}},
	}, BarsOptions{Title: "Images per class"})
	if err != nil {
		t.Fatal(err)
	}
	// Below the legend.
	f.Image = f.Image.SubImage(image.Rect(0, 180, f.Image.Rect.Max.X, f.Image.Rect.Max.Y)).(*image.RGBA)
	long, short := 0, 0
	for y := 180; y < f.Image.Rect.Max.Y; y++ {
		row := image.Rect(0, y, f.Image.Rect.Max.X, y+1)
		long, short = max(long, count(f, row, seriesColors[0])), max(short, count(f, row, seriesColors[1]))
	}
	if short == 0 || math.Abs(float64(long)-4*float64(short)) > 8 {
		t.Errorf("bars of 240 and 60 are %d and %d pixels long", long, short)
	}
}
