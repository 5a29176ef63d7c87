package jpeg

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"image"
	"os"
	"testing"

	"github.com/transfer-learning-go/defects/lib/internal/golden"
)

// archived are the files that scripts/oracle/goldens/jpeg_pixels.py makes, by name.
func archived(t testing.TB) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for _, f := range golden.Unzip(t, "testdata/files.zip") {
		files[f.Name] = f.Content
	}
	return files
}

// colourBytes are red, green, blue of each pixel.
func colourBytes(img image.Image) []byte {
	b := img.Bounds()
	pixels := make([]byte, 0, b.Dx()*b.Dy()*3)
	for y := range b.Dy() {
		for x := range b.Dx() {
			switch m := img.(type) {
			case *image.Gray:
				v := m.GrayAt(x, y).Y
				pixels = append(pixels, v, v, v)
			case *image.RGBA:
				c := m.RGBAAt(x, y)
				pixels = append(pixels, c.R, c.G, c.B)
			}
		}
	}
	return pixels
}

func TestPixelsAreThoseOfTensorFlowAndPillow(t *testing.T) {
	var want map[string]struct {
		Height, Width      int
		TensorFlow, Pillow string
	}
	raw, err := os.ReadFile("testdata/pixels.json")
	if err == nil {
		err = json.Unmarshal(raw, &want)
	}
	if err != nil {
		t.Fatal(err)
	}
	files := archived(t)
	if len(files) != len(want) || len(files) < 150 {
		t.Fatalf("%d files, pixels of %d", len(files), len(want))
	}
	for name, file := range files {
		w := want[name]
		for as, hash := range map[Decoder]string{TensorFlow: w.TensorFlow, Pillow: w.Pillow} {
			img, err := Decode(file, as)
			if err != nil {
				t.Errorf("%s as %v: %v", name, as, err)
				continue
			}
			if size := img.Bounds().Size(); size != image.Pt(w.Width, w.Height) {
				t.Errorf("%s as %v: size %v, want %d×%d", name, as, size, w.Width, w.Height)
			}
			if sum := sha256.Sum256(colourBytes(img)); hex.EncodeToString(sum[:]) != hash {
				t.Errorf("%s as %v: other pixels", name, as)
			}
		}
		config, err := DecodeConfig(file)
		if err != nil || config.Width != w.Width || config.Height != w.Height {
			t.Errorf("%s: configuration %v, %v", name, config, err)
		}
	}
}
