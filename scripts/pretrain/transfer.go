package main

import (
	"context"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/images"
)

// transfer trains the lesson's head on a frozen base, once for each seed from 1 on, and gives the validation accuracies
// after the last epoch. of is what backbone.Config calls Weights.
func transfer(ctx context.Context, of string, train, validation images.Source, epochs, seeds int) ([]float64, error) {
	base, err := backbone.MobileNetV2(backbone.Config{Alpha: 0.35, Weights: of, Seed: seed})
	if err != nil {
		return nil, err
	}
	base.Layers.Freeze()
	classes := train.About().Classes
	accuracies := make([]float64, seeds)
	for i := range accuracies {
		m, err := classifier.New(classifier.Config{Base: base, Classes: classes, Seed: int64(i + 1),
			Head: classifier.Head(base, len(classes))})
		if err != nil {
			return nil, err
		}
		history, err := m.Fit(ctx, train, validation, classifier.FitConfig{Epochs: epochs})
		if err != nil {
			return nil, err
		}
		accuracies[i] = history.ValAccuracy[epochs-1]
	}
	return accuracies, nil
}
