package figure_test

import (
	"fmt"

	"github.com/transfer-learning-go/defects/lib/figure"
	"github.com/transfer-learning-go/defects/lib/metrics"
)

func ExampleCurves() {
	f, err := figure.Curves(
		figure.Series{Train: []float64{0.71, 0.22, 0.13}, Validation: []float64{0.24, 0.13, 0.09}},
		figure.Series{Train: []float64{0.76, 0.931, 0.963}, Validation: []float64{0.956, 0.972, 0.986}},
		figure.Options{Notice: "synthetic images, not NEU-DET"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.Alt)
	// Output: Curves over 3 epochs; training loss from 0.710 to 0.130; validation loss from 0.240 to 0.090; training accuracy from 0.7600 to 0.9630; validation accuracy from 0.9560 to 0.9860. Notice: synthetic images, not NEU-DET.
}

func ExampleConfusionMatrix() {
	c, err := metrics.NewConfusion([]string{"crazing", "inclusion"}, []int{0, 0, 1, 1}, []int{0, 1, 1, 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	f, err := figure.ConfusionMatrix(c.Classes, c.Counts, figure.Options{})
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
		figure.Options{Title: "Accuracy per class", X: "share found"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.Alt)
	// Output: Accuracy per class. Bar chart. crazing 1.000 (95 % interval 94.0–100.0 %), inclusion 0.950 (95 % interval 86.3–98.3 %).
}
