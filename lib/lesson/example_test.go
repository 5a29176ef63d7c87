package lesson_test

import (
	"github.com/transfer-learning-go/defects/lib/lesson"
	"github.com/transfer-learning-go/defects/lib/metrics"
	"github.com/transfer-learning-go/defects/lib/result"
)

func ExampleResults() {
	frozen := &result.History{Loss: []float64{0.2, 0.1}, Seconds: []float64{0.5, 0.5}, FeatureSeconds: 80}
	tuned := &result.History{Loss: []float64{0.1}, Seconds: []float64{84}, FeatureSeconds: 60,
		Notice: "synthetic images, not NEU-DET"}
	counts := &metrics.Confusion{Classes: []string{"crazing", "inclusion"}, Counts: [][]int{{60, 0}, {3, 57}}}
	row := lesson.Results("example")
	row("frozen base", 526598, frozen, counts)
	row("fine-tuned", 22000000, tuned, counts)
	// Output:
	// model        trainable parameters       right  accuracy  95 % interval  epochs  seconds in all  of them, frozen layers  notice
	// frozen base                526598  117 of 120   97.50 %    92.9–99.1 %       2            81.0                    80.0
	// fine-tuned               22000000  117 of 120   97.50 %    92.9–99.1 %       1           144.0                    60.0  synthetic images, not NEU-DET
}
