package textures

import (
	"bytes"
	"fmt"
	"image"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/transfer-learning-go/defects/lib/surfaces"
)

const size = 64

func TestFamiliesAreManyDistinctAndNoneIsADefect(t *testing.T) {
	if len(Families) < 48 {
		t.Errorf("%d families, want at least 48", len(Families))
	}
	sorted := slices.Sorted(slices.Values(Families))
	if distinct := slices.Compact(slices.Clone(sorted)); len(distinct) != len(sorted) {
		t.Errorf("a name occurs twice in %q", sorted)
	}
	for _, class := range surfaces.Classes {
		if slices.Contains(Families, class) {
			t.Errorf("%s is a class of surfaces", class)
		}
	}
}

func TestImageIsTheSameInAnyOrderAndInParallel(t *testing.T) {
	first := make([][]byte, len(Families))
	for f := range Families {
		first[f] = Image(f, 11, 3, size).Pix
	}
	var all sync.WaitGroup
	for f := len(Families) - 1; f >= 0; f-- {
		all.Go(func() {
			if !bytes.Equal(first[f], Image(f, 11, 3, size).Pix) {
				t.Errorf("%s differs the second time", Families[f])
			}
		})
	}
	all.Wait()
}

func TestImagesDifferAcrossSeedsFamiliesAndIndices(t *testing.T) {
	seen := map[string]string{}
	for seed := range int64(2) {
		for f, family := range Families {
			for i := range 2 {
				name := fmt.Sprintf("seed %d, %s %d", seed, family, i)
				pixels := string(Image(f, seed, i, 32).Pix)
				if other, ok := seen[pixels]; ok {
					t.Errorf("%s is the same picture as %s", name, other)
				}
				seen[pixels] = name
			}
		}
	}
}

func TestFamiliesShowSomething(t *testing.T) {
	for f, family := range Families {
		const draws = 6
		plain := 0
		for i := range draws {
			heights := Heights(f, 8, i, size)
			if slices.Max(heights)-slices.Min(heights) < 40 {
				plain++
			}
		}
		if plain > draws/3 { // marks are sparse: a small picture may miss them
			t.Errorf("%s: %d of %d pictures are plain", family, plain, draws)
		}
	}
}

func TestHeldOutAreFamilies(t *testing.T) {
	for i, name := range HeldOut {
		if !slices.Contains(Families, name) || slices.Contains(HeldOut[:i], name) {
			t.Errorf("%q is no family, or held out twice", name)
		}
	}
}

func TestPatternsUseTheRangeOfHeights(t *testing.T) {
	for i, f := range families {
		low, high := math.Inf(1), math.Inf(-1)
		r := rand.New(rand.NewPCG(1, uint64(i)))
		for range 4 {
			height := f.draw(r, 0.02)
			for k := range 50 * 50 {
				h := height(0.13*float64(k%50)-3, 0.13*float64(k/50)-3)
				if math.IsNaN(h) {
					t.Fatalf("%s: a height is not a number", f.name)
				}
				low, high = min(low, h), max(high, h)
			}
		}
		if low > 0.4 || high < 0.6 || low < -3 || high > 4 {
			t.Errorf("%s: heights from %.2f to %.2f, want about 0 to 1", f.name, low, high)
		}
	}
}

func TestTwoThirdsOfTheImagesAreGrey(t *testing.T) {
	grey, total := 0, 0
	for f := range Families {
		for i := range 6 {
			img := Image(f, 13, i, 8)
			coloured := false
			for j := 0; j < len(img.Pix); j += 4 {
				coloured = coloured || img.Pix[j] != img.Pix[j+1] || img.Pix[j] != img.Pix[j+2]
			}
			if !coloured {
				grey++
			}
			total++
		}
	}
	if share := float64(grey) / float64(total); share < 0.58 || share > 0.75 {
		t.Errorf("%.0f %% of the images are grey, want about 67 %%", 100*share)
	}
}

// TestAnotherSizeShowsTheSameTexture halves a picture by averaging and compares
// it with one made at half the size.
func TestAnotherSizeShowsTheSameTexture(t *testing.T) {
	for _, family := range []string{"clouds", "sine grating", "Voronoi cells", "polka dots", "spiral"} {
		f := slices.Index(Families, family)
		large, small := Image(f, 21, 0, 2*size), Image(f, 21, 0, size)
		var a, b []float64
		for y := range size {
			for x := range size {
				sum := 0.0
				for _, d := range []image.Point{{0, 0}, {1, 0}, {0, 1}, {1, 1}} {
					sum += float64(large.RGBAAt(2*x+d.X, 2*y+d.Y).G)
				}
				a, b = append(a, sum/4), append(b, float64(small.RGBAAt(x, y).G))
			}
		}
		if c := correlation(a, b); c < 0.8 {
			t.Errorf("%s: correlation %.2f between two sizes, want 0.8 at least", family, c)
		}
	}
}

func TestHexagonFindsTheNearestCentre(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		x, y := uniform(r, -6, 6), uniform(r, -6, 6)
		_, _, dx, dy := hexagon(x, y)
		if e := hexEdge(dx, dy); e < -1e-9 {
			t.Fatalf("(%g, %g) lies %g outside the hexagon found for it", x, y, -e)
		}
	}
}

func correlation(a, b []float64) float64 {
	var sa, sb, aa, bb, ab float64
	for i := range a {
		sa, sb = sa+a[i], sb+b[i]
		aa, bb, ab = aa+a[i]*a[i], bb+b[i]*b[i], ab+a[i]*b[i]
	}
	n := float64(len(a))
	return (ab - sa*sb/n) / math.Sqrt((aa-sa*sa/n)*(bb-sb*sb/n))
}

func BenchmarkImage96(b *testing.B) {
	for i := range b.N {
		Image(i%len(Families), 1, i/len(Families), 96)
	}
}
