// Command training trains a model for some steps, so that training.py beside it can compare the losses with Keras's.
//
// It reads a model that Keras saved, little-endian float32 pixels 0…255, [n, size, size, 3], and the class of each
// image. It writes as JSON the loss of each step and the number of parameters that were trained.
package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/device"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/result"
)

func main() {
	model := flag.String("model", "", "file of the model")
	pixels := flag.String("pixels", "", "file with the images")
	labels := flag.String("labels", "", "class of each image, separated by commas")
	batch := flag.Int("batch", 32, "images of a step")
	rate := flag.Float64("rate", 1e-3, "learning rate")
	flag.Parse()
	if err := run(*model, *pixels, *labels, *batch, *rate); err != nil {
		fmt.Fprintln(os.Stderr, "training:", err)
		os.Exit(1)
	}
}

func run(path, pixelFile, labels string, batch int, rate float64) error {
	m, _, err := classifier.Load(path)
	if err != nil {
		return err
	}
	set, err := read(pixelFile, labels, m)
	if err != nil {
		return err
	}
	// The device lies in the user's cache; the features are of no use to anybody else.
	if _, err := device.Open(); err != nil {
		return err
	}
	cache, err := os.MkdirTemp("", "training-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(cache)
	if err := os.Setenv("DEFECTS_CACHE", cache); err != nil {
		return err
	}

	var losses []float64
	seen, sum := 0, 0.0
	classes := make([]string, m.Layers.Output()[0])
	one := set
	one.Labels, one.Hash = set.Labels[:1], "the first of the file"
	_, err = m.FitImages(set, one, classes, classifier.FitConfig{Epochs: 1, BatchSize: batch, LearningRate: rate,
		Watch: func(p result.Progress) {
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
func read(path, labels string, m *classifier.Model) (classifier.Images, error) {
	split := classifier.Images{Name: "images", Hash: "of the file"}
	raw, err := os.ReadFile(path)
	if err != nil {
		return split, err
	}
	pixels := make([]float32, len(raw)/4)
	if err := binary.Read(bytes.NewReader(raw), binary.LittleEndian, pixels); err != nil {
		return split, err
	}
	inFile := strings.Split(labels, ",")
	size := m.ImageSize * m.ImageSize * 3
	if len(pixels) != size*len(inFile) {
		return split, fmt.Errorf("%s holds %d values, not %d images of %d pixels", path, len(pixels), len(inFile), m.ImageSize)
	}
	split.Labels = make([]int, len(inFile))
	at := make([]int, len(inFile))
	for position, i := range images.Order(len(inFile), m.Seed, 0) {
		at[i] = position
		if split.Labels[i], err = strconv.Atoi(inFile[position]); err != nil {
			return split, fmt.Errorf("label of image %d: %w", position, err)
		}
	}
	split.Pixels = func(indices []int) (out []float32, err error) {
		for _, i := range indices {
			out = append(out, pixels[at[i]*size:(at[i]+1)*size]...)
		}
		return out, nil
	}
	return split, nil
}
