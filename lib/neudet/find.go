// Package neudet finds and fetches NEU-DET, the surface defect database of Northeastern University (China): hot-rolled
// steel strip, 1,800 grey images of 200×200 pixels, 300 for each of six classes of defects.
// K. Song and Y. Yan, "A noise robust method based on completed local binary patterns for hot-rolled steel strip
// surface defects", Applied Surface Science 285 (2013); the bounding boxes came with Y. He et al., "An End-to-End
// Steel Surface Defect Detection Approach via Fusing Multiple Hierarchical Features", IEEE Transactions on
// Instrumentation and Measurement 69 (2020).
package neudet

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/transfer-learning-go/defects/lib/files"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/surfaces"
)

// The synthetic images that Find makes have the size and the split of NEU-DET.
const (
	syntheticSeed       = 1
	syntheticTrain      = 240
	syntheticValidation = 60
)

// howToGet ends errors that mean that there is no data.
const howToGet = "download https://www.kaggle.com/datasets/kaustubhdikshit/neu-surface-defect-database by hand " +
	"and set NEU_DET_DIR to the zip or to the unpacked folder"

const zipName = "neu-surface-defect-database.zip"

// Find opens the first data set of: $NEU_DET_DIR (folder or zip), datasets/NEU-DET and datasets/*.zip of this
// module, what Fetch left in the cache. If there is none, it opens procedural images of the same classes, which it
// writes once to datasets/surfaces (to the cache outside the module); the data set then says so in Notice.
//
// Find never uses the network. What it finds but cannot open is an error: it never takes another source silently.
func Find() (*images.Dataset, error) { return FindWith(nil) }

// FindWith is Find, and tells of each procedural image that it draws. drawing may be nil.
func FindWith(drawing func(done, total int)) (*images.Dataset, error) {
	return find(func(folder string, seed int64, train, validation int) error {
		return surfaces.WriteWith(folder, seed, train, validation, drawing)
	})
}

func find(write func(folder string, seed int64, train, validation int) error) (*images.Dataset, error) {
	if d, err := FindReal(); d != nil || err != nil {
		return d, err
	}
	here, err := datasetsDir()
	if err != nil {
		return nil, err
	}
	folder := filepath.Join(here, "surfaces")
	if err := write(folder, syntheticSeed, syntheticTrain, syntheticValidation); err != nil { // does nothing if done
		return nil, fmt.Errorf("make synthetic images, since there is no NEU-DET here (%s): %w", howToGet, err)
	}
	return images.Open(folder)
}

// orFetched adds to an error of data that was found how to get NEU-DET itself.
func orFetched(err error) error { return fmt.Errorf("%w; or %s", err, howToGet) }

// FindReal is Find without procedural images: it returns nil if there is no data set on this machine.
func FindReal() (*images.Dataset, error) {
	if name := os.Getenv("NEU_DET_DIR"); name != "" {
		d, err := images.Open(name)
		if err != nil {
			return nil, fmt.Errorf("NEU_DET_DIR: %w", orFetched(err))
		}
		return d, nil
	}
	here, err := datasetsDir()
	if err != nil {
		return nil, err
	}
	if folder := filepath.Join(here, "NEU-DET"); isDir(folder) {
		d, err := images.Open(folder)
		if err != nil {
			return nil, orFetched(err)
		}
		return d, nil
	}
	items, err := os.ReadDir(here) // sorted by name
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("find data: %w", err)
	}
	var archives []string
	for _, item := range items {
		if name := filepath.Join(here, item.Name()); filepath.Ext(name) == ".zip" && isFile(name) {
			archives = append(archives, name)
		}
	}
	if cache, err := cacheDir(); err == nil && cache != here {
		if name := filepath.Join(cache, zipName); isFile(name) {
			archives = append(archives, name)
		}
	}
	var failed []error
	for _, name := range archives {
		d, err := images.Open(name)
		if err == nil {
			return d, nil
		}
		failed = append(failed, err)
	}
	if len(failed) > 0 {
		return nil, orFetched(errors.Join(failed...))
	}
	return nil, nil
}

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// datasetsDir is datasets/ of this module if the working folder is inside it, else the cache's.
func datasetsDir() (string, error) {
	if root := files.ModuleRoot(); root != "" {
		return filepath.Join(root, "datasets"), nil
	}
	return cacheDir()
}

func cacheDir() (string, error) {
	cache, err := files.CacheDir()
	if err != nil {
		return "", fmt.Errorf("find data: %w", err)
	}
	return filepath.Join(cache, "datasets"), nil
}
