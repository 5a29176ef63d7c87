package classifier

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/result"
)

const gradcamImages, gradcamPatch = 3, 24

// kerasHeat is made by scripts/oracle/goldens/keras_gradcam.py.
type kerasHeat struct {
	Size, Height, Width int
	Predicted           []int
	Maps                [][]float32 // by class, [images, Height, Width]
}

// explained is the model of keras_gradcam.py with its images, but for a softmax and dropout, which must change nothing.
func explained(t *testing.T, name string, size int) (*Model, []float32) {
	t.Helper()
	alpha := map[string]float64{"mobilenetv2": 0.35}[name]
	base, err := backbone.New(name, backbone.Config{Alpha: alpha, Input: size})
	if err != nil {
		t.Fatal(err)
	}
	m, err := New(Config{Base: base, ImageSize: size, Head: []layer.Op{
		layer.GlobalAveragePooling2D{}, layer.Dropout{Rate: 0.3}, layer.Dense{Units: 16, Activation: "relu"},
		layer.Dropout{Rate: 0.2}, layer.Dense{Units: 5, Activation: "softmax"}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range m.Layers {
		for i, w := range l.W {
			m.Values[l.Name][i] = golden.Weight(l.Name, w.Name, w.Shape)
		}
	}
	side := size / gradcamPatch
	patches := golden.Uniform("gradcam "+name, gradcamImages*side*side*3, 0, 255)
	var pixels []float32
	for i := range gradcamImages * size * size {
		y, x := i/size%size/gradcamPatch, i%size/gradcamPatch
		at := 3 * ((i/size/size*side+y)*side + x)
		pixels = append(pixels, patches[at:at+3]...)
	}
	return m, pixels
}

// heatTolerance is for values from 0 to 1 that went through a whole network and a division.
const heatTolerance = 2e-5

func TestGradCAMEqualsKeras(t *testing.T) {
	want := map[string]kerasHeat{}
	golden.Read(t, "testdata/gradcam.json.gz", &want)
	for name, w := range want {
		m, pixels := explained(t, name, w.Size)
		n := w.Height * w.Width
		for c := -1; c < len(w.Maps); c++ {
			got, err := m.GradCAM(pixels, slices.Repeat([]int{c}, gradcamImages))
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != gradcamImages {
				t.Fatalf("%s: %d heat maps of %d images", name, len(got), gradcamImages)
			}
			for i, h := range got {
				class := c
				if c < 0 {
					class = w.Predicted[i]
				}
				if h.Class != class || h.Height != w.Height || h.Width != w.Width {
					t.Errorf("%s: %d×%d for class %d, want %d×%d for %d", name, h.Height, h.Width, h.Class, w.Height, w.Width,
						class)
				}
				if d := golden.Difference(h.Values, w.Maps[class][i*n:(i+1)*n]); d > heatTolerance {
					t.Errorf("%s, image %d, class %d: differs from Keras by %v", name, i, class, d)
				}
			}
		}
	}
}

// The heat map is of the model as it is, wherever training would begin.
func TestGradCAMIsTheSameForEveryCut(t *testing.T) {
	m, pixels := explained(t, "mobilenetv2", 96)
	var want []result.Heatmap
	for _, frozen := range []int{154, 40} {
		m.Layers.Unfreeze()
		m.Layers[:frozen].Freeze()
		got, err := m.GradCAM(pixels, nil)
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = got
		}
		for i := range got {
			if d := golden.Difference(got[i].Values, want[i].Values); d > 1e-6 || got[i].Class != want[i].Class {
				t.Errorf("with %d layers frozen, image %d differs by %v", frozen, i, d)
			}
		}
	}
}

// With one dense layer after pooling, Grad-CAM is CAM (Zhou et al., 2016): channels weigh as the kernel says, so that
// heat can be computed by hand. This goes through more images than one call holds.
func TestGradCAMOfALinearHeadIsCAM(t *testing.T) {
	b := &layer.Builder{}
	b.Add("image", layer.Input{Shape: []int{4, 3, 2}})
	b.Add("relu", layer.ReLU{})
	b.Add("pool", layer.GlobalAveragePooling2D{})
	b.Add("dense", layer.Dense{Units: 2})
	b.Add("softmax", layer.Activation{Activation: "softmax"})
	if b.Err != nil {
		t.Fatal(b.Err)
	}
	kernel := []float32{1, -2, 0.5, 3} // [channels, classes]
	m := &Model{Layers: b.List, Values: layer.Values{"dense": {kernel, {0, 0}}}}
	const n, places = 70, 4 * 3
	pixels := golden.Uniform("linear head", n*places*2, -1, 1)
	asked := make([]int, n)
	for i := range asked {
		asked[i] = i%3 - 1
	}
	got, err := m.GradCAM(pixels, asked)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]int{}
	for i, h := range got {
		x := pixels[i*places*2 : (i+1)*places*2]
		var logits [2]float32
		heat := func(place, class int) float32 {
			return max(0, x[2*place])*kernel[class] + max(0, x[2*place+1])*kernel[2+class]
		}
		for p := range places {
			logits[0] += heat(p, 0)
			logits[1] += heat(p, 1)
		}
		class := asked[i]
		if class < 0 && logits[1] > logits[0] {
			class = 1
		}
		class = max(0, class)
		seen[class]++
		var want []float32
		for p := range places {
			want = append(want, max(0, heat(p, class)))
		}
		largest := slices.Max(want)
		for p := range want {
			want[p] /= largest
		}
		if d := golden.Difference(h.Values, want); d > 1e-5 || h.Class != class {
			t.Fatalf("image %d: class %d, differs from CAM of class %d by %v", i, h.Class, class, d)
		}
	}
	if len(seen) != 2 {
		t.Errorf("classes seen: %v", seen)
	}
}

func TestGradCAMOfNoEvidenceIsZero(t *testing.T) {
	b := &layer.Builder{}
	b.Add("image", layer.Input{Shape: []int{2, 2, 1}})
	b.Add("relu", layer.ReLU{})
	b.Add("pool", layer.GlobalAveragePooling2D{})
	b.Add("dense", layer.Dense{Units: 2, Activation: "softmax"})
	m := &Model{Layers: b.List, Values: layer.Values{"dense": {{1, -1}, {0, 0}}}}
	got, err := m.GradCAM([]float32{1, 2, 3, 4}, []int{1})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got[0].Values, []float32{0, 0, 0, 0}) {
		t.Errorf("heat is %v", got[0].Values)
	}
	m.Values["dense"][0][0] = float32(math.NaN())
	m.compiled = compiled{}
	if _, err := m.GradCAM([]float32{1, 2, 3, 4}, []int{0}); err == nil || !strings.Contains(err.Error(), "diverged") {
		t.Errorf("weights that are not numbers: %v", err)
	}
}

func TestGradCAMRefusesWhatItCannotExplain(t *testing.T) {
	m := newSmall(t, 1)
	image := make([]float32, 40*40*3)
	dense := &layer.Builder{}
	dense.Add("features", layer.Input{Shape: []int{3}})
	dense.Add("dense", layer.Dense{Units: 2})
	for _, c := range []struct {
		model   *Model
		pixels  []float32
		classes []int
		want    string
	}{
		{m, image[1:], nil, "no whole number of images of shape [40 40 3]"},
		{m, image, []int{0, 1}, "2 classes for 1 images"},
		{m, image, []int{3}, "class 3 of image 0: the model has classes 0 to 2"},
		{m, image, []int{-2}, "class -2 of image 0"},
		{&Model{Layers: dense.List}, image[:3], nil, "no layer gives features"},
		{&Model{Layers: m.Layers[:m.baseEnd]}, image, nil, "must read it alone and end in one value per class"},
	} {
		if _, err := c.model.GradCAM(c.pixels, c.classes); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got error %v, want one with %q", err, c.want)
		}
	}
}
