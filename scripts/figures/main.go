// Command figures draws the pictures that the README and the notebooks show. Without a run, these are the diagrams of
// the networks, from their lists of layers; with one, the curves and the confusion matrix of the run, for which it
// needs the images.
//
//	go run ./scripts/figures
//	NEU_DET_DIR=… WEIGHTS_DIR=… go run ./scripts/defects train mobilenetv2 --weights best --seed 100 --out mobilenetv2
//	NEU_DET_DIR=… go run ./scripts/figures mobilenetv2
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/diagram"
	"github.com/transfer-learning-go/defects/lib/figure"
	"github.com/transfer-learning-go/defects/lib/files"
	"github.com/transfer-learning-go/defects/lib/neudet"
)

func main() {
	var err error
	switch {
	case len(os.Args) == 1:
		err = architectures()
	case len(os.Args) == 2 && !strings.HasPrefix(os.Args[1], "-"):
		err = draw(os.Args[1])
	default:
		fmt.Fprintln(os.Stderr, "usage: go run ./scripts/figures [RUN]")
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "figures:", err)
		os.Exit(1)
	}
}

// architectures draws the networks as the lesson uses them.
func architectures() error {
	mobilenet, err := backbone.MobileNetV2(backbone.Config{Input: 224})
	if err != nil {
		return err
	}
	resnet, err := backbone.ResNet50V2(backbone.Config{Input: 200})
	if err != nil {
		return err
	}
	vit, err := backbone.ViT(backbone.Config{Variant: "B/16"})
	if err != nil {
		return err
	}
	for name, b := range map[string]*backbone.Backbone{"MobileNetV2": mobilenet, "ResNet50V2": resnet, "ViT-B/16": vit} {
		f, err := diagram.Architecture(name, b.Layers, diagram.Options{})
		if err != nil {
			return err
		}
		if err := f.WritePNG(filepath.Join(files.ModuleRoot(), "figures", b.Name+"-architecture.png")); err != nil {
			return err
		}
	}
	return nil
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
	p, err := m.Predict(context.Background(), data.Validation)
	if err != nil {
		return err
	}
	c, err := p.Confusion()
	if err != nil {
		return err
	}
	dir := filepath.Join(files.ModuleRoot(), "figures")
	curves, err := figure.Curves(h, figure.CurvesOptions{})
	if err != nil {
		return err
	}
	if err := curves.WritePNG(filepath.Join(dir, m.Base.Name+"-curves.png")); err != nil {
		return err
	}
	matrix, err := figure.ConfusionMatrix(c, figure.ConfusionOptions{})
	if err != nil {
		return err
	}
	return matrix.WritePNG(filepath.Join(dir, m.Base.Name+"-confusion.png"))
}
