package images

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// labelled is a set of n images in which the first pixel of image i is i, and its label i%6.
func labelled(t testing.TB, n int) *Set {
	t.Helper()
	s := &Set{Name: "train", Classes: []string{"a", "b", "c", "d", "e", "f"}}
	for i := range n {
		s.Images = append(s.Images, Image{Name: fmt.Sprint(i, ".bmp"), Label: i % 6, data: constantBMP(t, uint8(i))})
	}
	return s
}

// Image, label and file belong together in every batch of every epoch.
func TestBatchesKeepThePairing(t *testing.T) {
	s := labelled(t, 70)
	loader := s.Batches(Batches{ImageSize: 5, Shuffle: true, Seed: 100})
	for epoch := range 3 {
		order := loader.Order(epoch)
		var sizes, files []int
		for batch, err := range loader.Epoch(epoch) {
			if err != nil {
				t.Fatal(err)
			}
			n := len(batch.Indices)
			if len(batch.Labels) != n || len(batch.Pixels) != n*5*5*3 {
				t.Fatalf("%d images, %d labels, %d values", n, len(batch.Labels), len(batch.Pixels))
			}
			for i, file := range batch.Indices {
				if file != order[len(files)] || batch.Labels[i] != s.Images[file].Label {
					t.Fatalf("epoch %d, image %d: file %d has label %d", epoch, i, file, batch.Labels[i])
				}
				image := batch.Pixels[i*75 : (i+1)*75]
				if image[0] != float32(file) || slices.Min(image) != slices.Max(image) {
					t.Fatalf("epoch %d, image %d: pixels of %v, file %d", epoch, i, image[0], file)
				}
				files = append(files, file)
			}
			sizes = append(sizes, n)
		}
		if !slices.Equal(sizes, []int{32, 32, 6}) || len(sizes) != loader.Len() {
			t.Errorf("batches of %v, Len %d", sizes, loader.Len())
		}
		slices.Sort(files)
		for i, f := range files {
			if i != f {
				t.Fatalf("epoch %d: files %v", epoch, files)
			}
		}
	}
}

func TestOrdersFollowFromSeedAndEpoch(t *testing.T) {
	s := labelled(t, 40)
	a := s.Batches(Batches{Shuffle: true, Seed: 100})
	if again := s.Batches(Batches{Shuffle: true, Seed: 100}); !slices.Equal(a.Order(3), again.Order(3)) {
		t.Error("the same seed and epoch, another order")
	}
	if slices.Equal(a.Order(0), a.Order(1)) {
		t.Error("two epochs have the same order")
	}
	if other := s.Batches(Batches{Shuffle: true, Seed: 101}); slices.Equal(a.Order(0), other.Order(0)) {
		t.Error("two seeds have the same order")
	}
	if plain := s.Batches(Batches{}).Order(5); !slices.IsSorted(plain) {
		t.Errorf("order without shuffle: %v", plain)
	}
}

func TestEpochTellsItsFiles(t *testing.T) {
	s := labelled(t, 10)
	loader := s.Batches(Batches{Size: 4, ImageSize: 3, Shuffle: true, Seed: 1})
	var files []int
	for b, err := range loader.Epoch(7) {
		if err != nil {
			t.Fatal(err)
		}
		for i, f := range b.Indices {
			if b.Labels[i] != s.Images[f].Label || b.Pixels[i*27] != float32(f) {
				t.Errorf("file %d: label %d, pixel %v", f, b.Labels[i], b.Pixels[i*27])
			}
		}
		files = append(files, b.Indices...)
	}
	if !slices.Equal(files, loader.Order(7)) {
		t.Errorf("files %v, order %v", files, loader.Order(7))
	}
}

func TestLeavingALoopStopsReadingAhead(t *testing.T) {
	s := labelled(t, 12)
	for range s.Batches(Batches{Size: 2, ImageSize: 3}).Epoch(0) {
		break
	}
	// Epoch returns after its reader has: no file is touched from here on (the race detector would tell).
	for i := range s.Images {
		s.Images[i] = Image{}
	}
}

func TestUnreadableImageEndsTheEpochWithItsName(t *testing.T) {
	s := labelled(t, 12)
	s.Images[5].data = []byte("gone")
	var batches int
	var failed error
	for _, err := range s.Batches(Batches{Size: 4, ImageSize: 3}).Epoch(0) {
		batches, failed = batches+1, err
	}
	if batches != 2 || failed == nil || !strings.Contains(failed.Error(), "5.bmp") {
		t.Errorf("%d batches, then %v", batches, failed)
	}
	if _, err := Pixels(s, []int{12}, 3); err == nil || !strings.Contains(err.Error(), "no image 12, there are 12") {
		t.Error(err)
	}
	if _, err := Pixels(s, []int{1}, 0); err == nil {
		t.Error("size 0 was taken")
	}
}

func TestLoaderDescribesItself(t *testing.T) {
	got := labelled(t, 70).Batches(Batches{Shuffle: true, Seed: 100}).String()
	want := "train: 3 batches of up to 32 images, shuffled anew each epoch, seed 100: " +
		"images float32 [n, 255, 255, 3] 0…255, labels of 6 classes"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
