package backbone

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
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
	Size       int64  // in bytes; 0 where it is not known
	Values     string // SHA-256 of the weights as numbers, however they are stored: see Backbone.valuesSum; "" if not known
}

// Find looks for the file on disk: in the folder $WEIGHTS_DIR, then in the cache. It never uses the network. The path is
// "" if it is not there. A file that has changed since it was fetched is passed over, and damaged says so, whether or not
// the file is found elsewhere: Fetch keeps a checksum beside it, which may be copied with it.
//
// A file from Hugging Face's hub may also lie in $WEIGHTS_DIR/NAME or $WEIGHTS_DIR/OWNER/NAME as model.safetensors, and
// in the cache of Python's huggingface_hub.
func (p Published) Find() (path string, damaged error) {
	if dir := os.Getenv("WEIGHTS_DIR"); dir != "" {
		for _, path := range p.inFolder(dir) {
			switch err := checkBeside(path); {
			case err == nil && isFile(path):
				return path, damaged
			case err != nil && !errors.Is(err, fs.ErrNotExist):
				damaged = errors.Join(damaged, err)
			}
		}
	}
	path, err := p.cachePath()
	if err == nil {
		err = checkBeside(path)
	}
	if err == nil {
		return path, damaged
	}
	if !errors.Is(err, fs.ErrNotExist) {
		damaged = errors.Join(damaged, err)
	}
	path, err = p.inHubCache()
	return path, errors.Join(damaged, err)
}

// Fetch returns the path of the file in the cache, and downloads it first if it is not there or has changed. The new
// file is opened before it appears under its name, so what is there can be read. Its SHA-256 is kept beside it, in a
// file that sha256sum -c understands. A file without it was put there by hand; it must open, and have the MD5 that is
// published.
//
// A file from Hugging Face's hub must have the SHA-256 that the hub announces (see download.HubFile). If the cache of
// Python's huggingface_hub holds it, that path is returned.
func (p Published) Fetch(ctx context.Context, progress func(done, total int64)) (string, error) {
	path, err := p.cachePath()
	if err != nil {
		return "", fmt.Errorf("weights: %w", err)
	}
	switch err := checkBeside(path); {
	case err == nil:
		if !isFile(sumPath(path)) {
			_, err := weights.Open(path)
			if err == nil {
				err = p.checkMD5(path)
			}
			if err != nil {
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
		URL: p.URL, Path: path, MD5: p.MD5, Size: p.Size, Progress: progress,
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

// checkBeside compares a file with the sum that Fetch has kept beside it. A file without one is taken as it is.
func checkBeside(path string) error {
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

// checkMD5 compares a file with the published sum, if there is one.
func (p Published) checkMD5(path string) error {
	if p.MD5 == "" {
		return nil
	}
	got, err := files.Sum(path, md5.New())
	if err == nil && got != p.MD5 {
		err = fmt.Errorf("%s is not the published file: its MD5 is %s, not %s", path, got, p.MD5)
	}
	return err
}

// doubt says that a file whose weights a backbone has is not the published one; "" if it is, or nothing tells. Somebody
// may have saved the same numbers anew, or others on purpose, so it is no error.
func (p Published) doubt(path string, b *Backbone) string {
	if p.Values != "" {
		if b.valuesSum() == p.Values {
			return ""
		}
		return path + " does not hold the published weights: it is damaged, or others were saved under this name"
	}
	if err := p.checkMD5(path); err != nil {
		return err.Error() + ": it is damaged, or was saved anew"
	}
	return ""
}

// valuesSum is the SHA-256, in hexadecimal, of the weights as float32 in little-endian order, in the order of the layers.
func (b *Backbone) valuesSum() string {
	h := sha256.New()
	for _, l := range b.Layers {
		for _, values := range b.Values[l.Name] {
			binary.Write(h, binary.LittleEndian, values)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}
