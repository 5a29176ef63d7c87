package images

import (
	"crypto/sha256"
	"encoding/hex"
	"image"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// realZip is the published data set, if it lies beside the module.
func realZip(t testing.TB) string {
	t.Helper()
	name, err := filepath.Abs(filepath.Join("..", "..", "..", "shared", "data", "neu-surface-defect-database.zip"))
	if err == nil {
		_, err = os.Stat(name)
	}
	if err != nil {
		t.Skip("needs the published data set:", err)
	}
	return name
}

func TestPublishedDataSetOpens(t *testing.T) {
	ownCache(t)
	name := realZip(t)
	d, err := Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + d.String())
	if !slices.Equal(d.Train.Counts(), []int{240, 240, 240, 240, 240, 240}) ||
		!slices.Equal(d.Validation.Counts(), []int{60, 60, 60, 60, 60, 60}) {
		t.Errorf("images per class %v, %v", d.Train.Counts(), d.Validation.Counts())
	}
	// An image in both splits would be counted as known when it is only remembered.
	trained := map[string]string{}
	for _, f := range d.Train.Images {
		trained[f.ID()] = f.Name
	}
	for _, f := range d.Validation.Images {
		if other, ok := trained[f.ID()]; ok {
			t.Errorf("%s and %s are the same image", other, f.Name)
		}
	}
}

func TestPublishedDataSetIsDividedEvenly(t *testing.T) {
	ownCache(t)
	d, err := Open(realZip(t))
	if err != nil {
		t.Fatal(err)
	}
	folds, err := KFold(d.All(), 5, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, fold := range folds {
		if n := fold.Validation.(*Set).Counts(); !slices.Equal(n, []int{60, 60, 60, 60, 60, 60}) || fold.Train.Len() != 1440 {
			t.Errorf("%v validation and %d training images", n, fold.Train.Len())
		}
	}
}

func BenchmarkOpenAndDecodeAll(b *testing.B) {
	name := realZip(b)
	for b.Loop() {
		b.Setenv("DEFECTS_CACHE", b.TempDir())
		if _, err := Open(name); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpenCheckedBefore(b *testing.B) {
	ownCache(b)
	name := realZip(b)
	for b.Loop() {
		if _, err := Open(name); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPixelsOf32(b *testing.B) {
	ownCache(b)
	d, err := Open(realZip(b))
	if err != nil {
		b.Fatal(err)
	}
	files := d.Train.Batches(Batches{Shuffle: true}).Order(0)[:32]
	for b.Loop() {
		if _, err := Pixels(d.Train, files, 255); err != nil {
			b.Fatal(err)
		}
	}
}

// Of red, green, blue of all training, then all validation images, by path: printed by `python scripts/oracle compare decode
// --data …`, with TensorFlow 2.21 and Pillow 13.
var realPixels = map[Decoder]string{
	TensorFlow: "8ef13e65c5983094882f56bb06f23cabebc2635035777a3f39b643436bd82996",
	Pillow:     "1c2eaca540e06020e969bd3c427a526030296e84ee253a791e38cf886b5454e3",
}

func TestPublishedImagesHaveThePixelsOfTensorFlowAndPillow(t *testing.T) {
	ownCache(t)
	d, err := Open(realZip(t))
	if err != nil {
		t.Fatal(err)
	}
	for as, want := range realPixels {
		h := sha256.New()
		for _, s := range []*Set{d.Train, d.Validation} {
			for _, f := range s.DecodedBy(as).Images {
				img, err := f.Decode()
				if err != nil {
					t.Fatal(err)
				}
				for _, v := range img.(*image.Gray).Pix {
					h.Write([]byte{v, v, v})
				}
			}
		}
		if got := hex.EncodeToString(h.Sum(nil)); got != want {
			t.Errorf("as %v: the pixels of %d images have the hash %s", as, d.Train.Len()+d.Validation.Len(), got)
		}
	}
}
