package golden

import (
	"bytes"
	"image"
	"image/color"
	"image/color/palette"
	"image/png"
	"os"
	"testing"

	xdraw "golang.org/x/image/draw"
)

// Picture compares a figure with the picture at path or, with update, writes it: look at it before committing. Pictures
// have one pixel for two of the figure's and the 216 web-safe colours, to be small.
func Picture(t testing.TB, path string, figure *image.RGBA, update bool) {
	t.Helper()
	b := figure.Bounds()
	small := image.NewRGBA(image.Rect(0, 0, b.Dx()/2, b.Dy()/2))
	xdraw.BiLinear.Scale(small, small.Rect, figure, b, xdraw.Src, nil)
	if update {
		writePicture(t, path, small)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatalf("%v; run the test with -update and look at the pictures", err)
	}
	defer file.Close()
	golden, err := png.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	if golden.Bounds() != small.Bounds() {
		t.Fatalf("the figure is %v, before %v", small.Bounds(), golden.Bounds())
	}
	// The palette is 51 apart per channel, so rounding to it changes a channel by at most 26.
	differ, allowed := 0, len(small.Pix)/4/2000
	for i := range len(small.Pix) / 4 {
		x, y := i%small.Rect.Dx(), i/small.Rect.Dx()
		if ChannelDistance(golden.At(x, y), small.At(x, y)) > 26+24 {
			differ++
		}
	}
	if differ > allowed {
		t.Errorf("%d pixels differ from %s, more than %d", differ, path, allowed)
	}
}

func writePicture(t testing.TB, path string, m image.Image) {
	t.Helper()
	colours := image.NewPaletted(m.Bounds(), palette.WebSafe)
	for y := range m.Bounds().Dy() {
		for x := range m.Bounds().Dx() {
			colours.Set(x, y, m.At(x, y))
		}
	}
	var b bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&b, colours); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// ChannelDistance is the largest difference of two colours in red, green or blue, of 255.
func ChannelDistance(a, b color.Color) int {
	p, q := color.RGBAModel.Convert(a).(color.RGBA), color.RGBAModel.Convert(b).(color.RGBA)
	d := func(x, y uint8) int { return max(int(x)-int(y), int(y)-int(x)) }
	return max(d(p.R, q.R), d(p.G, q.G), d(p.B, q.B))
}

// Pixels is the number of pixels of exactly this colour inside the rectangle.
func Pixels(m *image.RGBA, r image.Rectangle, c color.RGBA) int {
	n := 0
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			if m.RGBAAt(x, y) == c {
				n++
			}
		}
	}
	return n
}
