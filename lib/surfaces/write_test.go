package surfaces

import (
	"fmt"
	"image/jpeg"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestWriteMakesTheLayoutOfNEUDET(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "down")
	if err := Write(dir, 3, 3, 2); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, class := range Classes {
		for n := 1; n <= 3; n++ {
			want = append(want, fmt.Sprintf("NEU-DET/train/images/%s/%s_%d.jpg", class, class, n))
		}
		for n := 4; n <= 5; n++ {
			want = append(want, fmt.Sprintf("NEU-DET/validation/images/%s/%s_%d.jpg", class, class, n))
		}
	}
	want = append(want, "NEU-DET/SYNTHETIC")
	slices.Sort(want)
	if got := files(t, dir); !slices.Equal(got, want) {
		t.Errorf("files are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}

	marker, err := os.ReadFile(filepath.Join(dir, "NEU-DET", Marker))
	if err != nil {
		t.Fatal(err)
	}
	if line := string(marker); strings.Count(line, "\n") != 1 || !strings.Contains(line, "seed 3") {
		t.Errorf("marker %q, want one line with the seed", line)
	}
}

func TestWrittenFileIsTheImageOfItsNumber(t *testing.T) {
	dir := t.TempDir()
	if err := Write(dir, 9, 1, 1); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(dir, "NEU-DET/validation/images/patches/patches_2.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := jpeg.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	want := Image(slices.Index(Classes, "patches"), 9, 2)
	total := 0.0
	for y := range Size {
		for x := range Size {
			r, _, _, _ := img.At(x, y).RGBA()
			d := float64(r>>8) - float64(want.GrayAt(x, y).Y)
			total += d * d
		}
	}
	if mean := total / (Size * Size); mean > 20 { // JPEG at quality 95
		t.Errorf("mean squared difference from Image(…, 9, 2) is %.1f grey levels", mean)
	}
}

func TestWriteTellsHowFarItIs(t *testing.T) {
	var told []int
	total := 0
	dir := t.TempDir()
	for range 2 { // nothing is drawn the second time
		if err := WriteWith(dir, 1, 2, 1, func(done, of int) { told, total = append(told, done), of }); err != nil {
			t.Fatal(err)
		}
	}
	if len(told) != 3*len(Classes) || !slices.IsSorted(told) || told[0] != 1 || total != len(told) {
		t.Errorf("told %v of %d", told, total)
	}
}

func TestWriteByManyAtOnceLeavesOneWholeFolder(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if err := Write(dir, 1, 2, 1); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got, want := len(files(t, dir)), 3*len(Classes)+1; got != want {
		t.Errorf("%d files, want %d: temporary ones left behind?", got, want)
	}
}

func TestWriteRemovesWhatAKilledProcessHasLeft(t *testing.T) {
	dir := t.TempDir()
	left := filepath.Join(dir, temporaryPrefix+"123", "train", "images")
	if err := os.MkdirAll(left, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(left, "crazing_1.jpg"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Write(dir, 1, 1, 1); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
}

func TestWriteLeavesTheSameImagesAlone(t *testing.T) {
	dir := t.TempDir()
	if err := Write(dir, 1, 1, 1); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "NEU-DET/train/images/crazing/crazing_1.jpg")
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := Write(dir, 1, 1, 1); err != nil {
		t.Fatal(err)
	}
	if after, err := os.Stat(path); err != nil || !os.SameFile(before, after) {
		t.Errorf("the second Write replaced the images (%v)", err)
	}
}

func TestWriteRefusesAFolderWithOtherImages(t *testing.T) {
	synthetic := t.TempDir()
	if err := Write(synthetic, 1, 1, 1); err != nil {
		t.Fatal(err)
	}
	realImages := t.TempDir()
	if err := os.MkdirAll(filepath.Join(realImages, "NEU-DET", "train"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{synthetic, realImages} {
		before := files(t, dir)
		err := Write(dir, 2, 1, 1)
		if err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "NEU-DET")) {
			t.Errorf("error %v, want one that names the folder", err)
		}
		if after := files(t, dir); !slices.Equal(before, after) {
			t.Errorf("files changed from %q to %q", before, after)
		}
	}
}

func TestFailedWriteLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	if err := Write(dir, 1, 0, 1); err == nil || !strings.Contains(err.Error(), "at least 1") {
		t.Errorf("no training images: error %v", err)
	}
	blocked := filepath.Join(dir, "file")
	if err := os.WriteFile(blocked, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Write(blocked, 1, 1, 1); err == nil || !strings.Contains(err.Error(), blocked) {
		t.Errorf("a file where the folder should be: error %v", err)
	}
	if got := files(t, dir); !slices.Equal(got, []string{"file"}) {
		t.Errorf("left behind: %q", got)
	}
}

// files lists all files under dir, sorted, with slashes.
func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			name, _ := filepath.Rel(dir, path)
			names = append(names, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return names
}
