package main

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/metrics"
	"github.com/transfer-learning-go/defects/lib/surfaces"
	"github.com/transfer-learning-go/defects/scripts/pretrain/textures"
)

// A task is a set of images that a base is chosen on. No base is trained on its kinds of images, and none are
// photographs: those show, once a base is chosen, what it is worth.
type task struct {
	name              string
	train, validation *images.Set
}

// tasks are the families that are held out, and the drawn defects; not the images that the lesson draws.
func tasks() []task {
	const other = seed + 1000
	defect := func(class, i int) images.Image { return images.FromImage("", surfaces.Image(class, other, i)) }
	texture := func(class, i int) images.Image {
		family := slices.Index(textures.Families, textures.HeldOut[class])
		return images.FromImage("", textures.Image(family, other, i, surfaces.Size))
	}
	heldOut := slices.Sorted(slices.Values(textures.HeldOut))
	return []task{
		{"families held out", pictures("train", heldOut, 0, 120, texture), pictures("validation", heldOut, 120, 30, texture)},
		{"drawn defects", pictures("train", surfaces.Classes, 0, 240, defect), pictures("validation", surfaces.Classes, 240, 60, defect)},
	}
}

func pictures(name string, classes []string, from, perClass int, draw func(class, i int) images.Image) *images.Set {
	s := &images.Set{Name: name, Classes: classes, Images: make([]images.Image, len(classes)*perClass)}
	var wg sync.WaitGroup
	workers := runtime.NumCPU()
	for w := range workers {
		wg.Go(func() {
			for i := w; i < len(s.Images); i += workers {
				class := i / perClass
				s.Images[i] = draw(class, from+i%perClass)
				s.Images[i].Name, s.Images[i].Label = fmt.Sprintf("%s %d", classes[class], i), class
			}
		})
	}
	wg.Wait()
	return s
}

// choose tells how well the lesson's head, trained for five epochs, does on each base. The best has the highest mean
// over the tasks.
func choose(files []string) error {
	all := tasks()
	header := []string{"base"}
	for _, t := range all {
		header = append(header, t.name)
	}
	header = append(header, "mean")
	fmt.Printf("| %s |\n|---|%s\n", strings.Join(header, " | "), strings.Repeat("--:|", len(header)-1))
	for _, file := range files {
		row, total := []string{file}, 0.0
		for _, t := range all {
			accuracies, err := transfer(context.Background(), file, t.train, t.validation, 5, 3)
			if err != nil {
				return err
			}
			mean, _, err := metrics.Mean(accuracies)
			if err != nil {
				return err
			}
			row = append(row, fmt.Sprintf("%.1f %%", 100*mean))
			total += mean / float64(len(all))
		}
		fmt.Printf("| %s | %.1f %% |\n", strings.Join(row, " | "), 100*total)
	}
	return nil
}
