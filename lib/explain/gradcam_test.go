package explain

import (
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/inference"
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
func explained(t *testing.T, name string, size int) (*classifier.Model, numbers) {
	t.Helper()
	alpha := map[string]float64{"mobilenetv2": 0.35}[name]
	base, err := backbone.New(name, backbone.Config{Alpha: alpha, Input: size})
	if err != nil {
		t.Fatal(err)
	}
	m, err := classifier.New(classifier.Config{Base: base, ImageSize: size, Head: layer.Sequential(
		layer.GlobalAveragePooling2D{}, layer.Dropout{Rate: 0.3}, layer.Dense{Units: 16, Activation: "relu"},
		layer.Dropout{Rate: 0.2}, layer.Dense{Units: 5, Activation: "softmax"})})
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
	return m, numbers{pixels, size * size * 3}
}

// heatTolerance is for values from 0 to 1 that went through a whole network and a division.
const heatTolerance = 2e-5

func TestGradCAMEqualsKeras(t *testing.T) {
	want := map[string]kerasHeat{}
	golden.Read(t, "testdata/gradcam.json.gz", &want)
	for name, w := range want {
		m, images := explained(t, name, w.Size)
		g := newExplainer(t, m.Layers, m.Values)
		n := w.Height * w.Width
		for c := -1; c < len(w.Maps); c++ {
			got, err := g.Explain(t.Context(), images, slices.Repeat([]int{c}, gradcamImages))
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
	m, images := explained(t, "mobilenetv2", 96)
	var want []result.Heatmap
	for _, frozen := range []int{154, 40} {
		m.Layers.Unfreeze()
		m.Layers[:frozen].Freeze()
		got, err := newExplainer(t, m.Layers, m.Values).Explain(t.Context(), images, nil)
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
	const n, places = 70, 4 * 3
	pixels := golden.Uniform("linear head", n*places*2, -1, 1)
	asked := make([]int, n)
	for i := range asked {
		asked[i] = i%3 - 1
	}
	g := newExplainer(t, b.List, layer.Values{"dense": {kernel, {0, 0}}})
	got, err := g.Explain(t.Context(), numbers{pixels, places * 2}, asked)
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
	v := layer.Values{"dense": {{1, -1}, {0, 0}}}
	image := numbers{[]float32{1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4}, 12} // grey, as a source gives it
	got, err := newExplainer(t, b.List, v).Explain(t.Context(), image, []int{1})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got[0].Values, []float32{0, 0, 0, 0}) {
		t.Errorf("heat is %v", got[0].Values)
	}
	v["dense"][0][0] = float32(math.NaN())
	_, err = newExplainer(t, b.List, v).Explain(t.Context(), image, []int{0})
	if err == nil || !strings.Contains(err.Error(), "image 0 (number 0): the gradient is not finite") ||
		strings.Contains(err.Error(), "diverged") {
		t.Errorf("weights that are not numbers: %v", err)
	}
}

func TestGradCAMRefusesWhatItCannotExplain(t *testing.T) {
	m, images := explained(t, "mobilenetv2", 96)
	g := newExplainer(t, m.Layers, m.Values)
	one := numbers{images.values[:images.each], images.each}
	for want, f := range map[string]func() error{
		"2 classes for 1 images": func() error { _, err := g.Explain(t.Context(), one, []int{0, 1}); return err },
		"class 5 of image 0: the model has classes 0 to 4": func() error {
			_, err := g.Explain(t.Context(), one, []int{5})
			return err
		},
		"class -2 of image 0": func() error { _, err := g.Explain(t.Context(), one, []int{-2}); return err },
		"values for an image of shape [96 96 3]": func() error {
			_, err := g.Explain(t.Context(), numbers{one.values, images.each - 1}, nil)
			return err
		},
		"does not read images": func() error {
			b := &layer.Builder{}
			b.Add("features", layer.Input{Shape: []int{3}})
			b.Add("dense", layer.Dense{Units: 2})
			_, err := NewGradCAM(b.List, b.List.Initial(1))
			return err
		},
		"no layer gives features": func() error {
			b := &layer.Builder{}
			b.Add("image", layer.Input{Shape: []int{2, 2, 3}})
			b.Add("flat", layer.Flatten{})
			b.Add("dense", layer.Dense{Units: 2})
			_, err := NewGradCAM(b.List, b.List.Initial(1))
			return err
		},
		"must read it alone and end in one value per class": func() error {
			_, err := NewGradCAM(m.Layers[:m.Layers.Index("out_relu")+1], m.Values)
			return err
		},
	} {
		if err := f(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one with %q", err, want)
		}
	}
}

func newExplainer(t *testing.T, ls layer.List, v layer.Values) *GradCAM {
	t.Helper()
	g, err := NewGradCAM(ls, v)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	return g
}

func TestGradCAMOfManyGoroutinesIsThatOfOne(t *testing.T) {
	m, images := explained(t, "mobilenetv2", 96)
	g := newExplainer(t, m.Layers, m.Values)
	g.Notice = "random weights"
	want, err := g.Explain(t.Context(), images, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want[0].Notice != "random weights; made of numbers" {
		t.Errorf("notice %q", want[0].Notice)
	}
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			i %= gradcamImages
			one := numbers{images.values[i*images.each : (i+1)*images.each], images.each}
			got, err := g.Explain(t.Context(), one, nil)
			if err != nil || !slices.Equal(got[0].Values, want[i].Values) {
				t.Errorf("image %d: %v, or other values", i, err)
			}
		})
	}
	all.Wait()
	if err := g.Close(); err != nil {
		t.Error(err)
	}
	if _, err := g.Explain(t.Context(), images, nil); !errors.Is(err, inference.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}
