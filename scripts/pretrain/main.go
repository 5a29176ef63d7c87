// Command pretrain trains the small backbone that comes with this module: MobileNetV2 with alpha 0.35, on procedural
// textures. Its weights are written as a Keras file.
//
//	go run ./scripts/pretrain --out lib/backbone/embedded/mobilenet_v2_0.35_224_no_top.h5
//
// The base learns to tell the family of a texture, and the statistics by which texture has long been described, both
// linearly from its features. A base is chosen on families that none is trained on and on drawn defects, never on
// photographs:
//
//	go run ./scripts/pretrain --choose embedded,OTHER.h5
//
// What transfer from the embedded one is worth on a folder of images, beside a random one, is told by
//
//	go run ./scripts/pretrain --compare datasets/surfaces
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/transfer-learning-go/defects/lib/weights"
)

// Textures are drawn larger than the pictures that are cut out of them for training.
const drawn, size, seed = 112, 64, 1

func main() {
	out := flag.String("out", "", "the Keras file to write")
	perFamily := flag.Int("images", 60, "textures drawn per family")
	steps := flag.Int("steps", 12000, fmt.Sprintf("steps of %d pictures", batchSize))
	epochs := flag.Int("epochs", 5, "epochs of --compare")
	run := flag.String("run", "runs/pretrain", "folder that keeps the training, to go on after an interruption")
	folder := flag.String("compare", "", "folder or zip of images on which to compare transfer with a random base")
	files := flag.String("choose", "", "bases to choose from, with commas between: files, or embedded")
	flag.Parse()
	given := 0
	for _, v := range []string{*out, *folder, *files} {
		if v != "" {
			given++
		}
	}
	if given != 1 || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "give one of --out FILE, --choose FILES and --compare DATA")
		flag.Usage()
		os.Exit(2)
	}
	var err error
	switch {
	case *out != "":
		err = pretrain(*out, *run, *perFamily, *steps)
	case *files != "":
		err = choose(strings.Split(*files, ","))
	default:
		err = compare(*folder, *epochs, 5)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "pretrain:", err)
		os.Exit(1)
	}
}

// pretrain trains a base and writes it.
func pretrain(out, run string, perFamily, steps int) error {
	began := time.Now()
	stock := draw(0, perFamily*len(trainedOn), drawn)
	fmt.Printf("%d textures of %d families are drawn, %.0f s\n", len(stock.heights), len(trainedOn), time.Since(began).Seconds())
	t, err := newTraining(steps)
	if err != nil {
		return err
	}
	if err := t.resume(run); err != nil {
		return err
	}
	if err := t.train(stock, run); err != nil {
		return err
	}
	if err := t.settleOn(len(stock.heights)); err != nil {
		return err
	}
	values, err := t.values()
	if err != nil {
		return err
	}
	return weights.Save(out, t.base.Checkpoint(values))
}

type batch struct {
	pictures []float32
	labels   []int32
}

// train makes the steps that are left. The pictures of a step depend on its number alone.
func (t *training) train(s *stock, run string) error {
	next := make(chan batch, 1)
	go func() {
		for n := t.done; n < t.steps; n++ {
			pictures, labels := s.batch(n, batchSize, size)
			next <- batch{pictures, labels}
		}
		close(next)
	}()
	began, first := time.Now(), t.done
	var told, explained float64
	for b := range next {
		a, e, err := t.learn(b.pictures, b.labels)
		if err != nil {
			return err
		}
		told, explained = told+a/every, explained+e/every
		if t.done%every == 0 || t.done == t.steps {
			fmt.Printf("step %d/%d: families told %.3f, statistics told %.3f, %.2f steps/s\n", t.done, t.steps, told, explained,
				float64(t.done-first)/time.Since(began).Seconds())
			told, explained = 0, 0
			if err := t.save(run); err != nil {
				return err
			}
		}
	}
	return nil
}

// every so many steps the training tells how far it is, and keeps its state.
const every = 50

// settleOn measures the moving statistics anew, on pictures of the size that the base is used at: those of training
// belong to smaller ones, which have more border.
func (t *training) settleOn(from int) error {
	const batches, n, size = 100, 16, 224
	for i := range batches {
		pictures, _ := draw(from+i*n, n, size).batch(i, n, size)
		if err := t.see(pictures, n, size); err != nil {
			return err
		}
	}
	return nil
}
