package images

import (
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
