package figure

import (
	"image"
	"image/color"
	"math"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/internal/canvas"
	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/result"
)

func overlay(t *testing.T, m image.Image, values []float32, h, w int) image.Image {
	t.Helper()
	out, err := Overlay(m, result.Heatmap{Height: h, Width: w, Values: values})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestOverlayKeepsWhatHasNoHeat(t *testing.T) {
	m := image.NewRGBA(image.Rect(3, 4, 33, 24)) // not at the origin
	for i := range m.Pix {
		m.Pix[i] = uint8(i*7) | 0x80
		if i%4 == 3 {
			m.Pix[i] = 0xff
		}
	}
	out := overlay(t, m, make([]float32, 6), 2, 3)
	if out.Bounds().Size() != m.Bounds().Size() {
		t.Fatalf("a picture of %v has become %v", m.Bounds(), out.Bounds())
	}
	for i := range 600 {
		if got, want := out.At(i%30, i/30), m.At(3+i%30, 4+i/30); got != want {
			t.Fatalf("pixel %d is %v, was %v", i, got, want)
		}
	}
}

// The expected shares are those of tf.image.resize, bilinear, from 2 to 8: places have centres at 1.5 and 5.5.
func TestOverlayInterpolatesBetweenCentres(t *testing.T) {
	under := color.RGBA{100, 100, 100, 255}
	m := image.NewRGBA(image.Rect(0, 0, 8, 8))
	for i := range 64 {
		m.SetRGBA(i%8, i/8, under)
	}
	heat := []float64{0, 0, 0.125, 0.375, 0.625, 0.875, 1, 1}
	for name, c := range map[string]struct{ h, w, dx, dy int }{"across": {1, 2, 1, 0}, "down": {2, 1, 0, 1}} {
		out := overlay(t, m, []float32{0, 1}, c.h, c.w)
		for i, want := range heat {
			got := out.At(i*c.dx, i*c.dy)
			if d := golden.ChannelDistance(got, heated(under, want)); d > 1 {
				t.Errorf("%s, pixel %d is %v, want %v", name, i, got, heated(under, want))
			}
		}
	}
	// All channels go from the picture's towards yellow.
	hottest, wantRed := heated(under, 1), 100+mostCovered*(253-100)
	if math.Abs(float64(hottest.R)-wantRed) > 1 || hottest.B >= 100 {
		t.Errorf("the hottest place is %v", hottest)
	}
}

func TestGridExplainsHeat(t *testing.T) {
	hot := overlay(t, flat(canvas.Grey), []float32{1}, 1, 1)
	without, err := Grid([]Tile{{Image: flat(canvas.Grey)}}, 1, GridOptions{})
	if err != nil {
		t.Fatal(err)
	}
	with, err := Grid([]Tile{{Image: flat(canvas.Grey)}, {Image: hot}}, 1, GridOptions{})
	if err != nil {
		t.Fatal(err)
	}
	end := heated(color.RGBA{0x80, 0x80, 0x80, 0xff}, 1)
	if n := count(without, without.Image.Rect, end); n != 0 || strings.Contains(without.Alt, "heat") {
		t.Errorf("without heat there is a legend: %d pixels, %q", n, without.Alt)
	}
	if n := count(with, with.Image.Rect, end); n < 20 || !strings.Contains(with.Alt, "2 images with heat maps") {
		t.Errorf("with heat there is no legend: %d pixels, %q", n, with.Alt)
	}
}
