package classifier

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/result"
)

func openAt(t testing.TB, folder string) *images.Dataset {
	t.Helper()
	d, err := images.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func allRows(t *testing.T, f *featureFile, n int) []float32 {
	t.Helper()
	defer f.Close()
	rows, err := f.rows(sequence(0, n))
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestInterruptedFeaturesAreTakenUp(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("DEFECTS_CACHE", cache)
	data := openImages(t)
	m := newSmall(t, 1)
	compute := func() (features []float32, first int) {
		first = -1
		stored, err := m.stored(t.Context(), SplitImages(data.Train, 40), func(p result.Progress) {
			if first < 0 {
				first = p.Done
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		return allRows(t, stored, len(data.Train.Images)), first
	}
	want, first := compute()
	if first != 32 {
		t.Errorf("the first chunk ends at image %d", first)
	}
	if again, first := compute(); !slices.Equal(again, want) || first != -1 {
		t.Error("stored features are computed again")
	}
	paths, err := filepath.Glob(filepath.Join(cache, "features", "*.f32"))
	if err != nil || len(paths) != 1 {
		t.Fatalf("stored as %v, %v", paths, err)
	}
	whole, err := os.ReadFile(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	size := len(whole) / len(data.Train.Images)
	for _, length := range []int{0, 1, 7*size + 5, 10 * size, len(whole) - 1, len(whole), len(whole) + 100} {
		// As a killed process leaves it, or a full disk.
		part := append([]byte{}, whole[:min(length, len(whole))]...)
		part = append(part, make([]byte, length-len(part))...)
		if err := os.WriteFile(paths[0]+".part", part, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(paths[0]); err != nil {
			t.Fatal(err)
		}
		got, first := compute()
		if !slices.Equal(got, want) {
			t.Errorf("with %d of %d bytes there, other features come out", length, len(whole))
		}
		if done := min(length/size, 33); done < 33 && first != min(done+32, 33) {
			t.Errorf("with %d images done, the first chunk ends at %d", done, first)
		}
		if _, err := os.Stat(paths[0] + ".part"); err == nil {
			t.Error("the part is left behind")
		}
	}
}

func TestDamagedFeaturesAreComputedAgain(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("DEFECTS_CACHE", cache)
	data := openImages(t)
	m := newSmall(t, 1)
	validation := func() []float32 {
		features, err := m.stored(t.Context(), SplitImages(data.Validation, 40), nil)
		if err != nil {
			t.Fatal(err)
		}
		return allRows(t, features, len(data.Validation.Images))
	}
	want := validation()
	paths, _ := filepath.Glob(filepath.Join(cache, "features", "*.f32"))
	if err := os.Truncate(paths[0], 100); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(validation(), want) {
		t.Error("a truncated file gives other features")
	}
}

func TestFeaturesDoNotDependOnTheBatch(t *testing.T) {
	data, m := openImages(t), newSmall(t, 1)
	pixels, err := images.Pixels(data.Train, sequence(0, 33), 40)
	if err != nil {
		t.Fatal(err)
	}
	together, shape, err := m.Features(pixels)
	if err != nil {
		t.Fatal(err)
	}
	n := elements(shape)
	for _, i := range []int{0, 31, 32} {
		one, _, err := m.Features(pixels[i*40*40*3 : (i+1)*40*40*3])
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(one, together[i*n:(i+1)*n]) {
			t.Errorf("image %d has other features alone", i)
		}
		if math.IsNaN(float64(slices.Max(one))) || slices.Max(one) == 0 {
			t.Errorf("image %d has features %v", i, one[:5])
		}
	}
	_, _, err = m.Features(pixels[:40*40*3+1])
	requireInError(t, err, "no whole number of images")
}
