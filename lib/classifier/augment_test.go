package classifier

import (
	"math"
	"slices"
	"testing"

	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/result"
)

// testdata/augment.json.gz is made by scripts/oracle/goldens/keras_augment.py.
func TestAugmentationEqualsKeras(t *testing.T) {
	var cases []struct {
		Horizontal, Vertical  bool
		Down, Right, Contrast float64
		FillMode              string `json:"fill_mode"`
		Pixels                []float32
	}
	golden.Read(t, "testdata/augment.json.gz", &cases)
	const height, width = 7, 6
	image := golden.Uniform("augment", height*width*3, 0, 255)
	before := slices.Clone(image)
	for _, c := range cases {
		got := change{c.Horizontal, c.Vertical, c.Down, c.Right, c.Contrast}.apply(image, height, width, 3, c.FillMode)
		if d := golden.Difference(got, c.Pixels); d > 1e-3 { // of 0…255
			c.Pixels = nil
			t.Errorf("%+v: differs from Keras's by %v", c, d)
		}
	}
	if !slices.Equal(image, before) {
		t.Error("the image itself was changed")
	}
	if len(cases) < 10 {
		t.Error("cases are missing")
	}
}

func TestAugmentationDependsOnSeedEpochAndImage(t *testing.T) {
	a := Augmentation{FlipHorizontal: true, FlipVertical: true, ShiftHeight: 0.1, ShiftWidth: 0.2, Contrast: 0.3}
	const n = 4000
	seen := map[change]bool{}
	var flips [2]float64
	var most, mean [3]float64
	for i := range n {
		seed, epoch, image := int64(i%10), i/10%20, i/200
		c := a.draw(seed, epoch, image, 100, 50)
		if c != a.draw(seed, epoch, image, 100, 50) {
			t.Fatal("the same image is changed otherwise")
		}
		seen[c] = true
		for j, flip := range []bool{c.horizontal, c.vertical} {
			if flip {
				flips[j]++
			}
		}
		for j, v := range []float64{c.down / 10, c.right / 10, (c.contrast - 1) / 0.3} {
			most[j], mean[j] = max(most[j], math.Abs(v)), mean[j]+v/n
		}
	}
	if len(seen) != n {
		t.Errorf("%d draws give %d changes", n, len(seen))
	}
	for j := range flips {
		if math.Abs(flips[j]/n-0.5) > 4*0.5/math.Sqrt(n) {
			t.Errorf("%v of %d images are flipped", flips[j], n)
		}
	}
	for j := range most { // uniform in [−1, 1]: deviation 1/√3
		if most[j] > 1 || most[j] < 0.99 || math.Abs(mean[j]) > 4/math.Sqrt(3*n) {
			t.Errorf("draw %d reaches %v of what is allowed, and has mean %v", j, most[j], mean[j])
		}
	}
	if c := (Augmentation{}).draw(1, 2, 3, 100, 50); c != (change{contrast: 1}) {
		t.Errorf("nothing asked for gives %+v", c)
	}
}

// What lies below the cut is computed from changed pixels in inference mode: that must be what training the whole
// model on these pixels does.
func TestAugmentedFeaturesTrainAsTheWholeModel(t *testing.T) {
	data := openImages(t)
	p, err := Phase{Epochs: 2, Augment: allOptions().Augment}.withDefaults(1)
	if err != nil {
		t.Fatal(err)
	}
	losses := func(whole bool) *result.History {
		m := scratch(t, 27)
		m.Classes = classes
		for _, l := range m.Layers {
			for i, w := range l.W {
				m.Values[l.Name][i] = golden.Weight(l.Name, w.Name, w.Shape)
			}
		}
		m.Base.Layers.Freeze()
		tr := &training{model: m, plan: plan{Phase: p}, batchSize: wholeSplit, cut: m.cut(), history: &result.History{}}
		if tr.cut < 27 {
			t.Fatalf("the cut is at %d", tr.cut)
		}
		if whole {
			tr.cut = 0
		}
		if tr.train, err = tr.changing(data.Train); err == nil && p.Augment.none() {
			tr.train, err = m.examples(t.Context(), data.Train, tr.cut, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
		if tr.validation, err = m.examples(t.Context(), data.Validation, tr.cut, nil); err != nil {
			t.Fatal(err)
		}
		if err := tr.start(); err != nil {
			t.Fatal(err)
		}
		defer tr.finish()
		for range p.Epochs {
			if err := tr.epoch(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		return tr.history
	}
	got, want := losses(false), losses(true)
	for i := range want.Loss {
		if math.Abs(got.Loss[i]-want.Loss[i]) > 1e-5*want.Loss[i] ||
			math.Abs(got.ValLoss[i]-want.ValLoss[i]) > 1e-5*want.ValLoss[i] {
			t.Errorf("epoch %d: losses %v and %v, of the whole model %v and %v", i+1, got.Loss[i], got.ValLoss[i],
				want.Loss[i], want.ValLoss[i])
		}
	}
	p.Augment = Augmentation{}
	if plain := losses(false); math.Abs(plain.Loss[0]-got.Loss[0]) < 1e-4*got.Loss[0] {
		t.Errorf("the first loss is %v with augmentation, %v without", got.Loss[0], plain.Loss[0])
	}
}
