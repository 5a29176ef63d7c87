package jpeg

import (
	"bytes"
	"image"
	"image/jpeg"
	"testing"
)

// FuzzDecode looks for panics, and for files that one of the two ways refuses. The seeds are the small ones of the archive.
func FuzzDecode(f *testing.F) {
	for _, file := range archived(f) {
		if len(file) < 1200 {
			f.Add(file)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		config, err := DecodeConfig(data)
		if err == nil && config.Width*config.Height > 1<<20 {
			return
		}
		img, err2 := Decode(data, TensorFlow)
		other, err3 := Decode(data, Pillow)
		if (err2 == nil) != (err3 == nil) || err2 == nil && err != nil {
			t.Fatal(err, err2, err3)
		}
		if err2 != nil {
			return
		}
		if want := image.Pt(config.Width, config.Height); img.Bounds().Size() != want || other.Bounds().Size() != want {
			t.Fatal(img.Bounds(), other.Bounds(), want)
		}
		if gos, err := jpeg.Decode(bytes.NewReader(data)); err == nil && gos.Bounds() != img.Bounds() {
			t.Fatal(gos.Bounds(), img.Bounds())
		}
	})
}
