package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/download"
)

// lesson is a network that the notebooks transfer from.
type lesson struct {
	*backbone.Network
	base      *backbone.Backbone // with the best weights on disk
	published backbone.Published
}

// imagenet finds the published weights that notebooks ask for as "best": in WEIGHTS_DIR or the cache, else from
// Keras's server or the Hugging Face hub. A backbone without them has a way on, which its line says as a NOTICE. A folder
// that was named must hold those of one backbone at least.
func imagenet(ctx context.Context, offline bool) (string, error) {
	lessons, err := findLessons()
	if err != nil {
		return "", err
	}
	var lines []string
	unreachable := map[string]string{} // servers, and why
	for _, l := range lessons {
		if l.base.Source == "imagenet" {
			lines = append(lines, "ImageNet, "+l.Label(l.base.Config))
			continue
		}
		server := ""
		if address, err := url.Parse(l.published.URL); err == nil {
			server = address.Host
		}
		if !offline && unreachable[server] == "" {
			fmt.Fprintf(os.Stderr, "ImageNet weights of %s: asking %s\n", l.Title, server)
			path, err := l.published.Fetch(ctx, download.Lines(os.Stderr, "ImageNet weights of "+l.Title))
			if err == nil {
				lines = append(lines, "ImageNet, "+l.Label(backbone.Config{})+": "+relative(path))
				continue
			}
			if ctx.Err() != nil {
				return "", err
			}
			unreachable[server] = " (" + reason(err) + ")"
		}
		lines = append(lines, fmt.Sprintf("NOTICE: %s: %s%s. The real ones: --weights DIR", l.Label(l.base.Config),
			l.base.Notice, unreachable[server]))
	}
	return strings.Join(lines, "\n"), nil
}

func findLessons() ([]lesson, error) {
	var lessons []lesson
	var files []string
	found := false
	for _, n := range backbone.Networks() {
		if !n.Lesson {
			continue
		}
		base, err := backbone.New(n.Name, backbone.Config{Weights: "best"})
		if err != nil {
			return nil, err
		}
		published, err := n.Published(backbone.Config{})
		if err != nil {
			return nil, err
		}
		lessons = append(lessons, lesson{n, base, published})
		found = found || base.Source == "imagenet"
		files = append(files, published.File)
	}
	if dir := os.Getenv("WEIGHTS_DIR"); dir != "" && !found {
		return nil, fmt.Errorf("%s has no weights file that the lesson can use: it looks for %s", dir,
			strings.Join(files, " and "))
	}
	return lessons, nil
}
