// Command training trains a model for some steps, so that training.py beside it can compare the losses with Keras's.
//
// It reads a model that Keras saved, little-endian float32 pixels 0…255, [n, size, size, 3], and the class of each
// image. It writes as JSON the loss of each step and the number of parameters that were trained.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/result"
	"github.com/transfer-learning-go/defects/scripts/oracle/comparisons/pixels"
)

func main() {
	model := flag.String("model", "", "file of the model")
	file := flag.String("pixels", "", "file with the images")
	labels := flag.String("labels", "", "class of each image, separated by commas")
	batch := flag.Int("batch", 32, "images of a step")
	rate := flag.Float64("rate", 1e-3, "learning rate")
	flag.Parse()
	if err := run(*model, *file, *labels, *batch, *rate); err != nil {
		fmt.Fprintln(os.Stderr, "training:", err)
		os.Exit(1)
	}
}

func run(path, pixelFile, labels string, batch int, rate float64) error {
	m, _, err := classifier.Load(path)
	if err != nil {
		return err
	}
	all, err := read(pixelFile, labels, m)
	if err != nil {
		return err
	}
	var losses []float64
	seen, sum := 0, 0.0
	_, err = m.Fit(context.Background(), all, images.Select(all, []int{0}), classifier.FitConfig{Epochs: 1, BatchSize: batch,
		LearningRate: rate, Watch: func(p result.Progress) {
			if p.Phase != "epoch" || p.Done <= seen { // the end of the epoch tells its figures again
				return
			}
			total := p.Loss * float64(p.Done)
			losses = append(losses, (total-sum)/float64(p.Done-seen))
			seen, sum = p.Done, total
		}})
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{"losses": losses, "parameters": m.Layers.TrainableParams()})
}

// read gives the images so arranged that the first epoch's order is that of the file.
func read(path, labels string, m *classifier.Model) (all pixels.Images, err error) {
	all.Size, all.Classes = m.ImageSize, make([]string, m.Layers.Output()[0])
	if all.Values, err = pixels.Read(path); err != nil {
		return all, err
	}
	for i, text := range strings.Split(labels, ",") {
		label, err := strconv.Atoi(text)
		if err != nil {
			return all, fmt.Errorf("label of image %d: %w", i, err)
		}
		all.Labels = append(all.Labels, label)
	}
	if all.Len() != len(all.Labels) {
		return all, fmt.Errorf("%s holds %d values, not %d images of %d pixels", path, len(all.Values), len(all.Labels), all.Size)
	}
	all.Order = make([]int, all.Len())
	for position, i := range images.Order(all.Len(), m.Seed, 0) {
		all.Order[i] = position
	}
	return all, nil
}
