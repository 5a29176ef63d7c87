//go:build unix

package features

import (
	"slices"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/layer"
)

func TestMatrixHoldsTheRows(t *testing.T) {
	ownCache(t)
	b := &layer.Builder{}
	layer.Sequential(layer.Input{Shape: []int{8, 8, 3}}, layer.Conv2D{Filters: 4, Kernel: 3, Strides: 2}, layer.GlobalAveragePooling2D{})(b)
	e, err := New(b.List, b.List.Initial(1))
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	e.Notice = "random weights"
	f := images.Select(extract(t, e, numbered(0, 5)), []int{3, 1, 4}).(*Features)
	m, err := f.Matrix()
	if err != nil {
		t.Fatal(err)
	}
	var got []float32
	for _, v := range m.RawMatrix().Data {
		got = append(got, float32(v))
	}
	if n, dim := m.Dims(); n != 3 || dim != 4 || !slices.Equal(got, all(t, f)) {
		t.Errorf("the matrix is %d×%d, %v; the rows are %v", n, dim, got, all(t, f))
	}
	if f.Notice() != "random weights" {
		t.Errorf("the notice is %q", f.Notice())
	}
	if _, err := images.Select(f, nil).(*Features).Matrix(); err == nil || !strings.Contains(err.Error(), "no images") {
		t.Errorf("of no images: %v", err)
	}
	if _, err := extract(t, extractor(t), numbered(0, 2)).Matrix(); err == nil || !strings.Contains(err.Error(), "[3 3 4]") {
		t.Errorf("of feature maps: %v", err)
	}
}
