// Package lesson holds what the cells of the notebooks repeat and what is not worth looking at: opening the images, the
// quick mode, names of runs and files, the table that compares models, tables that pages show, and studies that are taken
// up again. Heads, freezing, training and comparing stay in the cells.
//
// In quick mode, which `scripts/lesson --quick` sets, cells see few images, train for few epochs, and keep what they have
// trained under other names.
package lesson

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/transfer-learning-go/defects/lib/files"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/neudet"
	"github.com/transfer-learning-go/defects/lib/notebook"
)

// quick reports whether the environment variable LESSON_QUICK is set to anything but "" and "0".
func quick() bool {
	v := os.Getenv("LESSON_QUICK")
	return v != "" && v != "0"
}

// Quick is small in quick mode, else full.
func Quick[T any](small, full T) T {
	if quick() {
		return small
	}
	return full
}

// Data opens the images that neudet.Find finds. In quick mode it keeps eight training images and four validation images
// of each class. An error ends the program, as those of notebook.Show do.
func Data() *images.Dataset {
	d, err := neudet.Find()
	if err != nil {
		notebook.Fail(err)
		return nil
	}
	if quick() {
		d.Train, d.Validation = d.Train.Subset(8), d.Validation.Subset(4)
		if d.Test != nil {
			d.Test = d.Test.Subset(4)
		}
	}
	return d
}

// Run names a training. Quick ones have a name of their own.
func Run(name string) string { return name + Quick("-quick", "") }

// File is where a cell saves a model, beside the folders of the runs (classifier.RunDir), whichever folder of the module
// the program runs in. Quick ones have a name of their own.
func File(name string) string {
	kind := filepath.Ext(name)
	return filepath.Join(files.ModuleRoot(), "runs", Run(strings.TrimSuffix(name, kind))+kind)
}

// seed is that of the lesson.
const seed = 100

// Pick gives at most so many of the numbers 0 … n−1 for which keep holds, in an order that is random but always the same.
// A nil keep keeps all.
func Pick(n, most int, keep func(i int) bool) []int {
	var picked []int
	for _, i := range images.Order(n, seed, 0) {
		if len(picked) == most {
			break
		}
		if keep == nil || keep(i) {
			picked = append(picked, i)
		}
	}
	return picked
}
