package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/metrics"
	"github.com/transfer-learning-go/defects/lib/record"
)

// compare trains the lesson's head on one data set, on the embedded base and on a random one, both frozen. It leaves a
// record, which pages show.
func compare(folder string, epochs, seeds int) error {
	data, err := images.Open(folder)
	if err != nil {
		return err
	}
	fmt.Printf("%sepochs: %d, seeds: 1 to %d\n\n", data, epochs, seeds)
	kept := record.Record{Name: "embedded",
		Header: []string{"backbone, α=0.35, frozen", "validation accuracy", "95 % interval", "each seed"}}
	fmt.Printf("| %s |\n|---|---|---|---|\n", strings.Join(kept.Header, " | "))
	for _, weights := range []string{"embedded", "random"} {
		accuracies, err := transfer(context.Background(), weights, data.Train, data.Validation, epochs, seeds)
		if err != nil {
			return err
		}
		mean, interval, err := metrics.Mean(accuracies)
		if err != nil {
			return err
		}
		var each []string
		for _, a := range accuracies {
			each = append(each, fmt.Sprintf("%.1f", 100*a))
		}
		row := []string{weights, fmt.Sprintf("%.1f %%", 100*mean), interval.String(), strings.Join(each, ", ")}
		fmt.Println("| " + strings.Join(row, " | ") + " |")
		kept.Rows = append(kept.Rows, row)
	}
	if !data.Synthetic {
		kept.Name = "embedded-photographs"
	}
	kept.Origin = record.Told()
	kept.Command = fmt.Sprintf("go run ./scripts/pretrain --compare … --epochs %d", epochs)
	return kept.Write(record.Dir())
}
