package lesson_test

import (
	"fmt"

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

// Five seeds, each trained once however often the cell runs; the next cell that asks for them has them at once. The table
// is kept for the pages.
func ExampleStudy() {
	type settings struct { // all that a result depends on beside the images and the case
		Weights string
		Epochs  int
	}
	train := func(seed int64) float64 { return 0.99 } // a training with that seed: its validation accuracy
	accuracies := lesson.Study("seeds", settings{"imagenet", 5}, []int64{0, 1, 2, 3, 4}, train)
	lesson.Keep("seeds", []string{"network", "each seed"}, [][]string{{"MobileNetV2", fmt.Sprintf("%.3f", accuracies)}})
}

func ExampleChecklist() {
	lesson.Checklist(
		lesson.Check{Asked: "three phases of 5 epochs", Done: true, Missing: "give FitConfig.Phases"},
		lesson.Check{Asked: "two seeds or more", Missing: "train with seeds 0 and 1"})
	// Output:
	//    1 of 2 done               what is missing
	// ✓  three phases of 5 epochs
	// ✗  two seeds or more         train with seeds 0 and 1
}
