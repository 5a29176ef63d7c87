package main

import (
	"fmt"

	"github.com/transfer-learning-go/defects/lib/backbone"
)

// layerTable lists the layers of a backbone as Keras describes them.
type layerTable struct {
	Params int        `json:"params"`
	Layers []layerRow `json:"layers"`
	text   string
}

type layerRow struct {
	Index   int      `json:"index"`
	Name    string   `json:"name"`
	Type    string   `json:"type"`
	Output  []int    `json:"output"` // without the batch
	Params  int      `json:"params"`
	Weights [][2]any `json:"weights"` // name and shape of each
}

func (t layerTable) String() string { return t.text }

func summary(c *call) (fmt.Stringer, error) {
	variant := c.variant(true, false)
	top := c.flags.Bool("top", false, "with the 1,000-class ImageNet layer")
	words, err := c.parse(1, 1, "BACKBONE is")
	if err != nil {
		return nil, err
	}
	config, err := variant.config(words[0])
	if err != nil {
		return nil, err
	}
	config.IncludeTop = *top
	base, err := backbone.New(words[0], config)
	if err != nil {
		return nil, err
	}
	table := layerTable{Params: base.Layers.Params(), text: base.Summary()}
	for i, l := range base.Layers {
		row := layerRow{Index: i, Name: l.Name, Type: l.Op.Class(), Output: l.Shape, Params: l.Params(), Weights: [][2]any{}}
		for _, w := range l.W {
			row.Weights = append(row.Weights, [2]any{w.Name, w.Shape})
		}
		table.Layers = append(table.Layers, row)
	}
	return table, nil
}
