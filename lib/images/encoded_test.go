package images

import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/bmp"
)

func TestEncodedImagesTellTheirSizeAndAreThoseOfRead(t *testing.T) {
	img := image.NewNRGBA(image.Rect(0, 0, 7, 5))
	for i := range img.Pix {
		img.Pix[i] = uint8(37 * i)
	}
	for name, encode := range map[string]func(*bytes.Buffer) error{
		"JPEG": func(b *bytes.Buffer) error { return jpeg.Encode(b, img, nil) },
		"PNG":  func(b *bytes.Buffer) error { return png.Encode(b, img) },
		"BMP":  func(b *bytes.Buffer) error { return bmp.Encode(b, img) },
	} {
		var b bytes.Buffer
		if err := encode(&b); err != nil {
			t.Fatal(err)
		}
		got := Encoded("upload", b.Bytes())
		if width, height, err := got.Size(); width != 7 || height != 5 || err != nil {
			t.Errorf("%s: %d×%d, %v", name, width, height, err)
		}
		want, err := Read(bytes.NewReader(b.Bytes()), "upload")
		if err != nil {
			t.Fatal(err)
		}
		a, err := got.Pixels(4, 4)
		if err != nil {
			t.Fatal(err)
		}
		c, err := want.Pixels(4, 4)
		if err != nil || !slices.Equal(a, c) || got.ID() != want.ID() || got.Label != -1 {
			t.Errorf("%s: not what Read gives: %v", name, err)
		}
		// Damage behind the header does not hide the size; Decode finds it.
		cut := Encoded("upload", b.Bytes()[:b.Len()-8])
		if width, _, err := cut.Size(); width != 7 || err != nil {
			t.Errorf("%s, cut: %d, %v", name, width, err)
		}
		if _, err := cut.Decode(); err == nil || !strings.Contains(err.Error(), "truncated or damaged "+name) {
			t.Errorf("%s, cut: %v", name, err)
		}
	}
	if width, height, err := FromImage("memory", img).Size(); width != 7 || height != 5 || err != nil {
		t.Errorf("from memory: %d×%d, %v", width, height, err)
	}
	for data, says := range map[string]string{"": "upload is an empty file", "GIF89a": "upload is not a JPEG, PNG or BMP",
		"\xff\xd8\xff": "upload is a truncated or damaged JPEG"} {
		if _, _, err := Encoded("upload", []byte(data)).Size(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", data, err)
		}
	}
}
