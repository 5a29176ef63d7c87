package images

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func TestAnUploadIsTheFile(t *testing.T) {
	path := filepath.Join("testdata", "decode", "colour-444.jpg")
	file, err := ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data, _ := os.ReadFile(path)
	upload, err := Read(iotest.OneByteReader(bytes.NewReader(data)), "upload")
	if err != nil {
		t.Fatal(err)
	}
	if upload.ID() != file.ID() || len(upload.ID()) != 64 || upload.Name != "upload" || upload.Label != -1 || file.Label != -1 {
		t.Errorf("%+v, %+v", upload, file)
	}
	a, _ := upload.Pixels(7, 5)
	b, err := file.Pixels(7, 5)
	if err != nil || len(a) != 7*5*3 || !slices.Equal(a, b) {
		t.Error("other pixels", err)
	}
	s := Of(upload, file)
	if s.Len() != 2 || s.About().Name != "images" || s.String() != "images: 2 files" || s.Info(1).Name != path {
		t.Error(s)
	}
}

// endless gives zeros and counts them.
type endless struct{ n int }

func (e *endless) Read(p []byte) (int, error) {
	clear(p)
	e.n += len(p)
	return len(p), nil
}

func TestBadUploadsAreRefused(t *testing.T) {
	var flood endless
	jpeg := greyJPEG(t, 16, 3)
	for what, c := range map[string]struct {
		r    io.Reader
		want string
	}{
		"empty":     {strings.NewReader(""), "up is an empty file"},
		"text":      {strings.NewReader("hello"), "up is not a JPEG, PNG or BMP"},
		"truncated": {bytes.NewReader(jpeg[:len(jpeg)-2]), "up is a truncated or damaged JPEG"},
		"broken":    {io.MultiReader(bytes.NewReader(jpeg), iotest.ErrReader(errors.New("connection reset"))), "up: connection reset"},
		"endless":   {&flood, "up is larger than 32 MB"},
		"huge":      {bytes.NewReader(claim(t, jpeg, 20_000, 20_000)), "up is too large: 20000×20000"},
	} {
		if _, err := Read(c.r, "up"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: want %q, got %v", what, c.want, err)
		}
	}
	if flood.n > maxFileSize+1<<20 {
		t.Errorf("%d bytes of an endless upload were read", flood.n)
	}
}

func TestPicturesFromMemoryEqualFiles(t *testing.T) {
	names, _ := filepath.Glob("testdata/decode/*")
	for _, name := range names {
		file, err := ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		img, _ := file.Decode()
		memory := FromImage("memory", img)
		want, _ := file.Pixels(30, 31)
		got, err := memory.Pixels(30, 31)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: other pixels, %v", name, err)
		}
		if memory.ID() == "" || memory.ID() == file.ID() || memory.ID() != FromImage("", img).ID() {
			t.Errorf("%s: ID %q", name, memory.ID())
		}
		if memory.Label != -1 {
			t.Error("a label of", memory.Label)
		}
	}
}

func TestPicturesFromMemoryAreCopied(t *testing.T) {
	for _, whole := range []interface {
		image.Image
		Set(x, y int, c color.Color)
		SubImage(image.Rectangle) image.Image
	}{image.NewGray(image.Rect(0, 0, 9, 9)), image.NewNRGBA(image.Rect(0, 0, 9, 9))} {
		whole.Set(4, 5, color.Gray{77})
		part := whole.SubImage(image.Rect(4, 5, 7, 9))
		f := FromImage("part", part)
		before := f.ID()
		whole.Set(4, 5, color.Gray{200})
		p, err := f.Pixels(4, 3)
		if err != nil || p[0] != 77 || p[2] != 77 || p[3] != 0 {
			t.Error(p, err)
		}
		if f.ID() != before || FromImage("part", part).ID() == before {
			t.Error("the ID does not follow the pixels")
		}
	}
	// Transparency is dropped, not blended with black.
	faint := image.NewRGBA(image.Rect(0, 0, 1, 1))
	faint.Set(0, 0, color.NRGBA{200, 100, 0, 128})
	if p, err := FromImage("faint", faint).Pixels(1, 1); err != nil || p[0] < 198 || p[1] < 98 {
		t.Error(p, err)
	}
	if wide, tall := image.NewGray(image.Rect(0, 0, 6, 1)), image.NewGray(image.Rect(0, 0, 1, 6)); FromImage("", wide).ID() == FromImage("", tall).ID() {
		t.Error("images of other shape have one ID")
	}
}

func TestPicturesWithoutPixelsAreRefused(t *testing.T) {
	for _, img := range []image.Image{nil, image.NewGray(image.Rect(3, 3, 3, 9)), image.NewRGBA(image.Rectangle{})} {
		if _, err := FromImage("nothing", img).Pixels(2, 2); err == nil || !strings.Contains(err.Error(), "nothing has no pixels") {
			t.Error(err)
		}
	}
	if id := (Image{}).ID(); id != "" {
		t.Error("the zero Image has the ID", id)
	}
	if _, err := (Image{}).Decode(); err == nil {
		t.Error("the zero Image can be decoded")
	}
}
