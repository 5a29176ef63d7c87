package main

import (
	"context"
	"fmt"
	"time"
)

// size says how much is measured.
type size struct {
	pixels    int            // images of an inference sample at most, a multiple of 32
	images    map[string]int // images per class and split; 0 is all
	inference int            // repetitions at least
	// inferring is how long inference is repeated at least. A shared machine is slower by a third for seconds at a
	// time, which five repetitions of a fast network do not even out.
	inferring time.Duration
	features  int
	trainings int // at most
	kernels   int
}

var (
	full  = size{pixels: 192, inference: 5, inferring: 2 * time.Minute, features: 2, trainings: 2, kernels: 10}
	quick = size{pixels: 64, inference: 2, features: 1, trainings: 1, kernels: 1,
		images: map[string]int{"train": 16, "validation": 8}}
)

// bench is one run of all measurements.
type bench struct {
	ctx         context.Context
	root, tmp   string
	environment []string
	binary      string // this program, which is also our side
	only        string // the part that is measured; empty is all
	part        string // that is being measured
	size        size
	networks    []network
	trainings   []training
	started     time.Time
	images      string // folder
	count       int    // of all images
	training    int    // of those of training
	classes     []string
	weights     map[string]string // files, by the network's title
	sources     map[string]string // of weights, as backbone.Backbone has them, by the same
	limits      limits
	rows        []*row
	notes       []string
	versions    []string
}

func (b *bench) note(format string, args ...any) {
	b.notes = append(b.notes, fmt.Sprintf(format, args...))
}

func (b *bench) row(r row) *row {
	r.part = b.part
	b.rows = append(b.rows, &r)
	return &r
}

func (b *bench) hasNotebook() bool { return b.only == "" || b.only == "notebook" }
