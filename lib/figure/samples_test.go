package figure

import (
	"image"
	"image/color"
	"math"
	"testing"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/metrics"
)

var steel = []string{"crazing", "inclusion", "patches", "pitted_surface", "rolled-in_scale", "scratches"}

const synthetic = "synthetic images, not NEU-DET"

// samples are the figures that are compared with testdata/*.png.
var samples = map[string]func() (*Figure, error){
	"curves": func() (*Figure, error) {
		return Curves(
			Series{[]float64{0.71, 0.22, 0.13, 0.09, 0.07}, []float64{0.24, 0.13, 0.09, 0.06, 0.05}},
			Series{[]float64{0.76, 0.931, 0.963, 0.972, 0.981}, []float64{0.956, 0.972, 0.986, 0.992, 0.997}},
			Options{Notice: synthetic})
	},
	"phases": func() (*Figure, error) {
		return Curves(
			Series{[]float64{0.71, 0.22, 0.13, 0.09, 0.07, 0.05, 0.02, 0.02}, []float64{0.24, 0.13, 0.09, 0.06, 0.05, 0.03, 0.02, 0.02}},
			Series{[]float64{0.76, 0.931, 0.963, 0.972, 0.981, 0.99, 0.99, 0.99}, []float64{0.956, 0.972, 0.986, 0.992, 0.997, 1, 1, 1}},
			Options{Phases: []Phase{{6, "fine-tuning"}}})
	},
	"confusion": func() (*Figure, error) {
		return ConfusionMatrix(steel, steelCounts(), Options{})
	},
	"grid": func() (*Figure, error) {
		return Grid(steelTiles(10), 5, Options{Notice: synthetic})
	},
	"heat": func() (*Figure, error) {
		tiles := steelTiles(5)
		for k := range tiles {
			heat := make([]float32, 16)
			heat[3*k], heat[15-3*k] = 1, 0.5
			m, err := Overlay(tiles[k].Image, heat, 4, 4)
			if err != nil {
				return nil, err
			}
			tiles[k].Image = m
		}
		return Grid(tiles, 5, Options{Notice: synthetic})
	},
	"resnet50v2": func() (*Figure, error) {
		b, err := backbone.ResNet50V2(backbone.Config{Input: 200})
		if err != nil {
			return nil, err
		}
		b.Layers[:100].Freeze()
		return Architecture("ResNet50V2", b.Layers, Options{Notice: synthetic})
	},
	"mobilenetv2": func() (*Figure, error) {
		b, err := backbone.MobileNetV2(backbone.Config{})
		if err != nil {
			return nil, err
		}
		return Architecture("MobileNetV2", b.Layers, Options{})
	},
	"vit-b16": func() (*Figure, error) {
		b, err := backbone.ViT(backbone.Config{})
		if err != nil {
			return nil, err
		}
		return Architecture("ViT-B/16", b.Layers, Options{})
	},
	"small-vit": func() (*Figure, error) {
		ls, err := smallViT(255, false)
		if err != nil {
			return nil, err
		}
		return Architecture("The lesson's small ViT", ls, Options{})
	},
	"bars": func() (*Figure, error) {
		c := metrics.Confusion{Classes: steel, Counts: steelCounts()}
		recalls, intervals := c.Recalls()
		return Bars(steel, []BarGroup{
			{Name: "MobileNetV2", Values: recalls, Intervals: intervals},
			{Name: "random weights", Values: []float64{0.52, 0.61, 0.4, math.NaN(), 0.33, 0.7}},
		}, Options{Title: "Accuracy per class", X: "share of the class's images that was found"})
	},
	"lines": func() (*Figure, error) {
		x := []float64{1, 5, 10, 50, 240}
		return Lines([]Line{
			{Name: "MobileNetV2", X: x, Y: []float64{0.62, 0.85, 0.93, 0.975, 0.992}, Intervals: []metrics.Interval{
				metrics.Wilson(223, 360), metrics.Wilson(306, 360), metrics.Wilson(335, 360), metrics.Wilson(351, 360), metrics.Wilson(357, 360)}},
			{Name: "ResNet50V2", X: x, Y: []float64{0.55, 0.83, 0.94, 0.98, 0.994}},
			{Name: "from scratch", X: x, Y: []float64{0.2, 0.31, 0.42, 0.7, 0.9}},
		}, Options{Title: "Accuracy with few labels", X: "training images per class", Y: "validation accuracy", LogX: true})
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
	b.Add("", layer.Reshaping{Shape: []int{(size / 16) * (size / 16), 128}})
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
	x = b.Add("", layer.Sum{}, x, b.Last())
	if y := b.Add("", layer.LayerNormalization{}); !preNorm {
		x = y
	}
	b.Add("", layer.Dense{Units: 256, Activation: "gelu"})
	b.Add("", layer.Dropout{Rate: 0.1})
	b.Add("", layer.Dense{Units: 128})
	b.Add("", layer.Dropout{Rate: 0.1})
	b.Add("", layer.Sum{}, x, b.Last())
	if !preNorm {
		b.Add("", layer.LayerNormalization{})
	}
}

// steelCounts sums to 360, 357 of them on the diagonal.
func steelCounts() [][]int {
	return [][]int{
		{60, 0, 0, 0, 0, 0}, {0, 58, 0, 1, 0, 1}, {0, 0, 60, 0, 0, 0},
		{0, 1, 0, 59, 0, 0}, {0, 0, 0, 0, 60, 0}, {0, 0, 0, 0, 0, 60},
	}
}

// steelTiles are smooth patterns with titles of two lines, every third one wrong.
func steelTiles(n int) []Tile {
	tiles := make([]Tile, n)
	for k := range tiles {
		m := image.NewGray(image.Rect(0, 0, 50, 50))
		for i := range m.Pix {
			x, y := float64(i%50), float64(i/50)
			m.Pix[i] = uint8(128 + 60*math.Sin(x/float64(k+3))*math.Cos(y/5))
		}
		predicted, verdict := steel[k%6], Right
		if k%3 == 2 {
			predicted, verdict = steel[(k+1)%6], Wrong
		}
		tiles[k] = Tile{m, "P: " + predicted + "\nA: " + steel[k%6], verdict}
	}
	return tiles
}

func sample(t *testing.T, name string) *Figure {
	t.Helper()
	f, err := samples[name]()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func flat(c color.Color) image.Image {
	m := image.NewRGBA(image.Rect(0, 0, 8, 8))
	for i := range 64 {
		m.Set(i%8, i/8, c)
	}
	return m
}
