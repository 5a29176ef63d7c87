package weights

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/transfer-learning-go/defects/lib/download"
	"github.com/transfer-learning-go/defects/lib/files"
)

// Published is a file with ImageNet weights that keras-applications or a repository on Hugging Face's hub publishes.
type Published struct {
	Model      string // "mobilenetv2", "resnet50v2" or "vit"
	File       string // the name under which WEIGHTS_DIR and the cache hold it: Keras's own, or that of the repository
	Repository string // OWNER/NAME on the hub, whose file is called model.safetensors; empty for Keras's files
	URL        string
	MD5        string  // hexadecimal; empty where none is published
	Alpha      float64 // of MobileNetV2; 0 where there is no width
	Size       int     // input height and width that it was trained at, pixels
	Top        bool    // with the classifier of the 1,000 ImageNet classes
}

// Alphas are the widths for which Keras publishes MobileNetV2.
var Alphas = []float64{0.35, 0.5, 0.75, 1.0, 1.3, 1.4}

// MobileNetV2 names the published file for 224×224 pixels, as keras.applications.MobileNetV2 does. Keras publishes no
// checksums of these files: Fetch keeps the SHA-256 of the first download instead.
func MobileNetV2(alpha float64, top bool) (Published, error) {
	if !slices.Contains(Alphas, alpha) {
		return Published{}, fmt.Errorf("weights: Keras publishes no MobileNetV2 with alpha %v; choose one of %v", alpha, Alphas)
	}
	const size = 224
	width := strconv.FormatFloat(alpha, 'f', -1, 64)
	if !strings.Contains(width, ".") {
		width += ".0" // Python writes 1.0
	}
	file := fmt.Sprintf("mobilenet_v2_weights_tf_dim_ordering_tf_kernels_%s_%d", width, size)
	if !top {
		file += "_no_top"
	}
	file += ".h5"
	return Published{
		Model: "mobilenetv2", File: file, Alpha: alpha, Size: size, Top: top,
		URL: "https://storage.googleapis.com/tensorflow/keras-applications/mobilenet_v2/" + file,
	}, nil
}

// ResNet50V2 names the published file, as keras.applications.ResNet50V2 does.
func ResNet50V2(top bool) Published {
	p := Published{Model: "resnet50v2", Size: 224, Top: top,
		File: "resnet50v2_weights_tf_dim_ordering_tf_kernels_notop.h5", MD5: "fac2f116257151a9d068a22e544a4917"}
	if top {
		p.File, p.MD5 = "resnet50v2_weights_tf_dim_ordering_tf_kernels.h5", "3ef43a0b657b3be2300d5770ece849e0"
	}
	p.URL = "https://storage.googleapis.com/tensorflow/keras-applications/resnet/" + p.File
	return p
}

// Source says where weights come from.
type Source struct {
	Path   string  // of the file; empty if embedded
	Alpha  float64 // width of the MobileNetV2 in it, else 0
	Name   string  // "imagenet" or "embedded"
	Notice string  // not empty if embedded: every output and figure made from them shows it
}

// Find looks for a published file on disk: in the folder $WEIGHTS_DIR, then in the cache. It never uses the network.
// A cached file that has changed since it was fetched is passed over.
//
// A file from Hugging Face's hub may also lie in $WEIGHTS_DIR/NAME or $WEIGHTS_DIR/OWNER/NAME as model.safetensors, and
// in the cache of Python's huggingface_hub.
func Find(p Published) (Source, bool) {
	source := Source{Alpha: p.Alpha, Name: "imagenet"}
	if dir := os.Getenv("WEIGHTS_DIR"); dir != "" {
		for _, source.Path = range p.inFolder(dir) {
			if isFile(source.Path) {
				return source, true
			}
		}
	}
	if path, err := cachePath(p); err == nil && p.checkCached(path) == nil {
		source.Path = path
		return source, true
	}
	if path, ok := p.inHubCache(); ok {
		source.Path = path
		return source, true
	}
	return Source{}, false
}

// Fetch returns the path of a published file in the cache, and downloads it first if it is not there or has changed.
// The new file is opened before it appears under its name, so what is there can be read. Its SHA-256 is kept beside
// it, in a file that sha256sum -c understands.
//
// A file from Hugging Face's hub must have the SHA-256 that the hub announces (see download.HubFile). If the cache of
// Python's huggingface_hub holds it, that path is returned.
func Fetch(ctx context.Context, p Published, progress func(done, total int64)) (string, error) {
	path, err := cachePath(p)
	if err != nil {
		return "", fmt.Errorf("weights: %w", err)
	}
	switch err := p.checkCached(path); {
	case err == nil:
		return path, nil
	case !errors.Is(err, fs.ErrNotExist): // damaged: get it anew
		if err := errors.Join(os.Remove(path), os.Remove(sumPath(path))); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("weights: cannot replace the damaged file in the cache: %w", err)
		}
	}
	get := download.File
	if p.Repository != "" {
		if path, ok := p.inHubCache(); ok {
			return path, nil
		}
		get = download.HubFile
	}
	err = get(ctx, download.Request{
		URL: p.URL, Path: path, MD5: p.MD5, Progress: progress,
		Check: func(part string) error {
			if _, err := Open(part); err != nil {
				return err
			}
			sum, err := files.SHA256(part)
			if err != nil {
				return err
			}
			return os.WriteFile(sumPath(path), []byte(sum+"  "+p.File+"\n"), 0o666)
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

func cachePath(p Published) (string, error) {
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
	if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("%s has changed since it was fetched: its SHA-256 is %s, it was %s", path, got, want)
	}
	return nil
}
