package figure

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"testing"

	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/metrics"
	"github.com/transfer-learning-go/defects/lib/result"
)

var steel = []string{"crazing", "inclusion", "patches", "pitted_surface", "rolled-in_scale", "scratches"}

const synthetic = "synthetic images, not NEU-DET"

// samples are the figures that are compared with testdata/*.png.
var samples = map[string]func() (*Figure, error){
	"curves": func() (*Figure, error) {
		h := historyOf(
			series{[]float64{0.71, 0.22, 0.13, 0.09, 0.07}, []float64{0.24, 0.13, 0.09, 0.06, 0.05}},
			series{[]float64{0.76, 0.931, 0.963, 0.972, 0.981}, []float64{0.956, 0.972, 0.986, 0.992, 0.997}})
		h.Notice = synthetic
		return Curves(h, CurvesOptions{})
	},
	"phases": func() (*Figure, error) {
		h := twoPhases()
		h.Phases = []result.Phase{{Name: "fine-tuning", Epoch: 6}}
		return Curves(h, CurvesOptions{})
	},
	"threephases": func() (*Figure, error) { // while the last one goes on
		h := twoPhases()
		h.Phases = []result.Phase{{Name: "head", Epoch: 1}, {Name: "from layer 100", Epoch: 6}, {Name: "all layers", Epoch: 9}}
		h.Notice = synthetic
		return Curves(h, CurvesOptions{Epochs: 12})
	},
	"confusion": func() (*Figure, error) {
		return ConfusionMatrix(&metrics.Confusion{Classes: steel, Counts: steelCounts()}, ConfusionOptions{})
	},
	"predictions": func() (*Figure, error) {
		return Predictions(steelPredictions(), steelPicture, []int{7, 2, 0, 5, 6, 4}, PredictionsOptions{})
	},
	"grid": func() (*Figure, error) {
		return Grid(steelTiles(10), 5, GridOptions{Notice: synthetic})
	},
	"heat": func() (*Figure, error) {
		tiles := steelTiles(5)
		for k := range tiles {
			heat := make([]float32, 16)
			heat[3*k], heat[15-3*k] = 1, 0.5
			m, err := Overlay(tiles[k].Image, result.Heatmap{Height: 4, Width: 4, Values: heat, Notice: synthetic})
			if err != nil {
				return nil, err
			}
			tiles[k].Image = m
		}
		return Grid(tiles, 5, GridOptions{})
	},
	"bars": func() (*Figure, error) {
		c := metrics.Confusion{Classes: steel, Counts: steelCounts()}
		recalls, intervals := c.Recalls()
		return Bars(steel, []BarGroup{
			{Name: "MobileNetV2", Values: recalls, Intervals: intervals},
			{Name: "random weights", Values: []float64{0.52, 0.61, 0.4, math.NaN(), 0.33, 0.7}},
		}, BarsOptions{Title: "Accuracy per class", X: "share of the class's images that was found"})
	},
	"reliability": func() (*Figure, error) {
		panels, err := reliable(synthetic)
		if err != nil {
			return nil, err
		}
		return Reliability(panels, ReliabilityOptions{})
	},
	"coverage": func() (*Figure, error) {
		lines, err := covered("")
		if err != nil {
			return nil, err
		}
		return CoverageCurve(lines, CoverageOptions{Title: "Accuracy of the images that a model is sure of"})
	},
	"lines": func() (*Figure, error) {
		x := []float64{1, 5, 10, 50, 240}
		return Lines([]Line{
			{Name: "MobileNetV2", X: x, Y: []float64{0.62, 0.85, 0.93, 0.975, 0.992}, Intervals: []metrics.Interval{
				metrics.Wilson(223, 360), metrics.Wilson(306, 360), metrics.Wilson(335, 360), metrics.Wilson(351, 360), metrics.Wilson(357, 360)}},
			{Name: "ResNet50V2", X: x, Y: []float64{0.55, 0.83, 0.94, 0.98, 0.994}},
			{Name: "from scratch", X: x, Y: []float64{0.2, 0.31, 0.42, 0.7, 0.9}},
		}, LinesOptions{Title: "Accuracy with few labels", X: "training images per class", Y: "validation accuracy", LogX: true})
	},
	"linephases": func() (*Figure, error) {
		epochs, tuned := epochNumbers(8), twoPhases()
		var intervals []metrics.Interval
		for _, y := range tuned.ValAccuracy {
			intervals = append(intervals, metrics.Interval{Low: y - 0.01, High: min(1, y+0.01)})
		}
		return Lines([]Line{{Name: "fine-tuned", X: epochs, Y: tuned.ValAccuracy, Intervals: intervals},
			{Name: "frozen", X: epochs, Y: []float64{0.956, 0.972, 0.986, 0.992, 0.99, 0.99, 0.991, 0.99}},
		}, LinesOptions{Title: "Mean of five seeds", X: "epoch", Y: "validation accuracy", Phases: []result.Phase{
			{Name: "head", Epoch: 1}, {Name: "last 10 layers", Epoch: 4}, {Name: "last 20", Epoch: 7}}})
	},
	"robustness": func() (*Figure, error) {
		x := []float64{0, 1, 2, 3, 4, 5}
		var lines []Line
		for _, family := range []struct {
			name  string
			right [6]int
		}{
			{"noise", [6]int{358, 341, 322, 281, 204, 118}}, {"blur", [6]int{358, 356, 351, 333, 297, 211}},
			{"brightness", [6]int{358, 357, 354, 347, 338, 301}}, {"contrast", [6]int{358, 355, 349, 328, 236, 131}},
			{"rotation", [6]int{358, 357, 351, 342, 333, 308}}, {"JPEG", [6]int{358, 357, 357, 356, 350, 341}},
		} {
			l := Line{Name: family.name, X: x}
			for _, right := range family.right {
				l.Y = append(l.Y, float64(right)/360)
				l.Intervals = append(l.Intervals, metrics.Wilson(right, 360))
			}
			lines = append(lines, l)
		}
		return Lines(lines, LinesOptions{Title: "What MobileNetV2 bears", X: "strength", Y: "share of right images"})
	},
	"scatter": func() (*Figure, error) {
		return Scatter(sixModels(), ScatterOptions{Title: "Accuracy against cost", X: "training minutes, base pass included",
			Y: "validation accuracy", LogX: true, Notice: synthetic})
	},
	"beside": func() (*Figure, error) {
		var all []*Figure
		for _, model := range []string{"MobileNetV2 α=0.35", "ResNet50V2", "ViT-B/16"} {
			f, err := ConfusionMatrix(&metrics.Confusion{Classes: steel, Counts: steelCounts(), Notice: synthetic},
				ConfusionOptions{Title: model + ": 357 of 360", Small: true})
			if err != nil {
				return nil, err
			}
			all = append(all, f)
		}
		for _, model := range []string{"MobileNetV2 α=0.35", "ResNet50V2"} {
			h := twoPhases()
			h.Notice = synthetic
			f, err := Curves(h, CurvesOptions{Title: model, Small: true})
			if err != nil {
				return nil, err
			}
			all = append(all, f)
		}
		return Beside(all, BesideOptions{Title: "The models of the lesson"})
	},
}

// sixModels are as close as transferred networks are on 360 images.
func sixModels() []Point {
	var points []Point
	for _, m := range []struct {
		name    string
		minutes float64
		right   int
	}{
		{"MobileNetV2 α=0.35", 0.31, 358}, {"MobileNetV2 α=1.0", 0.42, 357}, {"EfficientNetB0", 0.95, 358},
		{"ResNet50V2, frozen", 1.3, 356}, {"ResNet50V2, from layer 100", 12, 359}, {"ViT-B/16", 9.5, 359},
	} {
		points = append(points, Point{m.name, m.minutes, float64(m.right) / 360, metrics.Wilson(m.right, 360)})
	}
	return points
}

// tooSure are predictions for n images whose classes are drawn from softmax(z), but whose probabilities are
// softmax(1.8·z): the best temperature is about 1.8. A larger spread of z makes more of them right.
func tooSure(name string, n int, spread float64) *result.Predictions {
	p := &result.Predictions{Classes: steel}
	u := golden.Uniform(name, 7*n, 0, 1)
	for i := range n {
		row, chances := make([]float32, 6), make([]float64, 6)
		var sum, sure float64
		for j := range row {
			z := spread * math.Pow(float64(u[7*i+j]), 4)
			chances[j], row[j] = math.Exp(z), float32(math.Exp(1.8*z))
			sum, sure = sum+chances[j], sure+float64(row[j])
		}
		predicted, actual, left := 0, 5, float64(u[7*i+6])*sum
		for j := range row {
			row[j] /= float32(sure)
			if row[j] > row[predicted] {
				predicted = j
			}
		}
		for j, c := range chances {
			if left -= c; left < 0 {
				actual = j
				break
			}
		}
		p.Probabilities, p.Predicted, p.Actual = append(p.Probabilities, row), append(p.Predicted, predicted), append(p.Actual, actual)
	}
	return p
}

// reliable are calibrations of predictions that are too sure, before and after temperature scaling.
func reliable(notice string) ([]ReliabilityPanel, error) {
	before := tooSure("reliable", 360, 16)
	before.Notice = notice
	t, err := metrics.Temperature(before.Probabilities, before.Actual)
	if err != nil {
		return nil, err
	}
	after, err := before.Tempered(t)
	if err != nil {
		return nil, err
	}
	var panels []ReliabilityPanel
	for k, p := range []*result.Predictions{before, after} {
		c, err := p.Calibration(15)
		if err != nil {
			return nil, err
		}
		panels = append(panels, ReliabilityPanel{[]string{"as trained", fmt.Sprintf("temperature %.2f", t)}[k], c})
	}
	return panels, nil
}

// covered are curves of predictions that are more and less often right.
func covered(notice string) ([]CoverageLine, error) {
	var lines []CoverageLine
	for k, name := range []string{"MobileNetV2", "ResNet50V2"} {
		p := tooSure(name, 360, []float64{20, 24}[k])
		p.Notice = notice
		c, err := p.Coverage()
		if err != nil {
			return nil, err
		}
		lines = append(lines, CoverageLine{name, c})
	}
	return lines, nil
}

// twoPhases is a training of eight epochs.
func twoPhases() *result.History {
	return historyOf(
		series{[]float64{0.71, 0.22, 0.13, 0.09, 0.07, 0.05, 0.02, 0.02}, []float64{0.24, 0.13, 0.09, 0.06, 0.05, 0.03, 0.02, 0.02}},
		series{[]float64{0.76, 0.931, 0.963, 0.972, 0.981, 0.99, 0.99, 0.99}, []float64{0.956, 0.972, 0.986, 0.992, 0.997, 1, 1, 1}})
}

func historyOf(loss, accuracy series) *result.History {
	return &result.History{Loss: loss.train, ValLoss: loss.validation, Accuracy: accuracy.train,
		ValAccuracy: accuracy.validation}
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

// steelPredictions are of eight images; the sixth is of unknown class.
func steelPredictions() *result.Predictions {
	p := &result.Predictions{Classes: steel, Notice: synthetic}
	for i := range 8 {
		row, predicted, actual := make([]float32, 6), i%6, i%6
		if i%3 == 2 {
			predicted = (i + 1) % 6
		}
		if i == 5 {
			actual = -1
		}
		row[predicted] = 1 - float32(i)/20
		p.Probabilities, p.Predicted, p.Actual = append(p.Probabilities, row), append(p.Predicted, predicted), append(p.Actual, actual)
	}
	return p
}

func steelPicture(i int) (image.Image, error) { return steelTiles(i + 1)[i].Image, nil }

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
