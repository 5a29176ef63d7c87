// Command pretrain trains the small backbone that comes with this module: MobileNetV2 with alpha 0.35 as a
// classifier of procedural textures, none of which shows a surface defect. Its weights are written as a Keras file.
//
//	go run ./scripts/pretrain --out lib/backbone/embedded/mobilenet_v2_0.35_224_no_top.h5
//
// With --compare it measures what transfer from these weights is worth on a folder of images:
//
//	go run ./scripts/pretrain --compare datasets/surfaces
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/result"
	"github.com/transfer-learning-go/defects/lib/weights"
	"github.com/transfer-learning-go/defects/scripts/pretrain/textures"
)

// Images are drawn larger than the network's input, so that each epoch sees other crops of them.
const drawn, size, seed = 112, 96, 1

func main() {
	out := flag.String("out", "", "the Keras file to write")
	perFamily := flag.Int("images", 200, "training images per texture family")
	epochs := flag.Int("epochs", 12, "epochs, the last third with a tenth of the learning rate")
	run := flag.String("run", "pretrain", "folder that keeps the training, to go on after an interruption")
	folder := flag.String("compare", "", "folder or zip of images to compare transfer with training from scratch on")
	flag.Parse()
	if (*out == "") == (*folder == "") || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "give either --out FILE or --compare DATA")
		flag.Usage()
		os.Exit(2)
	}
	var err error
	if *folder != "" {
		err = compare(*folder, *epochs)
	} else {
		err = pretrain(*out, *run, *perFamily, *epochs)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "pretrain:", err)
		os.Exit(1)
	}
}

func pretrain(out, run string, perFamily, epochs int) error {
	ctx := context.Background()
	base, err := backbone.MobileNetV2(backbone.Config{Alpha: 0.35, Input: size, Seed: seed})
	if err != nil {
		return err
	}
	m, err := classifier.New(classifier.Config{Base: base, ImageSize: size, Seed: seed, BaseTraining: true,
		Head: layer.Sequential(layer.GlobalAveragePooling2D{}, layer.Dropout{Rate: 0.2},
			layer.Dense{Units: len(textures.Families), Activation: "softmax"})})
	if err != nil {
		return err
	}
	fmt.Printf("drawing %d textures of %d families\n", perFamily*len(textures.Families), len(textures.Families))
	train := draw("train", perFamily, 0, true)
	validation := draw("validation", max(1, perFamily/10), perFamily, false)
	last := epochs / 3
	for _, phase := range []struct {
		name     string
		epochs   int
		rate     float64
		momentum float64 // of the moving statistics
	}{
		{"1", epochs - last, 2e-3, 0.999},
		{"2", last, 2e-4, 0.999},
		{"statistics", 1, 1e-12, 0.99}, // the weights stay; the moving statistics, still those of early weights, catch up
	} {
		for _, l := range m.Base.Layers {
			if norm, ok := l.Op.(layer.BatchNormalization); ok {
				norm.Momentum = phase.momentum
				l.Op = norm
			}
		}
		// Runs of their own, not phases of one: the momentum is a setting of the layers.
		_, err := m.Fit(ctx, train, validation, classifier.FitConfig{Epochs: phase.epochs, BatchSize: 32,
			LearningRate: phase.rate, Run: run + "-" + phase.name, Watch: report})
		if err != nil {
			return err
		}
	}
	p, err := m.Predict(ctx, validation)
	if err != nil {
		return err
	}
	confusion, err := p.Confusion()
	if err != nil {
		return err
	}
	fmt.Printf("validation on %d textures not trained on: accuracy %.4f, 95 %% interval %v\n", confusion.Total(),
		confusion.Accuracy(), confusion.Interval())
	return weights.Save(out, m.Base.Layers.Checkpoint(m.Values))
}

func report(p result.Progress) {
	h := p.History
	if n := h.Epochs(); n > 0 && p.Done == p.Total && n == p.Epoch && !p.Finished {
		fmt.Printf("epoch %d/%d: loss %.4f, accuracy %.4f, val_loss %.4f, val_accuracy %.4f, %.0f s\n", n, p.Epochs,
			h.Loss[n-1], h.Accuracy[n-1], h.ValLoss[n-1], h.ValAccuracy[n-1], h.Seconds[n-1])
	}
}
