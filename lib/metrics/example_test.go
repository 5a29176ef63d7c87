package metrics_test

import (
	"fmt"

	"github.com/transfer-learning-go/defects/lib/metrics"
)

func Example() {
	classes := []string{"crazing", "inclusion", "scratches"}
	actual := []int{0, 0, 0, 1, 1, 1, 2, 2, 2, 2}
	predicted := []int{0, 0, 0, 1, 2, 1, 2, 2, 2, 1}
	confusion, err := metrics.NewConfusion(classes, actual, predicted)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(confusion)
	fmt.Println(confusion.Report())
	fmt.Println(confusion.Summary())
	// Output:
	//                 0     1     2
	// 0 crazing       3     0     0
	// 1 inclusion     0     2     1
	// 2 scratches     0     1     3
	//
	//               precision    recall  f1-score   support
	//
	//      crazing     1.0000    1.0000    1.0000         3
	//    inclusion     0.6667    0.6667    0.6667         3
	//    scratches     0.7500    0.7500    0.7500         4
	//
	//     accuracy                         0.8000        10
	//    macro avg     0.8056    0.8056    0.8056        10
	// weighted avg     0.8000    0.8000    0.8000        10
	//
	// 8 of 10 right = 80.00 %, 95 % interval 49.0–94.3 %
}

func ExampleMcNemar() {
	actual := []int{0, 0, 0, 0, 1, 1, 1, 1}
	a := []int{0, 0, 0, 0, 1, 1, 1, 0}
	b := []int{0, 1, 0, 0, 1, 0, 1, 1}
	c, err := metrics.McNemar(actual, a, b)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("only A right: %d, only B right: %d, p = %.2f\n", c.OnlyA, c.OnlyB, c.P)
	// Output: only A right: 2, only B right: 1, p = 1.00
}

// A temperature is chosen on validation images, and judged on others.
func ExampleTemperature() {
	validation := [][]float32{{0.99, 0.01}, {0.98, 0.02}, {0.97, 0.03}, {0.05, 0.95}, {0.02, 0.98}}
	t, err := metrics.Temperature(validation, []int{0, 0, 1, 1, 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	test, actual := [][]float32{{0.96, 0.04}, {0.04, 0.96}, {0.95, 0.05}, {0.97, 0.03}}, []int{0, 1, 1, 0}
	tempered, err := metrics.Tempered(test, t)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("temperature %.2f: %.2f becomes %.2f\n", t, test[0][0], tempered[0][0])
	for _, probabilities := range [][][]float32{test, tempered} {
		c, err := metrics.NewCalibration(probabilities, actual, 15)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(c)
	}
	// Output:
	// temperature 2.56: 0.96 becomes 0.78
	// 4 images: ECE 21.00 %, NLL 0.7770, Brier 0.4533
	// 4 images: ECE 2.63 %, NLL 0.5404, Brier 0.3596
}

// A threshold is chosen on validation images for a wished accuracy, and judged on others.
func ExampleCoverage_ForAccuracy() {
	validation, err := metrics.NewCoverage([]float64{0.99, 0.95, 0.9, 0.7, 0.6}, []bool{true, true, true, false, true})
	if err != nil {
		fmt.Println(err)
		return
	}
	chosen, err := validation.ForAccuracy(0.99)
	if err != nil {
		fmt.Println(err)
		return
	}
	test, err := metrics.NewCoverage([]float64{0.98, 0.93, 0.91, 0.85, 0.8}, []bool{true, false, true, true, true})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("chosen:", chosen)
	fmt.Println("test:  ", test.At(chosen.Threshold))
	// Output:
	// chosen: confidence ≥ 0.9: 3 of 5 accepted (60.0 %), 3 right = 100.00 %, 95 % interval 43.9–100.0 %
	// test:   confidence ≥ 0.9: 3 of 5 accepted (60.0 %), 2 right = 66.67 %, 95 % interval 20.8–93.9 %
}

// Two ways of training, with the same three seeds, on the same six images.
func ExamplePairedBootstrap() {
	a := [][]bool{
		{true, true, false, true, false, true},
		{true, true, false, false, true, true},
		{true, false, false, true, true, true},
	}
	b := [][]bool{
		{true, true, true, true, false, true},
		{true, true, true, true, true, true},
		{true, true, false, true, true, true},
	}
	d, err := metrics.PairedBootstrap(a, b, 10_000, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("B is better by %v percent points, p = %.2f\n", d, d.P)
	// Output:
	// B is better by +22.2 (0.0 to +50.0) percent points, p = 0.15
}

// Five folds, twice: the plain test takes the ten runs for independent, which they are not.
func ExamplePairedFolds() {
	a := []float64{0.981, 0.986, 0.983, 0.989, 0.978, 0.983, 0.981, 0.986, 0.992, 0.975}
	b := []float64{0.983, 0.989, 0.989, 0.992, 0.983, 0.981, 0.983, 0.994, 0.989, 0.983}
	plain, err := metrics.Paired(a, b)
	if err != nil {
		fmt.Println(err)
		return
	}
	corrected, err := metrics.PairedFolds(a, b, 5)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("plain:     %v, p = %.3f\n", plain, plain.P)
	fmt.Printf("corrected: %v, p = %.3f\n", corrected, corrected.P)
	// Output:
	// plain:     +0.3 (+0.1 to +0.6), p = 0.024
	// corrected: +0.3 (−0.2 to +0.8), p = 0.182
}
