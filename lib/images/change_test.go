package images

import (
	"errors"
	"image"
	"image/color"
	"math"
	"slices"
	"testing"
)

// flat are images of one colour each, from memory.
func flat(colours ...color.Color) *Set {
	s := Of()
	for _, c := range colours {
		img := image.NewRGBA(image.Rect(0, 0, 3, 2))
		for i := range 6 {
			img.Set(i%3, i/3, c)
		}
		s.Images = append(s.Images, FromImage("flat", img))
	}
	return s
}

func TestNoiseIsThatOfAnImageAndASeed(t *testing.T) {
	const size, sigma = 100, 20
	s := flat(color.Gray{128}, color.Gray{100}, color.Gray{128})
	pixels := func(s Source, i int) []float32 {
		p, err := s.Pixels(i, size, size)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	noisy := Changed(s, GaussianNoise(sigma, 1))
	first := pixels(noisy, 0)
	var sum, squares float64
	for p := range slices.Chunk(first, 3) {
		if p[0] != p[1] || p[0] != p[2] {
			t.Fatalf("a grey image became coloured: %v", p)
		}
		d := float64(p[0]) - 128
		sum, squares = sum+d, squares+d*d
	}
	if mean, deviation := sum/size/size, math.Sqrt(squares/size/size); math.Abs(mean) > 1 || math.Abs(deviation-sigma) > 1 {
		t.Errorf("noise of mean %v, deviation %v", mean, deviation)
	}
	if !slices.Equal(first, pixels(noisy, 0)) {
		t.Error("the same image, other noise")
	}
	if !slices.Equal(first, pixels(noisy, 2)) || noisy.Info(0).ID != noisy.Info(2).ID {
		t.Error("equal images differ after equal changes")
	}
	if !slices.Equal(first, pixels(Select(noisy, []int{1, 0}), 1)) {
		t.Error("the noise follows the place in a selection")
	}
	if slices.Equal(first, pixels(Changed(s, GaussianNoise(sigma, 2)), 0)) {
		t.Error("another seed, the same noise")
	}
	if other := pixels(noisy, 1); other[0]-100 == first[0]-128 && other[3]-100 == first[3]-128 {
		t.Error("another image, the same noise")
	}
	if slices.Min(first) < 0 || slices.Max(pixels(Changed(s, GaussianNoise(1000, 1)), 0)) > 255 {
		t.Error("values outside of 0…255")
	}
	if !slices.Equal(pixels(Changed(s, GaussianNoise(0, 1)), 0), pixels(s, 0)) {
		t.Error("no noise changes the image")
	}
}

// What is stored for an image must not be taken for a changed one.
func TestChangedImagesHaveIDsOfTheirOwn(t *testing.T) {
	s := flat(color.Gray{1}, color.Gray{2})
	s.Images[1].hash = [32]byte{} // unknown content
	once := Changed(s, Contrast(2))
	ids := []string{s.Info(0).ID, once.Info(0).ID, Changed(s, Contrast(3)).Info(0).ID, Changed(once, Contrast(2)).Info(0).ID}
	slices.Sort(ids)
	if len(slices.Compact(ids)) != 4 || len(ids[0]) != 64 {
		t.Errorf("IDs %v", ids)
	}
	unnamed := Changed(s, Change{Apply: func(int, []float32, int, int) {}})
	if unnamed.Info(0).ID != "" || once.Info(1).ID != "" {
		t.Error("unknown pixels have an ID")
	}
	if got := Changed(once, GaussianNoise(2.5, 7)).About().Name; got != "images, contrast ×2, Gaussian noise of 2.5 grey levels, seed 7" {
		t.Error(got)
	}
	if unnamed.About().Name != "images" || once.Info(0).Label != -1 || once.Len() != 2 {
		t.Errorf("%+v", unnamed.About())
	}
}

// lent is a source that gives its own memory.
type lent struct {
	Source
	pixels []float32
	err    error
}

func (l lent) Pixels(int, int, int) ([]float32, error) { return l.pixels, l.err }

func TestChangesLeaveTheSourceAlone(t *testing.T) {
	s := lent{Source: flat(color.Gray{1}), pixels: []float32{1, 1, 1}}
	var index int
	change := Change{Apply: func(i int, p []float32, h, w int) { index, p[0] = i*100+h*10+w, 9 }}
	if p, err := Changed(s, change).Pixels(4, 1, 1); err != nil || p[0] != 9 || s.pixels[0] != 1 || index != 411 {
		t.Error(p, s.pixels, index, err)
	}
	s.err = errors.New("gone")
	if _, err := Changed(s, change).Pixels(0, 1, 1); err == nil {
		t.Error("an error was swallowed")
	}
}
