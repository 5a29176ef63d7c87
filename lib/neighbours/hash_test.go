package neighbours

import (
	"encoding/json"
	"fmt"
	"math/bits"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/internal/golden"
)

// blocks are 8×8 grey squares of 32 pixels.
func blocks(i int) func(y, x int) float32 {
	grey := golden.Uniform(fmt.Sprint("phash ", i), 64, 0, 255)
	return func(y, x int) float32 { return float32(int(grey[y/32*8+x/32] + 0.5)) }
}

// The hashes come from imagehash.phash(hash_size=8, highfreq_factor=8). They scale pictures down in another way.
func TestHashesEqualImageHash(t *testing.T) {
	data, err := os.ReadFile("testdata/phash.json")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	if err := json.Unmarshal(data, &want); err != nil || len(want) != 6 {
		t.Fatal(want, err)
	}
	var p pictures
	for i := range want {
		p = append(p, blocks(i))
	}
	got, err := Hashes(p)
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range want {
		hash, err := strconv.ParseUint(text, 16, 64)
		if err != nil {
			t.Fatal(err)
		}
		if d := bits.OnesCount64(hash ^ got[i]); d > 2 {
			t.Errorf("hash %d is %x, want %x: %d bits differ", i, got[i], hash, d)
		}
	}
	if _, err := Hashes(pictures{nil}); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("got %v", err)
	}
}

func TestACopyHasNearlyTheSameHash(t *testing.T) {
	p := pictures{blocks(0), blocks(1), blocks(2)}
	originals, err := Hashes(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []images.Change{images.Brightness(0.6), images.GaussianNoise(10, 1)} {
		changed, err := Hashes(images.Changed(p, c))
		if err != nil {
			t.Fatal(err)
		}
		var pairs []string
		for _, c := range Copies(originals, changed, 8) {
			pairs = append(pairs, fmt.Sprint(c.A, c.B))
		}
		slices.Sort(pairs)
		if !slices.Equal(pairs, []string{"0 0", "1 1", "2 2"}) {
			t.Errorf("%s: the copies are %v", c.Name, pairs)
		}
	}
}

func TestCopiesAreSortedByBits(t *testing.T) {
	got := Copies([]uint64{0b1111, 0}, []uint64{0b1, 0b1110, 0xffff}, 3)
	if want := []Copy{{0, 1, 1}, {1, 0, 1}, {0, 0, 3}, {1, 1, 3}}; !slices.Equal(got, want) {
		t.Errorf("copies %v, want %v", got, want)
	}
}
