package neighbours

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"

	"github.com/corona10/goimagehash"

	"github.com/transfer-learning-go/defects/lib/images"
)

// hashSide is the size in pixels that images are read at. It is not below that of small pictures such as NEU-DET's:
// reading them smaller would skip pixels.
const hashSide = 256

// Hashes gives the perceptual hash of each image: 64 bits that tell which of the 8×8 lowest frequencies of its discrete
// cosine transform are above their median. Copies in another size, brightness or JPEG quality differ in a few bits;
// pictures that have nothing to do with one another in about 32. A copy that is shifted, turned or cut otherwise is not
// found: its frequencies are others.
//
// NEU-DET's near-duplicates are cut from one photograph at different places, so Overlaps finds 78 pairs of them between
// training and validation images, and the hashes one, of 8 bits. Pairs of 12 bits may show quite different things.
//
// Source: C. Zauner, Implementation and Benchmarking of Perceptual Image Hash Functions, 2010. It is computed by
// goimagehash's PerceptionHash, up to resizing phash(highfreq_factor=8) of Python's ImageHash.
func Hashes(s images.Source) ([]uint64, error) {
	hashes := make([]uint64, s.Len())
	return hashes, each(len(hashes), func(i int) error {
		pixels, err := s.Pixels(i, hashSide, hashSide)
		if err != nil {
			return fmt.Errorf("perceptual hash of %s: %w", s.About().Name, err)
		}
		hash, err := goimagehash.PerceptionHash(images.FromPixels(pixels, hashSide, hashSide))
		if err != nil {
			return fmt.Errorf("perceptual hash of %s: %s: %w", s.About().Name, s.Info(i).Name, err)
		}
		hashes[i] = hash.GetHash()
		return nil
	})
}

// Copy is a pair of images whose perceptual hashes are nearly the same.
type Copy struct {
	A, B int // which image of the first source, and which of the second
	Bits int // in which their hashes differ: their Hamming distance
}

// Copies gives the pairs of an image of a and one of b whose perceptual hashes differ in at most so many of 64 bits, the
// most alike first. If a and b are the same, each image is in a pair with each other one only, and each pair is there
// once.
func Copies(a, b []uint64, most int) []Copy {
	var copies []Copy
	for i, of := range a {
		for j, with := range b {
			if d := bits.OnesCount64(of ^ with); d <= most {
				copies = append(copies, Copy{i, j, d})
			}
		}
	}
	slices.SortStableFunc(copies, func(a, b Copy) int { return cmp.Compare(a.Bits, b.Bits) })
	return copies
}
