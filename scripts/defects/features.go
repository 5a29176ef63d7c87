package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/inference"
	"github.com/transfer-learning-go/defects/lib/notice"
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

// writeJSON writes what json.Encoder would, a row at a time: all rows as text are several times as large as in memory.
func (t featureTable) writeJSON(w io.Writer) error {
	rows := t.Features
	t.Features = [][]float32{}
	frame, err := json.Marshal(t)
	if err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	b.Write(bytes.TrimSuffix(frame, []byte("]}"))) // features are the last member
	for i, row := range rows {
		text, err := json.Marshal(row)
		if err != nil {
			return err
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(text)
	}
	b.WriteString("]}\n")
	return b.Flush()
}

func features(c *call) (fmt.Stringer, error) {
	variant := c.variant(true, true)
	direct := c.flags.Bool("no-lesson-resize", false, "resize images straight to the input, not to 255×255 first")
	c.devices()
	words, err := c.parse(2, -1, "BACKBONE or IMAGE is")
	if err != nil {
		return nil, err
	}
	if _, err := variant.config(words[0]); err != nil {
		return nil, err
	}
	files, err := c.openPictures(words[1:])
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
	together := 32 * program.Devices()
	for some := range slices.Chunk(sequence(files.Len()), together) {
		pixels, err := images.Pixels(files, some, size)
		if err != nil {
			return nil, files.explain(err)
		}
		flat, err := program.Run(ctx, pixels)
		if err != nil {
			return nil, err
		}
		table.Features = slices.AppendSeq(table.Features, slices.Chunk(flat, len(flat)/len(some)))
	}
	table.Notice = notice.Join(table.Notice, files.notice())
	return table, nil
}
