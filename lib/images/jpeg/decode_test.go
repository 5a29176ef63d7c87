package jpeg

import (
	"bytes"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
)

// texture is a grey picture like those of steel: noise on slow waves.
func texture(width, height int) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, width, height))
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range img.Pix {
		x, y := i%width, i/width
		img.Pix[i] = uint8(100 + (x*x/90+y*3)%64 + rng.IntN(40))
	}
	return img
}

func encoded(t testing.TB, img image.Image, quality int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWhatIsGreyIsGray(t *testing.T) {
	files := archived(t)
	for _, name := range []string{"grey-8x8", "grey-as-colour", "grey-as-colour-progressive", "grey-progressive", "grey-2x2"} {
		img, err := Decode(files[name], TensorFlow)
		if _, ok := img.(*image.Gray); !ok {
			t.Errorf("%s: %T, %v", name, img, err)
		}
	}
	if img, err := Decode(files["444-8x8"], TensorFlow); err != nil || !img.(*image.RGBA).Opaque() {
		t.Errorf("444-8x8: %T, %v", img, err)
	}
}

func TestEveryCutIsFound(t *testing.T) {
	for name, file := range archived(t) {
		end := bytes.LastIndex(file, []byte{0xff, 0xd9}) + 2
		if name == "behind-the-end" {
			end = bytes.Index(file, []byte{0xff, 0xd9}) + 2
		}
		step := max(end/60, 1)
		for n := 0; n < end; n += step {
			if _, err := Decode(file[:n], Pillow); err == nil {
				t.Errorf("%s: cut to %d of %d bytes, no error", name, n, end)
			}
		}
		for n := end - 3; n < end; n++ {
			if _, err := Decode(file[:n], TensorFlow); err == nil {
				t.Errorf("%s: cut to %d of %d bytes, no error", name, n, end)
			}
		}
	}
}

// What image/jpeg refuses is refused.
func TestDamagedFilesAreRefusedAsByGo(t *testing.T) {
	file := encoded(t, texture(40, 40), 80)
	at := func(marker byte) int { return bytes.Index(file, []byte{0xff, marker}) }
	change := func(where int, what ...byte) []byte {
		changed := bytes.Clone(file)
		copy(changed[where:], what)
		return changed
	}
	without := func(marker byte) []byte {
		from := at(marker)
		return append(bytes.Clone(file[:from]), file[from+2+number(file[from+2:]):]...)
	}
	for _, c := range []struct {
		name string
		file []byte
		want string
	}{
		{"no start", file[2:], "no start"},
		{"arithmetic", change(at(0xc0), 0xff, 0xc9), "arithmetic"},
		{"arithmetic conditioning", change(at(0xc4), 0xff, 0xcc), "arithmetic"},
		{"lossless", change(at(0xc0), 0xff, 0xc3), "lossless"},
		{"12 bits", change(at(0xc0)+4, 12), "12 bits"},
		{"two components", change(at(0xc0), 0xff, 0xc0, 0, 14, 8, 0, 40, 0, 40, 2, 1, 0x11, 0, 2, 0x11, 0), "2 components"},
		{"sampling factor 0", change(at(0xc0)+11, 0x01), "component"},
		{"sampling factor 5", change(at(0xc0)+11, 0x51), "component"},
		{"no Huffman table", without(0xc4), "Huffman"},
		{"no frame", without(0xc0), "frame header"},
		{"no scan", append(bytes.Clone(file[:at(0xda)]), 0xff, 0xd9), "no scan"},
		{"frame twice", append(bytes.Clone(file[:at(0xda)]), file[at(0xc0):]...), "several frame"},
		{"overfull code", change(at(0xc4)+5, 3), "more codes"},
		{"cut data with an end", append(bytes.Clone(file[:len(file)-40]), 0xff, 0xd9), "too early"},
		{"unknown marker", change(at(0xdb), 0xff, 0x02), "0x2"},
	} {
		if _, err := Decode(c.file, TensorFlow); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: want an error with %q, got %v", c.name, c.want, err)
		}
		if _, err := jpeg.Decode(bytes.NewReader(c.file)); err == nil {
			t.Errorf("%s: image/jpeg reads it", c.name)
		}
	}
	// These it reads, as libjpeg doesn't.
	if _, err := Decode(change(at(0xc0)+5, 0, 0), TensorFlow); err == nil || !strings.Contains(err.Error(), "40×0 pixels") {
		t.Error(err)
	}
	if _, err := Decode(without(0xdb), TensorFlow); err == nil || !strings.Contains(err.Error(), "quantization") {
		t.Error(err)
	}
}

// A file of a hundred bytes must not cost memory for 4 billion pixels, nor one of many empty scans hours.
func TestCostIsBoundedByTheFile(t *testing.T) {
	file := encoded(t, texture(16, 16), 80)
	at := bytes.Index(file, []byte{0xff, 0xc0})
	for _, marker := range []byte{0xc0, 0xc2} {
		huge := bytes.Clone(file)
		copy(huge[at+1:], []byte{marker, 0, 11, 8, 0xff, 0xff, 0xff, 0xff})
		if marker == 0xc2 { // the scan header of a progressive one
			scan := bytes.Index(huge, []byte{0xff, 0xda})
			copy(huge[scan+7:], []byte{0, 0, 0})
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := Decode(huge, TensorFlow); err == nil || !strings.Contains(err.Error(), "too early") {
			t.Errorf("marker %#x: %v", marker, err)
		}
		runtime.ReadMemStats(&after)
		allocated := after.TotalAlloc - before.TotalAlloc
		if allocated > 1<<20 {
			t.Errorf("marker %#x: %d bytes for a file of %d", marker, allocated, len(huge))
		}
	}
	scan := file[bytes.Index(file, []byte{0xff, 0xda}) : len(file)-2]
	many := append(bytes.Clone(file[:len(file)-2]), bytes.Repeat(scan, maxScans)...)
	if _, err := Decode(append(many, 0xff, 0xd9), Pillow); err == nil || !strings.Contains(err.Error(), "scans") {
		t.Error(err)
	}
}
