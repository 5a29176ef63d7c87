package images

import (
	"image"
	"math"
	"path/filepath"
	"strings"
	"testing"
)

// Files become the grey that TensorFlow reads, whatever their colours: scripts/oracle/goldens/tensorflow_images.py.
func TestGreyIsTensorFlows(t *testing.T) {
	var goldens struct {
		Height, Width int
		Pixels        map[string][]float32
	}
	golden(t, "grey.json", &goldens)
	if len(goldens.Pixels) != 13 {
		t.Fatalf("%d files", len(goldens.Pixels))
	}
	for name, want := range goldens.Pixels {
		f, err := ReadFile(filepath.Join("testdata", "grey", name))
		if err != nil {
			t.Fatal(err)
		}
		colour := Of(f)
		s := DecodedBy(colour, Grey)
		got, err := Shaped(s, []int{0}, []int{goldens.Height, goldens.Width, 1})
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range want {
			if got[i] != v {
				t.Errorf("%s: pixel %d is %v, TensorFlow's %v", name, i, got[i], v)
				break
			}
		}
		if s.Info(0).ID == colour.Info(0).ID {
			t.Errorf("%s has one ID in colour and grey", name)
		}
		three, err := s.Pixels(0, goldens.Height, goldens.Width)
		if err != nil || len(three) != 3*len(got) || three[1] != three[0] || three[2] != got[0] {
			t.Errorf("%s: %d values of three channels, %v", name, len(three), err)
		}
	}
}

// What is no file has the luminance of its colours, to which nothing is rounded.
func TestShapedImagesOfOneChannel(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 3, 2))
	for i := range img.Pix {
		img.Pix[i] = uint8(31 * i)
		if i%4 == 3 {
			img.Pix[i] = 255
		}
	}
	s := DecodedBy(Of(FromImage("picture", img)), Grey)
	got, err := Shaped(s, []int{0, 0}, []int{2, 3, 1})
	if err != nil || len(got) != 12 {
		t.Fatal(len(got), err)
	}
	for i, v := range got {
		p := img.Pix[4*(i%6):]
		want := 0.2989*float64(p[0]) + 0.587*float64(p[1]) + 0.114*float64(p[2])
		if math.Abs(float64(v)-want) > 1e-3 {
			t.Errorf("pixel %d: %v instead of %v", i, v, want)
		}
	}
	for _, shape := range [][]int{{2, 3}, {2, 3, 2}, {0, 3, 1}} {
		if _, err := Shaped(s, []int{0}, shape); err == nil {
			t.Errorf("shape %v", shape)
		}
	}
	if _, err := Shaped(s, []int{1}, []int{2, 3, 1}); err == nil || !strings.Contains(err.Error(), "no image 1") {
		t.Error(err)
	}
}
