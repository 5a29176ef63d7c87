package figure

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"

	"github.com/transfer-learning-go/defects/lib/internal/golden"
)

// farthest is the largest difference of two pictures in a channel, and the share of pixels that one can see to differ.
func farthest(t *testing.T, a, b image.Image) (distance int, visible float64) {
	t.Helper()
	if a.Bounds() != b.Bounds() {
		t.Fatalf("the file has %v, the figure %v", a.Bounds(), b.Bounds())
	}
	size := a.Bounds().Size()
	for y := range size.Y {
		for x := range size.X {
			d := golden.ChannelDistance(a.At(x, y), b.At(x, y))
			if distance = max(distance, d); d > 8 {
				visible++
			}
		}
	}
	return distance, visible / float64(size.X*size.Y)
}

func TestChartsAreSmallFilesThatLookTheSame(t *testing.T) {
	for _, name := range []string{"confusion", "curves"} {
		f := sample(t, name)
		kind, data, err := f.File()
		if err != nil || kind != "image/png" {
			t.Fatal(kind, err)
		}
		decoded, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := decoded.(*image.Paletted); !ok {
			t.Errorf("%s: a %T, not a picture with a palette", name, decoded)
		}
		if distance, visible := farthest(t, decoded, f.Image); distance > maxChange || visible > 0.002 {
			t.Errorf("%s: a channel changes by %d, and %.2f %% of the pixels visibly", name, distance, 100*visible)
		}
		var whole bytes.Buffer
		if err := png.Encode(&whole, f.Image); err != nil {
			t.Fatal(err)
		}
		if 2*len(data) > whole.Len() {
			t.Errorf("%s: %d bytes, without a palette %d", name, len(data), whole.Len())
		}
	}
}

func TestUpTo256ColoursStayAsTheyAre(t *testing.T) {
	m := image.NewRGBA(image.Rect(0, 0, 16, 16))
	for i := range 256 {
		m.SetRGBA(i%16, i/16, color.RGBA{uint8(i), uint8(255 - i), uint8(i / 2), 255})
	}
	p := paletted(m)
	if p == nil {
		t.Fatal("no palette")
	}
	if distance, _ := farthest(t, p, m); distance > 0 {
		t.Errorf("a channel changes by %d", distance)
	}
}

// 16 steps in each channel are 4,096 colours, 17 apart: 256 of them leave gaps wider than maxChange.
func TestManyFarColoursGetNoPalette(t *testing.T) {
	m := image.NewRGBA(image.Rect(0, 0, 64, 64))
	for i := range 4096 {
		m.SetRGBA(i%64, i/64, color.RGBA{uint8(i % 16 * 17), uint8(i / 16 % 16 * 17), uint8(i / 256 * 17), 255})
	}
	if paletted(m) != nil {
		t.Error("it has a palette")
	}
	data, err := (&Figure{Image: m}).PNG()
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if distance, _ := farthest(t, decoded, m); distance > 0 {
		t.Errorf("a channel changes by %d", distance)
	}
}

func TestTransparentFiguresStayTransparent(t *testing.T) {
	m := image.NewRGBA(image.Rect(0, 0, 2, 2))
	m.SetRGBA(0, 0, color.RGBA{255, 0, 0, 255})
	if paletted(m) != nil {
		t.Error("it has a palette")
	}
}

func TestPhotographsAreJPEGOnPages(t *testing.T) {
	f, err := Grid([]Tile{{flat(color.RGBA{90, 90, 90, 255}), "P: a\nA: a", Right}, {flat(color.White), "P: a\nA: b", Wrong}}, 2, GridOptions{})
	if err != nil {
		t.Fatal(err)
	}
	both, err := Beside([]*Figure{f, sample(t, "curves")}, BesideOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []*Figure{f, both} {
		kind, data, err := f.File()
		if err != nil || kind != "image/jpeg" {
			t.Fatal(kind, err)
		}
		decoded, err := jpeg.Decode(bytes.NewReader(data))
		if err != nil || decoded.Bounds() != f.Image.Bounds() {
			t.Error(decoded.Bounds(), err)
		}
	}
	if data, err := f.PNG(); err != nil || !bytes.HasPrefix(data, []byte("\x89PNG")) {
		t.Error("a file of the figure is no PNG", err)
	}
}
