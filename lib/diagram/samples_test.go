package diagram

import (
	"flag"
	"image"
	"path/filepath"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/figure"
	"github.com/transfer-learning-go/defects/lib/internal/canvas"
	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/layer"
)

const synthetic = "synthetic images, not NEU-DET"

// samples are the figures that are compared with testdata/*.png.
var samples = map[string]func() (*figure.Figure, error){
	"resnet50v2": func() (*figure.Figure, error) {
		b, err := backbone.ResNet50V2(backbone.Config{Input: 200})
		if err != nil {
			return nil, err
		}
		b.Layers[:100].Freeze()
		return Architecture("ResNet50V2", b.Layers, Options{Notice: synthetic})
	},
	"mobilenetv2": func() (*figure.Figure, error) {
		b, err := backbone.MobileNetV2(backbone.Config{})
		if err != nil {
			return nil, err
		}
		return Architecture("MobileNetV2", b.Layers, Options{})
	},
	"vit-b16": func() (*figure.Figure, error) {
		b, err := backbone.ViT(backbone.Config{})
		if err != nil {
			return nil, err
		}
		return Architecture("ViT-B/16", b.Layers, Options{})
	},
	"small-vit": func() (*figure.Figure, error) {
		ls, err := smallViT(255, false)
		if err != nil {
			return nil, err
		}
		return Architecture("The lesson's small ViT", ls, Options{})
	},
}

// smallViT is the lesson's network as a student builds it: without names for the layers of blocks. Pre-norm is one of
// its versions, with the pixels scaled.
func smallViT(size int, preNorm bool) (layer.List, error) {
	b := &layer.Builder{}
	b.Add("image", layer.Input{Shape: []int{size, size, 3}})
	if preNorm {
		b.Add("", layer.Rescaling{Scale: 1 / 127.5, Offset: -1})
	}
	b.Add("", layer.Conv2D{Filters: 128, Kernel: 16, Strides: 16})
	b.Add("", layer.Reshape{Shape: []int{(size / 16) * (size / 16), 128}})
	b.Add("", layer.PositionEmbedding{})
	for range 4 {
		addTransformerBlock(b, preNorm)
	}
	if preNorm {
		b.Add("", layer.LayerNormalization{})
	}
	b.Add("", layer.GlobalAveragePooling1D{})
	b.Add("", layer.Dropout{Rate: 0.2})
	b.Add("", layer.Dense{Units: 256, Activation: "relu"})
	b.Add("", layer.Dropout{Rate: 0.1})
	b.Add("", layer.Dense{Units: 6, Activation: "softmax"})
	return b.List, b.Err
}

func addTransformerBlock(b *layer.Builder, preNorm bool) {
	x := b.Last()
	if preNorm {
		b.Add("", layer.LayerNormalization{})
	}
	b.Add("", layer.MultiHeadAttention{NumHeads: 4, KeyDim: 128, Dropout: 0.1})
	x = b.Add("", layer.Add{}, x, b.Last())
	if y := b.Add("", layer.LayerNormalization{}); !preNorm {
		x = y
	}
	b.Add("", layer.Dense{Units: 256, Activation: "gelu"})
	b.Add("", layer.Dropout{Rate: 0.1})
	b.Add("", layer.Dense{Units: 128})
	b.Add("", layer.Dropout{Rate: 0.1})
	b.Add("", layer.Add{}, x, b.Last())
	if !preNorm {
		b.Add("", layer.LayerNormalization{})
	}
}

func sample(t *testing.T, name string) *figure.Figure {
	t.Helper()
	f, err := samples[name]()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

var update = flag.Bool("update", false, "write testdata/*.png from what is drawn now; look at them before committing")

func TestDiagramsLookAsBefore(t *testing.T) {
	for name := range samples {
		t.Run(name, func(t *testing.T) {
			f := sample(t, name)
			golden.Picture(t, filepath.Join("testdata", name+".png"), f.Image, *update)
			if width := float64(f.Image.Rect.Dx()) / f.Scale; f.Scale != 2 || width > 900 || width < 300 {
				t.Errorf("%v CSS pixels wide at scale %v", width, f.Scale)
			}
			if f.Alt == "" {
				t.Error("no alt text")
			}
		})
	}
}

const wide = "WWWWWWWWWWWWWWWW" // as long as names may be

func TestNothingIsCutAtTheBorder(t *testing.T) {
	endless, long := strings.Repeat(wide, 20), strings.Repeat("synthetic images, not NEU-DET; ", 12)
	for _, text := range []string{"", long, endless} {
		f, err := Architecture(wide, residual(0), Options{Title: text, Notice: text})
		if err != nil {
			t.Fatal(err)
		}
		b := f.Image.Bounds()
		for _, edge := range []image.Rectangle{
			image.Rect(0, 0, b.Dx(), 4), image.Rect(0, b.Dy()-4, b.Dx(), b.Dy()),
			image.Rect(0, 0, 4, b.Dy()), image.Rect(b.Dx()-4, 0, b.Dx(), b.Dy()),
		} {
			if got := golden.Pixels(f.Image, edge, canvas.White); got != edge.Dx()*edge.Dy() {
				t.Errorf("with title %.10q: ink at the border %v", text, edge)
			}
		}
	}
}

func TestNoticeIsDrawnAndSaid(t *testing.T) {
	for notice, want := range map[string]bool{"": false, synthetic: true} {
		f, err := Architecture("a", residual(0), Options{Notice: notice})
		if err != nil {
			t.Fatal(err)
		}
		strip := 20 * f.Image.Rect.Dx() // at least 20 rows' worth
		if n := golden.Pixels(f.Image, f.Image.Rect, canvas.NoticeFill); !want && n > 0 || want && n < strip {
			t.Errorf("notice %q has %d pixels", notice, n)
		}
		if strings.Contains(f.Alt, "Notice") != want || !strings.Contains(f.Alt, notice) {
			t.Errorf("alt text with notice %q is %q", notice, f.Alt)
		}
	}
}

func TestADiagramOfNothingIsAnError(t *testing.T) {
	if _, err := Architecture("a", nil, Options{}); err == nil || !strings.Contains(err.Error(), "no layers given") {
		t.Error(err)
	}
}
