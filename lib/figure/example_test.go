package figure_test

import (
	"fmt"
	"image"

	"github.com/transfer-learning-go/defects/lib/figure"
	"github.com/transfer-learning-go/defects/lib/metrics"
	"github.com/transfer-learning-go/defects/lib/result"
)

func ExampleCurves() {
	f, err := figure.Curves(&result.History{
		Loss: []float64{0.71, 0.22, 0.13}, ValLoss: []float64{0.24, 0.13, 0.09},
		Accuracy: []float64{0.76, 0.931, 0.963}, ValAccuracy: []float64{0.956, 0.972, 0.986},
		Phases: []result.Phase{{Name: "head", Epoch: 1}, {Name: "fine-tuning", Epoch: 3}},
		Notice: "synthetic images, not NEU-DET",
	}, figure.CurvesOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.Alt)
	// Output: Curves over 3 epochs; training loss from 0.710 to 0.130; validation loss from 0.240 to 0.090; training accuracy from 0.7600 to 0.9630; validation accuracy from 0.9560 to 0.9860; head from epoch 1 on; fine-tuning from epoch 3 on. Notice: synthetic images, not NEU-DET.
}

func ExampleConfusionMatrix() {
	c, err := metrics.NewConfusion([]string{"crazing", "inclusion"}, []int{0, 0, 1, 1}, []int{0, 1, 1, 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	f, err := figure.ConfusionMatrix(c, figure.ConfusionOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.Alt)
	// Output: Confusion matrix: 3 of 4 right; mistaken: 1 crazing as inclusion.
}

// Accuracy per class with the interval in which it may lie.
func ExampleBars() {
	c := metrics.Confusion{Classes: []string{"crazing", "inclusion"}, Counts: [][]int{{60, 0}, {3, 57}}}
	recalls, intervals := c.Recalls()
	f, err := figure.Bars(c.Classes, []figure.BarGroup{{Values: recalls, Intervals: intervals}},
		figure.BarsOptions{Title: "Accuracy per class", X: "share found"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.Alt)
	// Output: Accuracy per class. Bar chart. crazing 1.000 (95 % interval 94.0–100.0 %), inclusion 0.950 (95 % interval 86.3–98.3 %).
}

// Whether a model is right as often as it says, here with five bins. Calibrations come from the method Calibration of
// *result.Predictions.
func ExampleReliability() {
	c, err := metrics.NewCalibration([][]float32{{0.9, 0.1}, {0.9, 0.1}, {0.3, 0.7}, {0.3, 0.7}}, []int{0, 1, 1, 1}, 5)
	if err != nil {
		fmt.Println(err)
		return
	}
	f, err := figure.Reliability([]figure.ReliabilityPanel{{Name: "as trained", Calibration: c}}, figure.ReliabilityOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.Alt)
	// Output: Reliability. as trained, 4 images: ECE 35.00 %, NLL 0.7803, Brier 0.5000; by mean confidence 2 of 2 right at 0.700, 1 of 2 right at 0.900.
}

// Three images with what a model says of them. Pictures come from the method Picture of an *images.Set.
func ExamplePredictions() {
	p := &result.Predictions{
		Classes:       []string{"crazing", "inclusion"},
		Probabilities: [][]float32{{0.9, 0.1}, {0.3, 0.7}, {0.8, 0.2}},
		Predicted:     []int{0, 1, 0},
		Actual:        []int{0, 1, 1},
	}
	picture := func(i int) (image.Image, error) { return image.NewGray(image.Rect(0, 0, 200, 200)), nil }
	f, err := figure.Predictions(p, picture, []int{0, 1, 2}, figure.PredictionsOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.Alt)
	// Output: Grid of 3 images, 2 right, 1 wrong; wrong: P: crazing, A: inclusion, confidence 80 %.
}

// Accuracy against cost. The intervals say what 360 images cannot tell apart.
func ExampleScatter() {
	f, err := figure.Scatter([]figure.Point{
		{Name: "MobileNetV2", X: 0.3, Y: 358.0 / 360, Interval: metrics.Wilson(358, 360)},
		{Name: "ViT-B/16", X: 9.5, Y: 359.0 / 360, Interval: metrics.Wilson(359, 360)},
	}, figure.ScatterOptions{X: "training minutes", Y: "validation accuracy", LogX: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.Alt)
	// Output: Scatter plot: MobileNetV2 0.9944 (interval 0.98 to 0.9985) at 0.3; ViT-B/16 0.9972 (interval 0.9844 to 0.9995) at 9.5.
}

// The confusion matrices of two models in one row.
func ExampleBeside() {
	var all []*figure.Figure
	for _, m := range []struct {
		name   string
		counts [][]int
	}{{"frozen", [][]int{{58, 2}, {1, 59}}}, {"fine-tuned", [][]int{{60, 0}, {1, 59}}}} {
		c := &metrics.Confusion{Classes: []string{"crazing", "inclusion"}, Counts: m.counts}
		f, err := figure.ConfusionMatrix(c, figure.ConfusionOptions{Title: m.name, Small: true})
		if err != nil {
			fmt.Println(err)
			return
		}
		all = append(all, f)
	}
	f, err := figure.Beside(all, figure.BesideOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.Alt)
	// Output: 2 figures side by side. frozen. Confusion matrix: 117 of 120 right; mistaken: 2 crazing as inclusion, 1 inclusion as crazing. fine-tuned. Confusion matrix: 119 of 120 right; mistaken: 1 inclusion as crazing.
}
