package main

import (
	"context"
	"fmt"
	"os"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/weights"
)

// imagenet finds the published weights that notebooks ask for as "best": in WEIGHTS_DIR or the cache, else from
// Keras's server; else the lesson runs with the small backbone that comes with it.
func imagenet(ctx context.Context, offline bool) (string, error) {
	base, err := backbone.MobileNetV2(backbone.Config{Weights: "best"})
	if err != nil {
		return "", err
	}
	if base.Source == "imagenet" {
		return fmt.Sprintf("ImageNet, MobileNetV2 α=%g", base.Config.Alpha), nil
	}
	wanted, err := weights.MobileNetV2(1, false)
	if err != nil {
		return "", err
	}
	if dir := os.Getenv("WEIGHTS_DIR"); dir != "" {
		return "", fmt.Errorf("%s has no weights file that the lesson can use, such as %s", dir, wanted.File)
	}
	notice := "NOTICE: " + base.Notice
	if !offline {
		path, err := fetch(ctx, "ImageNet weights", func(ctx context.Context, progress func(done, total int64)) (string, error) {
			return weights.Fetch(ctx, wanted, progress)
		})
		if err == nil {
			return fmt.Sprintf("ImageNet, MobileNetV2 α=%g: %s", wanted.Alpha, relative(path)), nil
		}
		notice += " (" + reason(err) + ")"
	}
	return notice + ". The real ones: --weights DIR", nil
}
