// Command figures draws the pictures that the README shows, from a finished run and the images it was trained on.
//
//	NEU_DET_DIR=… WEIGHTS_DIR=… go run ./scripts/defects train mobilenetv2 --weights best --seed 100 --out mobilenetv2
//	NEU_DET_DIR=… go run ./scripts/figures mobilenetv2
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/download"
	"github.com/transfer-learning-go/defects/lib/figure"
	"github.com/transfer-learning-go/defects/lib/metrics"
	"github.com/transfer-learning-go/defects/lib/neudet"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run ./scripts/figures RUN")
		os.Exit(2)
	}
	if err := draw(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "figures:", err)
		os.Exit(1)
	}
}

func draw(run string) error {
	m, h, err := classifier.Load(run)
	if err != nil {
		return err
	}
	data, err := neudet.Find()
	if err != nil {
		return err
	}
	p, err := m.Predict(data.Validation)
	if err != nil {
		return err
	}
	c, err := metrics.NewConfusion(p.Classes, p.Actual, p.Predicted)
	if err != nil {
		return err
	}
	notice := figure.Options{Notice: m.Notice()}
	dir := filepath.Join(download.ModuleRoot(), "figures")
	curves, err := figure.Curves(figure.Series{Train: h.Loss, Validation: h.ValLoss},
		figure.Series{Train: h.Accuracy, Validation: h.ValAccuracy}, notice)
	if err != nil {
		return err
	}
	if err := curves.WritePNG(filepath.Join(dir, m.Base.Name+"-curves.png")); err != nil {
		return err
	}
	matrix, err := figure.ConfusionMatrix(c.Classes, c.Counts, notice)
	if err != nil {
		return err
	}
	return matrix.WritePNG(filepath.Join(dir, m.Base.Name+"-confusion.png"))
}
