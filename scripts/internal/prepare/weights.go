package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/transfer-learning-go/defects/lib/weights"
)

// alphas are the widths of MobileNetV2 that the notebooks can use, best first.
var alphas = []float64{1.0, 0.35}

// imagenet finds the published weights: in WEIGHTS_DIR, else in the cache, else from Keras's server, else the
// lesson runs with the small backbone that comes with it.
func imagenet(ctx context.Context, offline bool) (string, error) {
	var wanted []weights.Published
	var names []string
	for _, alpha := range alphas {
		p, err := weights.MobileNetV2(alpha, false)
		if err != nil {
			return "", err
		}
		if source, ok := weights.Find(p); ok {
			return fmt.Sprintf("MobileNetV2 α=%g: %s", p.Alpha, relative(source.Path)), nil
		}
		wanted, names = append(wanted, p), append(names, p.File)
	}
	if dir := os.Getenv("WEIGHTS_DIR"); dir != "" {
		return "", fmt.Errorf("%s has none of the weights files that the lesson can use: %s", dir, strings.Join(names, ", "))
	}
	_, source, err := weights.Embedded()
	if err != nil {
		return "", err
	}
	notice := "NOTICE: " + source.Notice
	if !offline {
		path, err := fetch(ctx, "ImageNet weights", func(ctx context.Context, progress func(done, total int64)) (string, error) {
			return weights.Fetch(ctx, wanted[0], progress)
		})
		if err == nil {
			return fmt.Sprintf("MobileNetV2 α=%g: %s", wanted[0].Alpha, relative(path)), nil
		}
		notice += " (" + reason(err) + ")"
	}
	return notice + ". The real ones: --weights DIR", nil
}
