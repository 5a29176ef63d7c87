package neighbours

import (
	"cmp"
	"fmt"
	"math"
	"math/cmplx"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"
	"gonum.org/v1/gonum/dsp/fourier"

	"github.com/transfer-learning-go/defects/lib/images"
)

// Overlap is a pair of images that show the same place: that are cut from one photograph.
type Overlap struct {
	A, B        int     // which image of the first source, and which of the second
	Right, Down float64 // how far the picture of A lies from that of B, as a share of its width and height
	Correlation float64 // of what both show, 0 … 1
}

const (
	side       = 66  // of the patterns that are compared; three pixels of NEU-DET's are one
	padded     = 128 // side, and the longest way that two patterns are moved
	shared     = 0.3 // share of its area that an image has in common with another at least
	smooth     = 6   // places to each side whose mean is taken away from a place
	sameEnough = 0.6
)

// Overlaps finds images of a that show a part of the same photograph as an image of b, the most alike first: at least three
// tenths of them, shifted in any direction, and lighter or darker. candidates[i] are the images of b that image i of a is
// compared with, such as its 32 nearest by features (Index.Nearest): images that overlap have similar features, but not
// all that have similar features overlap.
//
// Two images are laid over each other in all ways, and the largest correlation of what they then share is taken: over the
// places that both have,
//
//	Σ (f − mean f)(g − mean g) / √(Σ (f − mean f)² · Σ (g − mean g)²)
//
// (J. P. Lewis, Fast Normalized Cross-Correlation, 1995). So that the grain of the surface counts, and neither the light
// nor a straight edge, which looks the same all along: f and g are brightness minus the mean of its neighbourhood, minus
// the median of its row, minus that of its column, cut at ±3 median deviations. What reaches 0.6 is taken for the same
// place: nearly all pairs of NEU-DET's stay below 0.4, and hardly any lies between 0.5 and 0.65.
//
// NEU-DET's images are cut from larger ones: 33 of the 360 validation images show the same place as a training image, 25 of
// them pitted surfaces (TestOverlapsOfNEUDET). An image that is in both sources overlaps itself.
func Overlaps(a, b images.Source, candidates [][]Neighbour) ([]Overlap, error) {
	if len(candidates) != a.Len() {
		return nil, fmt.Errorf("overlaps: candidates for %d images, but %s has %d: give a list for each", len(candidates),
			a.About().Name, a.Len())
	}
	wanted := map[int]bool{}
	for _, list := range candidates {
		for _, n := range list {
			if n.Image < 0 || n.Image >= b.Len() {
				return nil, fmt.Errorf("overlaps: no image %d of %s, there are %d", n.Image, b.About().Name, b.Len())
			}
			wanted[n.Image] = true
		}
	}
	as, err := patterns(a, func(i int) bool { return len(candidates[i]) > 0 })
	if err != nil {
		return nil, err
	}
	bs, err := patterns(b, func(i int) bool { return wanted[i] })
	if err != nil {
		return nil, err
	}
	found := make([][]Overlap, len(as))
	err = each(len(as), func(i int) error {
		if as[i] == nil {
			return nil
		}
		spectrum := newPlane(as[i].values, nil)
		for two := range slices.Chunk(candidates[i], 2) {
			other := bs[two[len(two)-1].Image]
			products := newPlane(bs[two[0].Image].values, other.values)
			products.correlate(spectrum)
			for k, n := range two {
				o := as[i].best(bs[n.Image], products, k == 1)
				if o.A, o.B = i, n.Image; o.Correlation >= sameEnough {
					found[i] = append(found[i], o)
				}
			}
		}
		return nil
	})
	all := slices.Concat(found...)
	slices.SortStableFunc(all, func(a, b Overlap) int { return cmp.Compare(b.Correlation, a.Correlation) })
	return all, err
}

// each calls do(0), …, do(n−1) on all processors.
func each(n int, do func(i int) error) error {
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range n {
		g.Go(func() error { return do(i) })
	}
	return g.Wait()
}

// best is where the correlation of what p and q share is largest. imaginary tells where their products are.
func (p *pattern) best(q *pattern, products plane, imaginary bool) Overlap {
	var o Overlap
	const reach = side * 7 / 10 // farther away they share less than three tenths
	for down := -reach; down <= reach; down++ {
		for right := -reach; right <= reach; right++ {
			height, width := side-max(down, -down), side-max(right, -right)
			n := float64(height * width)
			if n < shared*side*side {
				continue
			}
			product := products[(down+padded)%padded*padded+(right+padded)%padded]
			sum := real(product)
			if imaginary {
				sum = imag(product)
			}
			f, ff := p.sums(max(0, -down), max(0, -right), height, width)
			g, gg := q.sums(max(0, down), max(0, right), height, width)
			both := (ff - f*f/n) * (gg - g*g/n)
			if both <= 1e-6 { // one of them shows nothing there
				continue
			}
			if c := (sum - f*g/n) / math.Sqrt(both); c > o.Correlation {
				o = Overlap{Right: float64(right) / side, Down: float64(down) / side, Correlation: c}
			}
		}
	}
	return o
}

// plane holds padded×padded numbers.
type plane []complex128

// newPlane is the transform of a pattern or, as its imaginary part, of two.
func newPlane(values, imaginary []float64) plane {
	p := make(plane, padded*padded)
	for i, v := range values {
		var w float64
		if imaginary != nil {
			w = imaginary[i]
		}
		p[i/side*padded+i%side] = complex(v, w)
	}
	p.transform((*fourier.CmplxFFT).Coefficients)
	return p
}

// correlate makes of the transform of g the sums Σ f(place)·g(place + shift), at their shift. f is real, so g may hold two
// patterns.
func (p plane) correlate(f plane) {
	for i := range p {
		p[i] *= cmplx.Conj(f[i]) / (padded * padded)
	}
	p.transform((*fourier.CmplxFFT).Sequence)
}

// transform transforms rows and columns.
func (p plane) transform(by func(t *fourier.CmplxFFT, into, of []complex128) []complex128) {
	fft := fourier.NewCmplxFFT(padded)
	for y := range padded {
		by(fft, p[y*padded:][:padded], p[y*padded:][:padded])
	}
	column := make([]complex128, padded)
	for x := range padded {
		for y := range column {
			column[y] = p[y*padded+x]
		}
		by(fft, column, column)
		for y, v := range column {
			p[y*padded+x] = v
		}
	}
}
