// Package rows gives tests features that are known number by number.
package rows

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/transfer-learning-go/defects/lib/device"
	"github.com/transfer-learning-go/defects/lib/features"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/layer"
)

// Source holds images of Side×Side pixels, whose values are their features. Their content is unknown, so that nothing of
// them is stored.
type Source struct {
	Side    int
	Rows    []float32 // [n, Side·Side·3]
	Labels  []int
	Classes []string
	Notice  string
}

// About implements images.Source.
func (s Source) About() images.About {
	return images.About{Name: "train", Classes: s.Classes, Notice: s.Notice}
}

// Len implements images.Source.
func (s Source) Len() int { return len(s.Labels) }

// Info implements images.Source.
func (s Source) Info(i int) images.Info {
	return images.Info{Name: fmt.Sprint("image ", i), Label: s.Labels[i]}
}

// Pixels implements images.Source.
func (s Source) Pixels(i, height, width int) ([]float32, error) {
	size := s.Side * s.Side * 3
	return s.Rows[i*size : (i+1)*size], nil
}

// Extractor gives the pixels of images of side×side as one vector. The test has a cache of its own from here on.
func Extractor(t testing.TB, side int) *features.Extractor {
	t.Helper()
	if _, err := device.Open(); err != nil { // it lies in the user's cache
		t.Fatal(err)
	}
	t.Setenv("DEFECTS_CACHE", filepath.Join(t.TempDir(), "cache"))
	b := &layer.Builder{}
	layer.Sequential(layer.Input{Shape: []int{side, side, 3}}, layer.Reshape{Shape: []int{side * side * 3}})(b)
	if b.Err != nil {
		t.Fatal(b.Err)
	}
	e, err := features.New(b.List, b.List.Initial(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// Extract gives features of images.
func Extract(t testing.TB, e *features.Extractor, s images.Source) *features.Features {
	t.Helper()
	f, err := e.Extract(t.Context(), s, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}
