package neudet

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/transfer-learning-go/defects/lib/download"
	"github.com/transfer-learning-go/defects/lib/surfaces"
)

// The synthetic images that Find makes have the size and the split of NEU-DET.
const (
	syntheticSeed       = 1
	syntheticTrain      = 240
	syntheticValidation = 60
)

const zipName = "neu-surface-defect-database.zip"

// Find opens the first data set of: $NEU_DET_DIR (folder or zip), datasets/NEU-DET and datasets/*.zip of this
// module, what Fetch left in the cache. If there is none, it opens procedural images of the same classes, which it
// writes once to datasets/surfaces (to the cache outside the module); the data set then says so in Notice.
//
// Find never uses the network. What it finds but cannot open is an error: it never takes another source silently.
func Find() (*Dataset, error) { return find(surfaces.Write) }

func find(write func(folder string, seed int64, train, validation int) error) (*Dataset, error) {
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
	return Open(folder)
}

// FindReal is Find without procedural images: it returns nil if there is no data set on this machine.
func FindReal() (*Dataset, error) {
	if name := os.Getenv("NEU_DET_DIR"); name != "" {
		d, err := Open(name)
		if err != nil {
			return nil, fmt.Errorf("NEU_DET_DIR: %w", err)
		}
		return d, nil
	}
	here, err := datasetsDir()
	if err != nil {
		return nil, err
	}
	if folder := filepath.Join(here, "NEU-DET"); isDir(folder) {
		return Open(folder)
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
		d, err := Open(name)
		if err == nil {
			return d, nil
		}
		failed = append(failed, err)
	}
	if len(failed) > 0 {
		return nil, errors.Join(failed...)
	}
	return nil, nil
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// datasetsDir is datasets/ of this module if the working folder is inside it, else the cache's.
func datasetsDir() (string, error) {
	if root := download.ModuleRoot(); root != "" {
		return filepath.Join(root, "datasets"), nil
	}
	return cacheDir()
}

func cacheDir() (string, error) {
	cache, err := download.CacheDir()
	if err != nil {
		return "", fmt.Errorf("find data: %w", err)
	}
	return filepath.Join(cache, "datasets"), nil
}
