package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/inference"
)

// featureTable holds the globally average-pooled output of a backbone, one row per image.
type featureTable struct {
	Backbone string      `json:"backbone"`
	Weights  string      `json:"weights"`
	Notice   string      `json:"notice,omitempty"`
	Images   []string    `json:"images"`
	Features [][]float32 `json:"features"`
}

func (t featureTable) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, weights %s\n%s", t.Backbone, t.Weights, noticeLine(t.Notice))
	for i, name := range t.Images {
		row := t.Features[i]
		fmt.Fprintf(&b, "%s: %d features", name, len(row))
		for _, v := range row[:min(6, len(row))] {
			fmt.Fprintf(&b, " %.4f", v)
		}
		b.WriteString(" …\n")
	}
	return b.String()
}

func features(c *call) (fmt.Stringer, error) {
	variant := c.variant(true, true)
	direct := c.flags.Bool("no-lesson-resize", false, "resize images straight to the input, not to 255×255 first")
	words, err := c.parse(2, -1, "BACKBONE or IMAGE is")
	if err != nil {
		return nil, err
	}
	if _, err := variant.config(words[0]); err != nil {
		return nil, err
	}
	files, err := readImages(words[1:])
	if err != nil {
		return nil, err
	}
	base, err := variant.build(words[0], 0)
	if err != nil {
		return nil, err
	}
	size := 255
	if *direct {
		size = base.Config.Input
	}
	layers, err := base.Pooled(size)
	if err != nil {
		return nil, err
	}
	program, err := inference.New(layers, base.Values)
	if err != nil {
		return nil, err
	}
	defer program.Close()
	ctx, stop := untilInterrupt()
	defer stop()
	table := featureTable{Backbone: base.String(), Weights: base.Source, Notice: base.Notice, Images: words[1:]}
	const together = 32
	for some := range slices.Chunk(files, together) {
		set := images.Of(some...)
		indices := make([]int, len(some))
		for i := range indices {
			indices[i] = i
		}
		pixels, err := images.Pixels(set, indices, size)
		if err != nil {
			return nil, err
		}
		flat, err := program.Run(ctx, pixels)
		if err != nil {
			return nil, err
		}
		table.Features = slices.AppendSeq(table.Features, slices.Chunk(flat, len(flat)/len(some)))
	}
	return table, nil
}
