package main

import (
	"fmt"
	"slices"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/layer"
)

// layerTable lists the layers of a backbone or model as Keras describes them.
type layerTable struct {
	Notice string     `json:"notice,omitempty"`
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
	words, err := c.parse(1, 1, "BACKBONE, RUN or FILE is")
	if err != nil {
		return nil, err
	}
	if err := checkModelOrBackbone(words[0]); err != nil {
		return nil, err
	}
	if isModel(words[0]) {
		return c.summaryOfModel(words[0])
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
	return newLayerTable(base.Layers, base.Summary()), nil
}

// summaryOfModel lists all layers of a model, those of nested ones too, and where the base lies among them.
func (c *call) summaryOfModel(name string) (fmt.Stringer, error) {
	if err := c.refuse("--%s is for backbones", "alpha", "variant", "input", "top"); err != nil {
		return nil, err
	}
	m, err := c.load(name)
	if err != nil {
		return nil, err
	}
	text := m.Layers.Summary(name)
	n := len(m.Base.Layers)
	first := slices.Index(m.Layers, m.Base.Layers[n-1]) + 1 - n
	text += fmt.Sprintf(" Base: %s, layers[%d:%d], %d layers\n", m.Base, first, first+n, n)
	table := newLayerTable(m.Layers, text+noticeLine(m.Notice()))
	table.Notice = m.Notice()
	return table, nil
}

func newLayerTable(layers layer.List, text string) layerTable {
	table := layerTable{Params: layers.Params(), text: text}
	for i, l := range layers {
		row := layerRow{Index: i, Name: l.Name, Type: l.Op.Class(), Output: l.Shape, Params: l.Params(), Weights: [][2]any{}}
		for _, w := range l.W {
			row.Weights = append(row.Weights, [2]any{w.Name, w.Shape})
		}
		table.Layers = append(table.Layers, row)
	}
	return table
}
