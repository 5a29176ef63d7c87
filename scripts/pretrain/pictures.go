package main

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"

	"github.com/transfer-learning-go/defects/scripts/pretrain/textures"
)

// stock are drawn textures, each in heights alone: colours, light and noise are new each time that one is used.
type stock struct {
	from, size int
	heights    [][]uint8 // of family trainedOn[(from+i)%len(trainedOn)] at i
}

// trainedOn are the families that are not held out, as indices of textures.Families.
var trainedOn = func() (indices []int) {
	for i, name := range textures.Families {
		if !slices.Contains(textures.HeldOut, name) {
			indices = append(indices, i)
		}
	}
	return indices
}()

// draw makes n textures, one family after the other, from position `from` of the sequence.
func draw(from, n, size int) *stock {
	s := &stock{from: from, size: size, heights: make([][]uint8, n)}
	var wg sync.WaitGroup
	workers := runtime.NumCPU()
	for w := range workers {
		wg.Go(func() {
			for i := w; i < n; i += workers {
				at := from + i
				s.heights[i] = textures.Heights(trainedOn[at%len(trainedOn)], seed, at/len(trainedOn), size)
			}
		})
	}
	wg.Wait()
	return s
}

// batch makes n pictures of size×size pixels, [n, size, size, 3] of 0…255, and their families. Where a picture is cut
// out, how it lies, and what of another texture shines through is drawn anew for each step.
func (s *stock) batch(step, n, size int) (pixels []float32, labels []int32) {
	pixels, labels = make([]float32, n*size*size*3), make([]int32, n)
	var wg sync.WaitGroup
	workers := min(n, runtime.NumCPU())
	for w := range workers {
		wg.Go(func() {
			heights := make([]uint8, size*size)
			for k := w; k < n; k += workers {
				r := random(step, k, size)
				i := r.IntN(len(s.heights))
				labels[k] = int32((s.from + i) % len(trainedOn))
				s.cut(r, s.heights[i], size, heights, 1)
				if r.Float64() < 0.2 {
					s.cut(r, s.heights[r.IntN(len(s.heights))], size, heights, 0.05+0.25*r.Float64())
				}
				textures.Develop(r, heights, size, pixels[k*size*size*3:(k+1)*size*size*3])
			}
		})
	}
	wg.Wait()
	return pixels, labels
}

// random gives the numbers of a picture of a step.
func random(step, picture, size int) *rand.Rand {
	return rand.New(rand.NewPCG(uint64(seed)<<48|uint64(size)<<32|uint64(step), uint64(picture)))
}

// cut mixes a part of a drawn texture into heights, in one of the eight ways that a square lies.
func (s *stock) cut(r *rand.Rand, from []uint8, size int, heights []uint8, share float64) {
	left, top := r.IntN(s.size-size+1), r.IntN(s.size-size+1)
	right, down := 1, s.size
	start := top*s.size + left
	if r.IntN(2) == 1 {
		start, right = start+size-1, -right
	}
	if r.IntN(2) == 1 {
		start, down = start+(size-1)*s.size, -down
	}
	if r.IntN(2) == 1 {
		right, down = down, right
	}
	part := int(256 * share)
	for y := range size {
		for x := range size {
			h := int(heights[y*size+x])
			heights[y*size+x] = uint8(h + (int(from[start+y*down+x*right])-h)*part/256)
		}
	}
}
