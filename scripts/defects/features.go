package main

import (
	"fmt"
	"strings"

	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/layer"
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
	config := classifier.Config{Base: base, Head: []layer.Op{base.Pooling()}}
	if *direct {
		config.ImageSize = base.Config.Input
	}
	m, err := classifier.New(config)
	if err != nil {
		return nil, err
	}
	table := featureTable{Backbone: base.String(), Weights: base.Source, Notice: base.Notice, Images: words[1:]}
	set := &images.Set{Name: "images", Images: files}
	const together = 32
	for start := 0; start < len(files); start += together {
		var indices []int
		for i := start; i < min(start+together, len(files)); i++ {
			indices = append(indices, i)
		}
		pixels, err := images.Pixels(set, indices, m.ImageSize)
		if err != nil {
			return nil, err
		}
		flat, shape, err := m.Features(pixels)
		if err != nil {
			return nil, err
		}
		for i := range indices {
			table.Features = append(table.Features, flat[i*shape[0]:(i+1)*shape[0]])
		}
	}
	return table, nil
}
