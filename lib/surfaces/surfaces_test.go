package surfaces

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/transfer-learning-go/defects/lib/surfaces/noise"
)

func TestClassesAreThoseOfNEUDETSorted(t *testing.T) {
	want := []string{"crazing", "inclusion", "patches", "pitted_surface", "rolled-in_scale", "scratches"}
	if !slices.Equal(Classes, want) || !slices.IsSorted(Classes) {
		t.Errorf("Classes = %q, want %q", Classes, want)
	}
}

func TestImageIsTheSameInAnyOrderAndInParallel(t *testing.T) {
	const perClass = 2
	var first [6][perClass][]byte
	for class := range Classes {
		for i := range perClass {
			first[class][i] = Image(class, 42, i).Pix
		}
	}
	var all sync.WaitGroup
	for class := len(Classes) - 1; class >= 0; class-- {
		for i := range perClass {
			all.Go(func() {
				if !bytes.Equal(first[class][i], Image(class, 42, i).Pix) {
					t.Errorf("%s %d differs the second time", Classes[class], i)
				}
			})
		}
	}
	all.Wait()
}

func TestImagesDifferAcrossSeedsClassesAndIndices(t *testing.T) {
	seen := map[string]string{}
	for seed := range int64(3) {
		for class := range Classes {
			for i := range 3 {
				name := fmt.Sprintf("seed %d, %s %d", seed, Classes[class], i)
				pixels := string(Image(class, seed, i).Pix)
				if other, ok := seen[pixels]; ok {
					t.Errorf("%s is the same picture as %s", name, other)
				}
				seen[pixels] = name
			}
		}
	}
}

func TestImagesAreExposedLikePhotographs(t *testing.T) {
	for class := range Classes {
		var means []float64
		for i := range 16 {
			img := Image(class, 5, i)
			if img.Bounds().Dx() != Size || img.Bounds().Dy() != Size {
				t.Fatalf("%s %d is %v, want %d×%d", Classes[class], i, img.Bounds(), Size, Size)
			}
			mean, deviation, clipped := statistics(img.Pix)
			if mean < 20 || mean > 240 || deviation < 2 || deviation > 90 {
				t.Errorf("%s %d: mean %.1f, deviation %.1f, want 20 to 240 and 2 to 90", Classes[class], i, mean, deviation)
			}
			if clipped > 0.5 {
				t.Errorf("%s %d: %.0f %% of the pixels are black or white", Classes[class], i, 100*clipped)
			}
			means = append(means, mean)
		}
		// The brightness of an image must not tell its class.
		if spread := slices.Max(means) - slices.Min(means); spread < 70 {
			t.Errorf("%s: brightness spans %.0f grey levels only", Classes[class], spread)
		}
	}
}

func statistics(pixels []byte) (mean, deviation, clipped float64) {
	sum, squares := 0.0, 0.0
	for _, p := range pixels {
		v := float64(p)
		sum += v
		squares += v * v
		if p == 0 || p == 255 {
			clipped++
		}
	}
	n := float64(len(pixels))
	mean = sum / n
	return mean, math.Sqrt(squares/n - mean*mean), clipped / n
}

// TestDefectsHaveTheirTone draws each defect on bare steel without finish: only
// scratches are bright, and each leaves a mark.
func TestDefectsHaveTheirTone(t *testing.T) {
	for class, d := range defects {
		sum := 0.0
		for i := range 8 {
			p := newPlate(noise.Rand(1, class, i))
			for j := range p.pix {
				p.pix[j] = 1
			}
			d.draw(p)
			for _, v := range p.pix {
				sum += v - 1
			}
		}
		mean := sum / (8 * Size * Size)
		if bright := Classes[class] == "scratches"; bright != (mean > 0) || math.Abs(mean) < 0.002 {
			t.Errorf("%s changes the reflectance by %+.4f on average", Classes[class], mean)
		}
	}
}

func TestBlurKeepsTheMean(t *testing.T) {
	l := newLayer()
	l[100*Size+100] = 1
	l.blur(2, 0.5)
	sum := 0.0
	for _, v := range l {
		sum += v
	}
	if math.Abs(sum-1) > 1e-9 {
		t.Errorf("a point of light holds %g after the blur, want 1", sum)
	}
	down, across := l[102*Size+100], l[100*Size+102]
	if down < 5*across {
		t.Errorf("2 pixels down %g, across %g: the blur should be longer down", down, across)
	}
}

func TestPlateCoordinatesGoBackAndForth(t *testing.T) {
	for i := range 4 {
		p := newPlate(noise.Rand(1, 0, i))
		x, y := p.xy(p.uv(37, 151))
		if math.Hypot(x-37, y-151) > 1e-9 {
			t.Errorf("plate %d: (37, 151) comes back as (%g, %g)", i, x, y)
		}
	}
}

func BenchmarkImage(b *testing.B) {
	for class, name := range Classes {
		b.Run(name, func(b *testing.B) {
			for i := range b.N {
				Image(class, 1, i)
			}
		})
	}
}
