package images

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Change changes the pixels of images, such as to see how much noise a model bears.
type Change struct {
	// Name tells the change and all its parameters, such as "brightness ×0.5". Changes of equal name must make equal
	// pixels from equal pixels, whatever the image's index is: what is computed from changed images may be stored by that
	// name. Leave it empty if they do not; then nothing is stored.
	Name string
	// Apply changes image i in place, resized already: [height, width, 3] values, which are to stay within 0…255. It may
	// be called from several goroutines at once.
	Apply func(i int, pixels []float32, height, width int)
}

// Changed gives the images of s with changed pixels. Names and labels stay; an image's ID follows from its own and the
// change's name.
func Changed(s Source, c Change) Source { return changed{s, c} }

type changed struct {
	Source
	change Change
}

func (s changed) About() About {
	about := s.Source.About()
	if s.change.Name != "" {
		about.Name += ", " + s.change.Name
	}
	return about
}

func (s changed) Info(i int) Info {
	info := s.Source.Info(i)
	if s.change.Name == "" || info.ID == "" {
		info.ID = ""
		return info
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s changed by %q", info.ID, s.change.Name))
	info.ID = hex.EncodeToString(sum[:])
	return info
}

func (s changed) Pixels(i, height, width int) ([]float32, error) {
	original, err := s.Source.Pixels(i, height, width)
	if err != nil {
		return nil, err
	}
	pixels := slices.Clone(original) // which may be the source's own
	s.change.Apply(i, pixels, height, width)
	return pixels, nil
}

// GaussianNoise adds normally distributed noise to each pixel. sigma is its deviation in grey levels of 0…255, at least
// 0; otherwise it panics. One number is drawn per pixel and added to red, green and blue, so that grey images stay grey;
// sums are clipped to 0…255. The numbers follow from the seed and the image's own pixels: equal images get equal noise.
func GaussianNoise(sigma float64, seed int64) Change {
	notNegative("GaussianNoise", "sigma", sigma)
	return Change{
		Name: fmt.Sprintf("Gaussian noise of %g grey levels, seed %d", sigma, seed),
		Apply: func(_ int, pixels []float32, _, _ int) {
			content := uint64(14695981039346656037) // FNV-1a, by pixels
			for _, v := range pixels {
				content = (content ^ uint64(math.Float32bits(v))) * 1099511628211
			}
			rng := rand.New(rand.NewPCG(uint64(seed), content))
			for pixel := range slices.Chunk(pixels, 3) {
				added := float32(rng.NormFloat64() * sigma)
				for channel, v := range pixel {
					pixel[channel] = min(max(v+added, 0), 255)
				}
			}
		},
	}
}

// Brightness multiplies each value by a factor of at least 0 and clips it to 255. Another factor panics.
func Brightness(factor float64) Change {
	notNegative("Brightness", "factor", factor)
	return Change{
		Name: fmt.Sprintf("brightness ×%g", factor),
		Apply: func(_ int, pixels []float32, _, _ int) {
			for i, v := range pixels {
				pixels[i] = min(v*float32(factor), 255)
			}
		},
	}
}

func notNegative(function, name string, value float64) {
	if !(value >= 0) || math.IsInf(value, 0) {
		panic(fmt.Sprintf("images.%s: %s is %v, it must be a number of at least 0", function, name, value))
	}
}
