package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/record"
)

// compare trains the lesson's head three times on one data set: on the embedded backbone, on a random one, both
// frozen, and together with a random backbone that is trained from scratch. It leaves a record, which pages show.
func compare(folder string, epochs int) error {
	ctx := context.Background()
	data, err := images.Open(folder)
	if err != nil {
		return err
	}
	fmt.Printf("%sepochs: %d\n\n", data, epochs)
	fmt.Println("| backbone | validation accuracy | 95 % interval | seconds |\n|---|---|---|---|")
	kept := record.Record{Name: "embedded", Header: []string{"backbone, α=0.35", "validation accuracy", "95 % interval", "seconds"}}
	for _, c := range []struct {
		name, weights string
		frozen        bool
	}{{"embedded, frozen", "embedded", true}, {"random, frozen", "random", true}, {"random, trained from scratch", "random", false}} {
		began := time.Now()
		base, err := backbone.MobileNetV2(backbone.Config{Alpha: 0.35, Weights: c.weights, Seed: seed})
		if err != nil {
			return err
		}
		if c.frozen {
			base.Layers.Freeze()
		}
		m, err := classifier.New(classifier.Config{Base: base, Classes: data.Classes, Seed: seed, BaseTraining: !c.frozen,
			Head: classifier.Head(base, len(data.Classes))})
		if err != nil {
			return err
		}
		if _, err := m.Fit(ctx, data.Train, data.Validation, classifier.FitConfig{Epochs: epochs}); err != nil {
			return err
		}
		p, err := m.Predict(ctx, data.Validation)
		if err != nil {
			return err
		}
		confusion, err := p.Confusion()
		if err != nil {
			return err
		}
		row := []string{c.name, fmt.Sprintf("%.1f %%", 100*confusion.Accuracy()), confusion.Interval().String(),
			fmt.Sprintf("%.0f", time.Since(began).Seconds())}
		fmt.Println("| " + strings.Join(row, " | ") + " |")
		kept.Rows = append(kept.Rows, row)
	}
	kept.Origin = record.Told()
	kept.Command = fmt.Sprintf("go run ./scripts/pretrain --compare … --epochs %d", epochs)
	return kept.Write(record.Dir())
}
