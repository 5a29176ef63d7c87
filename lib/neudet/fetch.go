package neudet

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/transfer-learning-go/defects/lib/download"
	"github.com/transfer-learning-go/defects/lib/images"
)

// kaggleURL needs no account. Tests put their own server here.
var kaggleURL = "https://www.kaggle.com/api/v1/datasets/download/kaustubhdikshit/neu-surface-defect-database"

// Classes are those of NEU-DET, sorted: the order in which a model that was trained on its folders names them.
var Classes = []string{"crazing", "inclusion", "patches", "pitted_surface", "rolled-in_scale", "scratches"}

// neuDetImages is how many images the published data set holds.
const neuDetImages = 1800

// Fetch downloads NEU-DET from Kaggle (27 MB) into datasets/ of this module, or into the cache outside it, and gives
// the path of the zip, where Find finds it. A zip that is there already and whole is not fetched again. An
// interrupted download goes on where it stopped. Kaggle may pack the archive anew, so not its checksum is compared
// but its content: all 1,800 images of the six classes must decode.
//
// progress may be nil; total is -1 while unknown.
func Fetch(ctx context.Context, progress func(done, total int64)) (path string, err error) {
	folder, err := datasetsDir()
	if err != nil {
		return "", err
	}
	path = filepath.Join(folder, zipName)
	if isFile(path) {
		if err := verify(path); err != nil {
			return "", fmt.Errorf("fetch NEU-DET: %s is there but not good; remove it and try again: %w", path, err)
		}
		return path, nil
	}
	err = download.File(ctx, download.Request{URL: kaggleURL, Path: path, Check: verify, Progress: progress})
	if err != nil {
		return "", fmt.Errorf("fetch NEU-DET: %w; or %s", err, howToGet)
	}
	return path, nil
}

// verify opens the archive and compares what it holds with what NEU-DET holds.
func verify(path string) error {
	d, err := images.Open(path)
	if err != nil {
		return err
	}
	n := d.All().Len()
	if n != neuDetImages || !slices.Equal(d.Classes, Classes) {
		return fmt.Errorf("%s holds %d images of the classes %v instead of %d of %v",
			path, n, d.Classes, neuDetImages, Classes)
	}
	return nil
}
