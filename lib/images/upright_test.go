package images

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"testing"
)

// exif is an APP1 segment whose first directory has these entries, of 12 bytes each.
func exif(order binary.AppendByteOrder, entries ...[]byte) []byte {
	tiff := []byte("II*\x00")
	if order == binary.AppendByteOrder(binary.BigEndian) {
		tiff = []byte("MM\x00*")
	}
	tiff = order.AppendUint32(tiff, 8)
	tiff = order.AppendUint16(tiff, uint16(len(entries)))
	for _, e := range entries {
		tiff = append(tiff, e...)
	}
	return segment(0xe1, append([]byte("Exif\x00\x00"), tiff...))
}

func segment(marker byte, data []byte) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(data)+2)), data...)
}

func tagEntry(order binary.AppendByteOrder, tag, kind, value uint16) []byte {
	e := order.AppendUint16(order.AppendUint16(nil, tag), kind)
	return append(order.AppendUint16(order.AppendUint32(e, 1), value), 0, 0)
}

// corners is a JPEG of 32×16 pixels whose quarters are a, b above c, d, with segments after its beginning.
func corners(t *testing.T, colour bool, segments ...[]byte) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 32, 16))
	for y := range 16 {
		for x := range 32 {
			v := [2][2]uint8{{20, 90}, {160, 230}}[y/8][x/16]
			c := color.RGBA{v, v, v, 255}
			if colour {
				c.B = 0
			}
			img.SetRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 100}); err != nil {
		t.Fatal(err)
	}
	return bytes.Join([][]byte{b.Bytes()[:2], bytes.Join(segments, nil), b.Bytes()[2:]}, nil)
}

// quarters names what is in the four corners of an image, row by row.
func quarters(t *testing.T, data []byte) string {
	t.Helper()
	img, err := decode(data)
	if err != nil {
		t.Fatal(err)
	}
	b := img.Bounds()
	text := fmt.Sprintf("%dx%d ", b.Dx(), b.Dy())
	for _, at := range []image.Point{{2, 2}, {b.Dx() - 3, 2}, {2, b.Dy() - 3}, {b.Dx() - 3, b.Dy() - 3}} {
		r, _, _ := rgb(img, at.X, at.Y)
		text += string("abcd"[(int(r)+15)/70])
	}
	return text
}

// What an orientation means is in the standard (JEITA CP-3451C, 4.6.5.1.6): where the first row and the first column of
// the file are seen. Quarter a is in both.
func TestOrientationsOfPhotographs(t *testing.T) {
	for orientation, want := range []string{1: "32x16 abcd", 2: "32x16 badc", 3: "32x16 dcba", 4: "32x16 cdab", 5: "16x32 acbd",
		6: "16x32 cadb", 7: "16x32 dbca", 8: "16x32 bdac"} {
		if orientation == 0 {
			continue
		}
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			for _, colour := range []bool{false, true} {
				other := tagEntry(order, 0x0110, 3, 5)
				data := corners(t, colour, segment(0xe0, []byte("JFIF\x00")), segment(0xe1, []byte("http://ns.adobe.com/xap/1.0/\x00")),
					[]byte{0xff}, exif(order, other, tagEntry(order, 0x0112, 3, uint16(orientation))))
				if got := quarters(t, data); got != want {
					t.Errorf("orientation %d, %v, colour %v: %s, want %s", orientation, order, colour, got, want)
				}
				_, grey := must(decode(data)).(*image.Gray)
				if grey == colour {
					t.Errorf("orientation %d, colour %v: grey %v", orientation, colour, grey)
				}
			}
		}
	}
}

func must(img image.Image, err error) image.Image {
	if err != nil {
		panic(err)
	}
	return img
}

func TestDamagedOrientationsTurnNothing(t *testing.T) {
	le := binary.LittleEndian
	turned := exif(le, tagEntry(le, 0x0112, 3, 6))
	for name, segments := range map[string][]byte{
		"none":            nil,
		"0":               exif(le, tagEntry(le, 0x0112, 3, 0)),
		"9":               exif(le, tagEntry(le, 0x0112, 3, 9)),
		"another type":    exif(le, tagEntry(le, 0x0112, 2, 6)),
		"short directory": exif(le)[:16],
		"not TIFF":        segment(0xe1, []byte("Exif\x00\x00PNG?\x08\x00\x00\x00\x01\x00\x12\x01")),
		"far directory":   segment(0xe1, []byte("Exif\x00\x00II*\x00\xff\xff\xff\xff\x01\x00")),
		"in a comment":    segment(0xfe, turned[4:]),
	} {
		if name == "short directory" { // the length must fit
			binary.BigEndian.PutUint16(segments[2:], uint16(len(segments)-2))
		}
		if got := quarters(t, corners(t, false, segments)); got != "32x16 abcd" {
			t.Errorf("%s: %s", name, got)
		}
	}
	for cut := range turned { // whatever is cut off, nothing panics
		orientation(append([]byte("\xff\xd8"), turned[:cut]...))
	}
}

// Features and runs of earlier versions, which turned nothing, must not be taken for those of the turned image.
func TestTheIDOfATurnedImageIsAnother(t *testing.T) {
	le := binary.LittleEndian
	read := func(data []byte) Image {
		f, err := Read(bytes.NewReader(data), "x")
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	plain, turned := corners(t, false, exif(le, tagEntry(le, 0x0112, 3, 1))), corners(t, false, exif(le, tagEntry(le, 0x0112, 3, 6)))
	if got := read(plain).ID(); got != fmt.Sprintf("%x", sha256.Sum256(plain)) {
		t.Errorf("an image as it is has the ID %s", got)
	}
	if got := read(turned).ID(); got == fmt.Sprintf("%x", sha256.Sum256(turned)) || len(got) != 64 {
		t.Errorf("a turned image has the ID %s", got)
	}
}

func TestImagesWithoutPixelsToSpeakOfAreNoticed(t *testing.T) {
	tiny, narrow, whole := FromImage("tiny.png", image.NewGray(image.Rect(0, 0, 1, 1))),
		FromImage("narrow.png", image.NewGray(image.Rect(0, 0, 15, 200))), FromImage("whole.png", image.NewGray(image.Rect(0, 0, 16, 16)))
	if got := Of(whole).Notice; got != "" {
		t.Errorf("%q", got)
	}
	if got, want := Of(tiny, whole, narrow).Notice, "tiny.png has 1×1 pixels, too few to see anything; narrow.png has 15×200 pixels, "+
		"too few to see anything"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
