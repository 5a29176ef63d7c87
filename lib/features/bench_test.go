//go:build unix

package features

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkRows reads rows of 13×13×1024 values, those of ResNet50V2 at 200 pixels below its last stage, in batches of 32
// in random order, as an epoch of fine-tuning does.
func BenchmarkRows(b *testing.B) {
	const n, size = 512, 13 * 13 * 1024
	file, err := os.Create(filepath.Join(b.TempDir(), "rows"))
	if err != nil {
		b.Fatal(err)
	}
	p := newPack(file, make([]byte, headerSize), size)
	defer p.close()
	row := make([]float32, size)
	keys := make([]key, n)
	for i := range n {
		for j := range row {
			row[j] = float32(i*j%1009) / 1009
		}
		keys[i] = key{byte(i), byte(i >> 8)}
		if err := p.add(keys[i], row); err != nil {
			b.Fatal(err)
		}
	}
	batch := make([]float32, 32*size)
	b.SetBytes(32 * size * 4)
	for b.Loop() {
		for k, i := range rand.Perm(n)[:32] {
			if err := p.read(p.index[keys[i]], keys[i], batch[k*size:(k+1)*size]); err != nil {
				b.Fatal(err)
			}
		}
	}
}
