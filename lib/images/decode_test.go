package images

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/image/bmp"
)

func TestPixelsEqualTensorFlowsDecoding(t *testing.T) {
	var goldens struct {
		Height, Width int
		Pixels        map[string][]float64
	}
	golden(t, "decode.json", &goldens)
	for name, want := range goldens.Pixels {
		f, err := ReadFile(filepath.Join("testdata", "decode", name))
		if err != nil {
			t.Error(err)
			continue
		}
		got, err := f.Pixels(goldens.Height, goldens.Width)
		if err != nil {
			t.Error(err)
			continue
		}
		if len(got) != len(want) {
			t.Errorf("%s: %d values, want %d", name, len(got), len(want))
			continue
		}
		var largest float64
		for i := range got {
			largest = max(largest, math.Abs(float64(got[i])-want[i]))
		}
		if largest > 0 {
			t.Errorf("%s: largest difference is %v grey levels", name, largest)
		}
	}
}

func TestGreyImagesAreGrey(t *testing.T) {
	for _, name := range []string{"grey.jpg", "grey-as-colour.jpg", "grey.png"} {
		f, err := ReadFile(filepath.Join("testdata", "decode", name))
		if err != nil {
			t.Fatal(err)
		}
		img, err := f.Decode()
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := img.(*image.Gray); !ok {
			t.Errorf("%s: got %T", name, img)
		}
	}
}

// A cut at any place must be found, also when an end-of-image marker was patched on.
func TestEveryTruncationIsFound(t *testing.T) {
	names, err := filepath.Glob("testdata/decode/*")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for n := range data {
			if _, err := decode(data[:n]); err == nil {
				t.Errorf("%s: cut to %d of %d bytes, no error", name, n, len(data))
			}
		}
	}
}

// greyJPEG is one image of noise-free stripes.
func greyJPEG(t testing.TB, size int, seed int) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, size, size))
	for i := range img.Pix {
		img.Pix[i] = uint8(i*seed + i/size*31)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// claim changes the size in a JPEG's header.
func claim(t testing.TB, data []byte, height, width int) []byte {
	t.Helper()
	data = bytes.Clone(data)
	at := bytes.Index(data, []byte{0xff, 0xc0})
	if at < 0 {
		t.Fatal("no frame header")
	}
	data[at+5], data[at+6] = byte(height>>8), byte(height)
	data[at+7], data[at+8] = byte(width>>8), byte(width)
	return data
}

func TestHugeImageIsRefusedBeforeDecoding(t *testing.T) {
	data := claim(t, greyJPEG(t, 16, 3), 20_000, 20_000)
	allocated := testing.AllocsPerRun(1, func() {
		if _, err := decode(data); err == nil || !strings.Contains(err.Error(), "20000×20000 pixels, the limit is 4096×4096") {
			t.Error(err)
		}
	})
	if allocated > 100 {
		t.Errorf("%v allocations to look at a header", allocated)
	}
}

func TestDecoderPanicsAndPaletteErrorsAreErrors(t *testing.T) {
	paletted := image.NewPaletted(image.Rect(0, 0, 4, 4), color.Palette{color.Black, color.White})
	var b bytes.Buffer
	if err := bmp.Encode(&b, paletted); err != nil {
		t.Fatal(err)
	}
	data := b.Bytes()
	// Declare a palette of two colours and use the fifth.
	short := append(bytes.Clone(data[:14+40]), data[54:62]...)
	short[10], short[11] = 62, 0
	short[46], short[47] = 2, 0
	for range 16 {
		short = append(short, 4)
	}
	if _, err := decode(short); err == nil || !strings.Contains(err.Error(), "palette") {
		t.Errorf("colour outside the palette: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	names, _ := filepath.Glob("testdata/decode/*")
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		img, err := decode(data)
		if err != nil {
			return
		}
		p := toPlanes(img)
		if len(p.pixels) != p.height*p.width*p.channels || p.height < 1 || p.width < 1 {
			t.Fatalf("%d×%d×%d image with %d values", p.height, p.width, p.channels, len(p.pixels))
		}
	})
}

// constantBMP is a 4×4 image of one grey level.
func constantBMP(t testing.TB, level uint8) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 4, 4))
	for i := range img.Pix {
		img.Pix[i] = level
	}
	var b bytes.Buffer
	if err := bmp.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
