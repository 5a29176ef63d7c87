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
