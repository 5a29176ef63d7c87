package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/download"
	"github.com/transfer-learning-go/defects/lib/neudet"
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
	for _, name := range backbone.Names() {
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
	what, names := "all", networks(func(n *backbone.Network) bool { return n.Lesson })
	if len(words) > 0 {
		what = words[0]
	}
	switch {
	case !slices.Contains([]string{"data", "weights", "all"}, what):
		return nil, wrongUse("there is nothing called %q to fetch: use data, weights or all", what)
	case len(words) == 2 && what != "weights":
		return nil, wrongUse("unexpected argument %q: use fetch weights %s", words[1], strings.Join(backbone.Names(), "|"))
	case c.given("alpha") && what == "data":
		return nil, wrongUse("--alpha is for weights")
	case len(words) == 2:
		names = words[1:]
	case c.given("alpha"):
		names = networks(func(n *backbone.Network) bool { return n.Alphas != nil })
	}
	var published []backbone.Published
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
			out.Weights[p.Network], err = p.Fetch(ctx, download.Lines(c.stderr, p.File))
			failed = append(failed, err)
		}
	}
	return out, errors.Join(failed...)
}

// networks names those of which something holds.
func networks(holds func(*backbone.Network) bool) (names []string) {
	for _, n := range backbone.Networks() {
		if holds(n) {
			names = append(names, n.Name)
		}
	}
	return names
}

// published names the file with the ImageNet weights of a backbone: the one without top where there are two.
func (v *variantFlags) published(name string) (backbone.Published, error) {
	config, err := v.config(name)
	if err != nil {
		return backbone.Published{}, err
	}
	n, err := backbone.Lookup(name)
	if err != nil {
		return backbone.Published{}, err
	}
	p, err := n.Published(config)
	if err != nil && v.call.given("variant") {
		return p, wrongUse("--variant %s: of %s, %s alone is fetched; leave --variant out", v.variant, name, n.Variant)
	}
	return p, err
}

// sizes lists the downloads of networks, such as "mobilenetv2 9 MB".
func sizes(lesson bool) string {
	return each(func(n *backbone.Network) string {
		if n.Lesson != lesson || len(n.Files()) == 0 {
			return ""
		}
		return fmt.Sprintf("%s %d MB", n.Name, n.Megabytes)
	})
}

// aboutFetch names what there is to download.
func aboutFetch() string {
	about := "download NEU-DET (27 MB) and the published ImageNet weights (" + sizes(true) + ")"
	if others := sizes(false); others != "" {
		about += ", or those of a network that the lesson does not need (" + others + ")"
	}
	return about + "; with --alpha those of " +
		strings.Join(networks(func(n *backbone.Network) bool { return n.Alphas != nil }), ", ") + " alone"
}
