package neighbours_test

import (
	"os"
	"slices"
	"testing"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/neighbours"
	"github.com/transfer-learning-go/defects/lib/neudet"
)

// What the documentation says of NEU-DET:
//
//	NEU_DET_DIR=… WEIGHTS_DIR=… go test ./lib/neighbours -run NEUDET -v
func TestOverlapsOfNEUDET(t *testing.T) {
	if os.Getenv("NEU_DET_DIR") == "" || testing.Short() {
		t.Skip("needs the published data set in NEU_DET_DIR, and half a minute")
	}
	d, err := neudet.FindReal()
	if err != nil {
		t.Skip(err)
	}
	base, err := backbone.MobileNetV2(backbone.Config{Alpha: 0.35, Weights: "imagenet"})
	if err != nil {
		t.Skip(err)
	}
	base.Layers.Freeze()
	m, err := classifier.New(classifier.Config{Base: base, Classes: d.Classes, Head: classifier.Head(base, len(d.Classes))})
	if err != nil {
		t.Fatal(err)
	}
	f, err := m.Features(t.Context(), d.Train, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	g, err := m.Features(t.Context(), d.Validation, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	rows, err := f.Matrix()
	if err != nil {
		t.Fatal(err)
	}
	others, err := g.Matrix()
	if err != nil {
		t.Fatal(err)
	}
	x, err := neighbours.Fit(rows)
	if err != nil {
		t.Fatal(err)
	}
	candidates, err := x.Nearest(others, 32)
	if err != nil {
		t.Fatal(err)
	}
	overlaps, err := neighbours.Overlaps(d.Validation, d.Train, candidates)
	if err != nil {
		t.Fatal(err)
	}
	twins, counts := map[int]bool{}, make([]int, len(d.Classes))
	for _, o := range overlaps {
		class := d.Validation.Images[o.A].Label
		if class != d.Train.Images[o.B].Label {
			t.Errorf("%s and %s are of two classes: %+v", d.Validation.Images[o.A].Name, d.Train.Images[o.B].Name, o)
		}
		if !twins[o.A] {
			twins[o.A] = true
			counts[class]++
		}
	}
	if len(overlaps) != 78 || !slices.Equal(counts, []int{1, 5, 0, 25, 0, 2}) {
		t.Errorf("%d pairs, validation images in them by class %v", len(overlaps), counts)
	}
}
