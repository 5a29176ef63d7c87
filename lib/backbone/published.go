package backbone

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/transfer-learning-go/defects/lib/download"
	"github.com/transfer-learning-go/defects/lib/files"
	"github.com/transfer-learning-go/defects/lib/weights"
)

// Published is a file with ImageNet weights that keras-applications or a repository on Hugging Face's hub publishes.
type Published struct {
	Network    string // as New takes it
	File       string // the name under which WEIGHTS_DIR and the cache hold it: Keras's own, or that of the repository
	Repository string // OWNER/NAME on the hub, whose file is called model.safetensors; empty for Keras's files
	URL        string
	MD5        string // hexadecimal; empty where none is published
}

// Find looks for the file on disk: in the folder $WEIGHTS_DIR, then in the cache. It never uses the network. The path is
// "" if it is not there. A cached file that has changed since it was fetched is passed over, and damaged says so,
// whether or not the file is found elsewhere.
//
// A file from Hugging Face's hub may also lie in $WEIGHTS_DIR/NAME or $WEIGHTS_DIR/OWNER/NAME as model.safetensors, and
// in the cache of Python's huggingface_hub.
func (p Published) Find() (path string, damaged error) {
	if dir := os.Getenv("WEIGHTS_DIR"); dir != "" {
		for _, path := range p.inFolder(dir) {
			if isFile(path) {
				return path, nil
			}
		}
	}
	path, err := p.cachePath()
	if err == nil {
		err = p.checkCached(path)
	}
	if err == nil {
		return path, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		damaged = err
	}
	path, err = p.inHubCache()
	return path, errors.Join(damaged, err)
}

// Fetch returns the path of the file in the cache, and downloads it first if it is not there or has changed. The new
// file is opened before it appears under its name, so what is there can be read. Its SHA-256 is kept beside it, in a
// file that sha256sum -c understands. A file without it was put there by hand; it must open.
//
// A file from Hugging Face's hub must have the SHA-256 that the hub announces (see download.HubFile). If the cache of
// Python's huggingface_hub holds it, that path is returned.
func (p Published) Fetch(ctx context.Context, progress func(done, total int64)) (string, error) {
	path, err := p.cachePath()
	if err != nil {
		return "", fmt.Errorf("weights: %w", err)
	}
	switch err := p.checkCached(path); {
	case err == nil:
		if !isFile(sumPath(path)) {
			if _, err := weights.Open(path); err != nil {
				return "", fmt.Errorf("%w; remove it to fetch the published file", err)
			}
		}
		return path, nil
	case !errors.Is(err, fs.ErrNotExist): // damaged: get it anew
		if err := errors.Join(os.Remove(path), os.Remove(sumPath(path))); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("weights: cannot replace the damaged file in the cache: %w", err)
		}
	}
	get := download.File
	if p.Repository != "" {
		if path, _ := p.inHubCache(); path != "" {
			return path, nil
		}
		get = download.HubFile
	}
	err = get(ctx, download.Request{
		URL: p.URL, Path: path, MD5: p.MD5, Progress: progress,
		Check: func(part string) error {
			if _, err := weights.Open(part); err != nil {
				return err
			}
			sum, err := files.SHA256(part)
			if err != nil {
				return err
			}
			return files.WriteFile(sumPath(path), []byte(sum+"  "+p.File+"\n"))
		},
	})
	if endpoint := os.Getenv("HF_ENDPOINT"); err != nil && p.Repository != "" && endpoint != "" {
		err = fmt.Errorf("HF_ENDPOINT is %q: %w", endpoint, err)
	}
	if err != nil {
		return "", fmt.Errorf("weights: %w", err)
	}
	return path, nil
}

func (p Published) cachePath() (string, error) {
	dir, err := files.CacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "weights", p.File), nil
}

func sumPath(path string) string { return path + ".sha256" }

// checkCached compares a cached file with the sum that was kept when it was fetched. A file without one was put there
// by hand: it is taken as it is.
func (p Published) checkCached(path string) error {
	if _, err := os.Stat(path); err != nil {
		return err
	}
	kept, err := os.ReadFile(sumPath(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	want, _, _ := strings.Cut(string(kept), " ")
	got, err := files.SHA256(path)
	if err == nil && got != want {
		err = errDamaged(path)
	}
	return err
}

func errDamaged(path string) error {
	return fmt.Errorf("%s is damaged and not used: it has changed since it was fetched", path)
}
