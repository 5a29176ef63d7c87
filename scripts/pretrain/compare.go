package main

import (
	"context"
	"fmt"
	"time"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/images"
)

// compare trains the lesson's head three times on one data set: on the embedded backbone, on a random one, both
// frozen, and together with a random backbone that is trained from scratch.
func compare(folder string, epochs int) error {
	ctx := context.Background()
	data, err := images.Open(folder)
	if err != nil {
		return err
	}
	fmt.Printf("%sepochs: %d\n\n", data, epochs)
	fmt.Println("| backbone | validation accuracy | 95 % interval | seconds |\n|---|---|---|---|")
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
		fmt.Printf("| %s | %.1f %% | %v | %.0f |\n", c.name, 100*confusion.Accuracy(), confusion.Interval(),
			time.Since(began).Seconds())
	}
	return nil
}
