package main

import (
	"context"
	"fmt"
	"os"

	"github.com/transfer-learning-go/defects/lib/download"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/neudet"
)

// data finds the images: where NEU_DET_DIR says, else on disk, else from Kaggle, else synthetic ones. A folder
// that was named must be right; all else has a way on.
func data(ctx context.Context, offline bool) (string, error) {
	set, err := neudet.FindReal()
	if err != nil {
		return "", err
	}
	why := ""
	if set == nil && !offline {
		fmt.Fprintln(os.Stderr, "images from Kaggle: asking its server")
		path, err := neudet.Fetch(ctx, download.Lines(os.Stderr, "images from Kaggle"))
		if err != nil {
			why = " (" + reason(err) + ")"
		} else if set, err = images.Open(path); err != nil {
			return "", err
		}
	}
	if set == nil {
		if set, err = neudet.FindWith(drawing); err != nil {
			return "", err
		}
	}
	if set.Synthetic {
		return fmt.Sprintf("NOTICE: %s%s. The real ones: --data DIR|ZIP", set.Notice, why), nil
	}
	return fmt.Sprintf("%s: %d + %d images", relative(set.Origin), len(set.Train.Images), len(set.Validation.Images)), nil
}

// drawing writes a line for each hundred images.
func drawing(done, total int) {
	if done == 1 || done%100 == 0 {
		fmt.Fprintf(os.Stderr, "drawing synthetic images, %d of %d\n", done, total)
	}
}

// relative shortens a path for a line on a terminal.
func relative(path string) string {
	if home, err := os.UserHomeDir(); err == nil && len(path) > len(home)+1 && path[:len(home)+1] == home+"/" {
		return "~" + path[len(home):]
	}
	return path
}
