package neighbours

import (
	"fmt"
	"math"
	"slices"

	"github.com/transfer-learning-go/defects/lib/images"
)

// pattern is what Overlaps compares of an image.
type pattern struct {
	values        []float64 // [side, side]
	once, squared []float64 // [side+1, side+1]: sums of values, and of their squares, above and to the left of a place
}

// patterns are those of the images that are wanted, nil of others.
func patterns(s images.Source, wanted func(i int) bool) ([]*pattern, error) {
	all := make([]*pattern, s.Len())
	return all, each(len(all), func(i int) error {
		if !wanted(i) {
			return nil
		}
		pixels, err := s.Pixels(i, 3*side, 3*side)
		if err != nil {
			return fmt.Errorf("overlaps of %s: %w", s.About().Name, err)
		}
		all[i] = newPattern(pixels)
		return nil
	})
}

// newPattern makes the pattern of 3·side×3·side pixels with three channels.
func newPattern(pixels []float32) *pattern {
	grey := make([]float64, side*side)
	for i, v := range pixels {
		y, x := i/(9*side), i/3%(3*side)
		grey[y/3*side+x/3] += float64(v) / 27
	}
	light := table(grey, func(v float64) float64 { return v })
	values := make([]float64, side*side)
	for i, v := range grey {
		y, x := i/side, i%side
		top, left := max(0, y-smooth), max(0, x-smooth)
		height, width := min(side, y+smooth+1)-top, min(side, x+smooth+1)-left
		values[i] = v - within(light, top, left, height, width)/float64(height*width)
	}
	line := make([]float64, side)
	level := func(at func(k int) *float64) {
		for k := range line {
			line[k] = *at(k)
		}
		m := median(line)
		for k := range line {
			*at(k) -= m
		}
	}
	for x := range side {
		level(func(y int) *float64 { return &values[y*side+x] })
	}
	for y := range side {
		level(func(x int) *float64 { return &values[y*side+x] })
	}
	sizes := make([]float64, len(values))
	for i, v := range values {
		sizes[i] = math.Abs(v)
	}
	if most := 3 * median(sizes); most > 0 {
		for i, v := range values {
			values[i] = min(max(v/most, -1), 1)
		}
	}
	return &pattern{values, table(values, func(v float64) float64 { return v }), table(values, func(v float64) float64 { return v * v })}
}

func median(of []float64) float64 {
	sorted := slices.Sorted(slices.Values(of))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// table has at each place the sum of what lies above and to the left of it (F. C. Crow, Summed-Area Tables for Texture
// Mapping, 1984), so that the sum of any rectangle takes four numbers.
func table(values []float64, of func(float64) float64) []float64 {
	const row = side + 1
	t := make([]float64, row*row)
	for y := range side {
		for x := range side {
			t[(y+1)*row+x+1] = of(values[y*side+x]) + t[y*row+x+1] + t[(y+1)*row+x] - t[y*row+x]
		}
	}
	return t
}

func within(t []float64, top, left, height, width int) float64 {
	const row = side + 1
	bottom, right := top+height, left+width
	return t[bottom*row+right] - t[top*row+right] - t[bottom*row+left] + t[top*row+left]
}

// sums are those of the values in a rectangle, and of their squares.
func (p *pattern) sums(top, left, height, width int) (once, squared float64) {
	return within(p.once, top, left, height, width), within(p.squared, top, left, height, width)
}
