package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/download"
	"github.com/transfer-learning-go/defects/lib/neudet"
	"github.com/transfer-learning-go/defects/lib/weights"
)

// fetched says where the files are.
type fetched struct {
	Data    string            `json:"data,omitempty"`
	Weights map[string]string `json:"weights,omitempty"` // by backbone
}

func (f fetched) String() string {
	text := ""
	if f.Data != "" {
		text = "data: " + f.Data + "\n"
	}
	for _, name := range backbone.Names {
		if path := f.Weights[name]; path != "" {
			text += "weights of " + name + ": " + path + "\n"
		}
	}
	return text
}

func fetch(c *call) (fmt.Stringer, error) {
	variant := c.variant(false, false)
	words, err := c.parse(0, 2, "")
	if err != nil {
		return nil, err
	}
	what, names := "all", backbone.Names
	if len(words) > 0 {
		what = words[0]
	}
	switch {
	case !slices.Contains([]string{"data", "weights", "all"}, what):
		return nil, wrongUse("there is nothing called %q to fetch: use data, weights or all", what)
	case len(words) == 2 && what != "weights":
		return nil, wrongUse("unexpected argument %q: use fetch weights %s", words[1], strings.Join(backbone.Names, "|"))
	case c.given("alpha") && what == "data":
		return nil, wrongUse("--alpha is for weights")
	case len(words) == 2:
		names = words[1:]
	case c.given("alpha"):
		names = []string{"mobilenetv2"}
	}
	var published []weights.Published
	for _, name := range names {
		p, err := variant.published(name)
		if err != nil {
			return nil, err
		}
		published = append(published, p)
	}
	ctx, stop := untilInterrupt()
	defer stop()
	out := fetched{Weights: map[string]string{}}
	var failed []error
	if what != "weights" {
		out.Data, err = neudet.Fetch(ctx, download.Lines(c.stderr, "NEU-DET"))
		failed = append(failed, err)
	}
	if what != "data" {
		for _, p := range published {
			if ctx.Err() != nil {
				break
			}
			out.Weights[p.Model], err = weights.Fetch(ctx, p, download.Lines(c.stderr, p.File))
			failed = append(failed, err)
		}
	}
	return out, errors.Join(failed...)
}

// published names the file with the ImageNet weights of a backbone: the one without top where there are two.
func (v *variantFlags) published(name string) (weights.Published, error) {
	config, err := v.config(name)
	switch {
	case err != nil:
		return weights.Published{}, err
	case name == "resnet50v2":
		return weights.ResNet50V2(false), nil
	case name == "vit" && v.variant != "" && v.variant != "B/16":
		return weights.Published{}, wrongUse("--variant %s: of vit, B/16 alone is fetched; leave --variant out", v.variant)
	case name == "vit":
		return weights.ViT(), nil
	case config.Alpha == 0:
		config.Alpha = 1
	}
	return weights.MobileNetV2(config.Alpha, false)
}
