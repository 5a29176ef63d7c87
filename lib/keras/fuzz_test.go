package keras

import (
	"path/filepath"
	"testing"

	"github.com/transfer-learning-go/defects/lib/weights"
)

// FuzzConfiguration looks for a configuration that makes the package panic.
func FuzzConfiguration(f *testing.F) {
	folder, _ := unpack(f)
	files, _ := filepath.Glob(filepath.Join(folder, "*-keras?.h5"))
	for _, file := range files {
		c, err := weights.Open(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(c.Config)
	}
	f.Add([]byte(functional(at("flat", "Flatten", "", "image"), at("dense", "Dense", `"units":2`, "flat"))))
	f.Fuzz(func(t *testing.T, config []byte) {
		m, err := architecture(config, size{})
		if err != nil {
			return
		}
		m, _ = collapse(m)
		if _, err := nest(m); err == nil {
			if m, err := expand(m); err == nil {
				paths(m.Layers, m.Nested)
			}
		}
	})
}
