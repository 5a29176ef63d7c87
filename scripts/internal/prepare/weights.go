package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/download"
	"github.com/transfer-learning-go/defects/lib/weights"
)

// imagenet finds the published weights that notebooks ask for as "best": in WEIGHTS_DIR or the cache, else from
// Keras's server or the Hugging Face hub. A backbone without them has a way on, which its line says as a NOTICE. A folder that was named must
// hold those of one backbone at least.
func imagenet(ctx context.Context, offline bool) (string, error) {
	mobile, err := weights.MobileNetV2(1, false)
	if err != nil {
		return "", err
	}
	lessons := []struct {
		name, title string
		published   weights.Published
	}{
		{"mobilenetv2", "MobileNetV2", mobile},
		{"resnet50v2", "ResNet50V2", weights.ResNet50V2(false)},
		{"vit", "ViT-B/16", weights.ViT()},
	}
	var files []string
	bases := make([]*backbone.Backbone, len(lessons))
	found := false
	for i, l := range lessons {
		if bases[i], err = backbone.New(l.name, backbone.Config{Weights: "best"}); err != nil {
			return "", err
		}
		found = found || bases[i].Source == "imagenet"
		files = append(files, l.published.File)
	}
	if dir := os.Getenv("WEIGHTS_DIR"); dir != "" && !found {
		return "", fmt.Errorf("%s has no weights file that the lesson can use: it looks for %s", dir,
			strings.Join(files, " and "))
	}
	var lines []string
	why := ""
	for i, l := range lessons {
		base := bases[i]
		if base.Source == "imagenet" {
			lines = append(lines, "ImageNet, "+variant(l.title, base.Config.Alpha))
			continue
		}
		if l.name == "vit" {
			why = "" // it lies on another server
		}
		if !offline && why == "" {
			path, err := weights.Fetch(ctx, l.published, download.Lines(os.Stderr, "ImageNet weights of "+l.title))
			if err == nil {
				lines = append(lines, "ImageNet, "+variant(l.title, l.published.Alpha)+": "+relative(path))
				continue
			}
			if ctx.Err() != nil {
				return "", err
			}
			why = " (" + reason(err) + ")"
		}
		lines = append(lines, fmt.Sprintf("NOTICE: %s: %s%s. The real ones: --weights DIR", l.title, base.Notice, why))
	}
	return strings.Join(lines, "\n"), nil
}

func variant(title string, alpha float64) string {
	if alpha == 0 {
		return title
	}
	return fmt.Sprintf("%s α=%g", title, alpha)
}
