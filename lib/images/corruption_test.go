package images

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"
	"testing"

	oracle "github.com/transfer-learning-go/defects/lib/internal/golden"
)

// changedPixels applies a change to a copy.
func changedPixels(c Change, pixels []float32, height, width int) []float32 {
	pixels = slices.Clone(pixels)
	c.Apply(0, pixels, height, width)
	return pixels
}

// meanDistance and the largest one of two images.
func meanDistance(a, b []float32) (mean, largest float64) {
	for i := range a {
		d := math.Abs(float64(a[i] - b[i]))
		mean, largest = mean+d/float64(len(a)), max(largest, d)
	}
	return mean, largest
}

type corruptionGoldens struct {
	Height, Width int
	Pixels        []float32
	Cases         []struct {
		Change   string
		Strength float64
		Pixels   []float32
	}
	JPEGHeight int `json:"jpeg_height"`
	JPEGWidth  int `json:"jpeg_width"`
	JPEG       []struct {
		Name   string
		Before []byte
		After  map[int][]byte // by quality
	}
}

func TestCorruptionsEqualSciPy(t *testing.T) {
	var goldens corruptionGoldens
	oracle.Read(t, "testdata/corruptions.json.gz", &goldens)
	makers := map[string]func(float64) Change{
		"blur": GaussianBlur, "rotation": Rotation, "brightness": Brightness, "contrast": Contrast,
	}
	for _, c := range goldens.Cases {
		got := changedPixels(makers[c.Change](c.Strength), goldens.Pixels, goldens.Height, goldens.Width)
		if len(got) != len(c.Pixels) {
			t.Fatalf("%s %v: %d values, want %d", c.Change, c.Strength, len(got), len(c.Pixels))
		}
		// The goldens have three decimals, the rest is float32.
		if _, largest := meanDistance(got, c.Pixels); !(largest <= 0.001) {
			t.Errorf("%s %v differs by %v of 255 from SciPy's", c.Change, c.Strength, largest)
		}
	}
	if len(goldens.Cases) != 29 {
		t.Errorf("%d cases, want 29", len(goldens.Cases))
	}
}

// Pillow's libjpeg transforms with other roundings, so that a value now and then falls into the neighbouring step of
// quantization: in the mean that is a small part of what the compression loses. Of colours, libjpeg interpolates between
// the one for every four pixels, and Go repeats it: there only the brightness can be nearly the same.
func TestJPEGIsNearlyPillows(t *testing.T) {
	var goldens corruptionGoldens
	oracle.Read(t, "testdata/corruptions.json.gz", &goldens)
	for _, c := range goldens.JPEG {
		before := fromBytes(c.Before, goldens.JPEGHeight*goldens.JPEGWidth)
		for quality, after := range c.After {
			pillow := fromBytes(after, goldens.JPEGHeight*goldens.JPEGWidth)
			got := changedPixels(JPEG(quality), before, goldens.JPEGHeight, goldens.JPEGWidth)
			lost, _ := meanDistance(luma(pillow), luma(before))
			if apart, _ := meanDistance(luma(got), luma(pillow)); apart > lost/10 {
				t.Errorf("%s of quality %d: %.2f grey levels from Pillow's, which is %.2f from the original", c.Name, quality, apart, lost)
			}
			lost, _ = meanDistance(pillow, before)
			if here, _ := meanDistance(got, before); math.Abs(here-lost) > lost/10 {
				t.Errorf("%s of quality %d: loses %.2f grey levels, with Pillow %.2f", c.Name, quality, here, lost)
			}
		}
	}
}

func TestJPEGRoundsValues(t *testing.T) {
	for v, want := range map[float32]float32{100.4: 100, 100.6: 101, 254.9: 255, 0: 0} {
		pixels := slices.Repeat([]float32{v}, 8*8*3)
		if got := changedPixels(JPEG(100), pixels, 8, 8); slices.Min(got) != want || slices.Max(got) != want {
			t.Errorf("%v becomes %v to %v, want %v", v, slices.Min(got), slices.Max(got), want)
		}
	}
}

// fromBytes are the values of a picture of one or three channels.
func fromBytes(data []byte, pixels int) []float32 {
	var values []float32
	for _, b := range data {
		for range 3 * pixels / len(data) {
			values = append(values, float32(b))
		}
	}
	return values
}

// luma is the brightness of each pixel, as JPEG stores it.
func luma(pixels []float32) []float32 {
	var values []float32
	for p := range slices.Chunk(pixels, 3) {
		values = append(values, 0.299*p[0]+0.587*p[1]+0.114*p[2])
	}
	return values
}

func TestCorruptionsAreTheSixFamiliesAtFiveStrengths(t *testing.T) {
	seen, names := map[string]bool{}, []string{}
	photograph := slices.Repeat([]float32{40, 90, 200, 60, 60, 60, 10, 20, 30}, 30) // 9×10 pixels
	for _, c := range Corruptions() {
		names = append(names, c.Name)
		before := 0.0
		for _, strength := range c.Strengths {
			change := c.Change(strength)
			if seen[change.Name] {
				t.Errorf("%s: a second change is called %q", c.Name, change.Name)
			}
			seen[change.Name] = true
			changed := changedPixels(change, photograph, 9, 10)
			if slices.Min(changed) < 0 || slices.Max(changed) > 255 {
				t.Errorf("%s: values outside of 0…255", change.Name)
			}
			if !slices.Equal(changed, changedPixels(c.Change(strength), photograph, 9, 10)) {
				t.Errorf("%s: other pixels at a second time", change.Name)
			}
			if distance, _ := meanDistance(changed, photograph); c.Name == "noise" || c.Name == "brightness" || c.Name == "contrast" {
				if distance <= before {
					t.Errorf("%s is not stronger than the one before", change.Name)
				}
				before = distance
			}
		}
	}
	if want := "noise blur brightness contrast rotation JPEG"; strings.Join(names, " ") != want || len(seen) != 30 {
		t.Errorf("%v with %d changes", names, len(seen))
	}
	for _, name := range []string{"Gaussian noise of 20.4 grey levels, seed 1", "Gaussian blur of sigma 6",
		"brightness +25.5 grey levels", "contrast ×0.05", "rotation by 45°", "JPEG of quality 7"} {
		if !seen[name] {
			t.Errorf("no change is called %q", name)
		}
	}
}

func TestGreyStaysGrey(t *testing.T) {
	grey := make([]float32, 0, 16*16*3)
	for i := range 16 * 16 {
		v := float32(i*i%251) + 0.25
		grey = append(grey, v, v, v)
	}
	for _, c := range Corruptions() {
		for p := range slices.Chunk(changedPixels(c.Change(c.Strengths[2]), grey, 16, 16), 3) {
			if p[0] != p[1] || p[0] != p[2] {
				t.Errorf("%s: a grey image became coloured: %v", c.Name, p)
				break
			}
		}
	}
}

// Images of one row or pixel have no surroundings.
func TestSmallImagesAreChanged(t *testing.T) {
	for _, c := range Corruptions() {
		for _, size := range [][2]int{{1, 1}, {1, 5}, {5, 1}} {
			pixels := slices.Repeat([]float32{100, 50, 25}, size[0]*size[1])
			changed := changedPixels(c.Change(c.Strengths[4]), pixels, size[0], size[1])
			if slices.ContainsFunc(changed, func(v float32) bool { return !(v >= 0 && v <= 255) }) {
				t.Errorf("%s of %v: %v", c.Name, size, changed)
			}
			if _, largest := meanDistance(changed, pixels); (c.Name == "blur" || c.Name == "rotation") && largest > 1e-4 {
				t.Errorf("%s changes a flat image by %v", c.Name, largest)
			}
		}
	}
}

func TestImpossibleChangesPanic(t *testing.T) {
	nan, infinite := math.NaN(), math.Inf(1)
	for name, make := range map[string]func(){
		"GaussianNoise: sigma is -1":       func() { GaussianNoise(-1, 0) },
		"GaussianNoise: sigma is NaN":      func() { GaussianNoise(nan, 0) },
		"GaussianBlur: sigma is -0.5":      func() { GaussianBlur(-0.5) },
		"Contrast: factor is +Inf":         func() { Contrast(infinite) },
		"Brightness: added is NaN":         func() { Brightness(nan) },
		"Rotation: degrees is +Inf":        func() { Rotation(infinite) },
		"JPEG: quality is 0, it must be 1": func() { JPEG(0) },
		"JPEG: quality is 101":             func() { JPEG(101) },
	} {
		func() {
			defer func() {
				if text := fmt.Sprint(recover()); !strings.Contains(text, "images."+name) {
					t.Errorf("panic of %q, want %q", text, name)
				}
			}()
			make()
		}()
	}
}

func TestBrightnessIsClipped(t *testing.T) {
	s := flat(color.RGBA{50, 100, 200, 255})
	for added, want := range map[float64][]float32{100: {63.75, 127.5, 255}, -100: {25, 50, 100}, -300: {0, 0, 0}, 0: {50, 100, 200}} {
		if p, err := Changed(s, Brightness(added)).Pixels(0, 1, 1); err != nil || !slices.Equal(p, want) {
			t.Error(added, p, err)
		}
	}
}
