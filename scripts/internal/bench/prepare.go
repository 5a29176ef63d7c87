package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/device"
	"github.com/transfer-learning-go/defects/lib/files"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/neudet"
	"github.com/transfer-learning-go/defects/lib/weights"
)

// prepare makes everything that the measurements need and that is not to be timed.
func (b *bench) prepare() (err error) {
	if b.tmp, err = os.MkdirTemp("", "bench-"); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.RemoveAll(b.tmp)
		}
	}()
	jupyter := filepath.Join(b.root, ".lesson", "jupyter")
	b.environment = []string{"PYTHONNOUSERSITE=1", "JUPYTER_CONFIG_DIR=" + filepath.Join(jupyter, "config"),
		"JUPYTER_DATA_DIR=" + filepath.Join(jupyter, "data"), "JUPYTER_RUNTIME_DIR=" + filepath.Join(jupyter, "runtime"),
		"IPYTHONDIR=" + filepath.Join(jupyter, "ipython")}
	if b.binary, err = os.Executable(); err != nil {
		return err
	}
	if err := b.makeVenv(); err != nil {
		return err
	}
	if err := device.Install(b.ctx, func(text string) { b.step("%s", text) }); err != nil {
		return err
	}
	if len(b.networks) > 0 || len(b.trainings) > 0 { // the cells of a notebook need none
		if err := b.prepareImages(); err != nil {
			return err
		}
	}
	b.weights, b.sources = map[string]string{}, map[string]string{}
	for _, n := range b.networks {
		if b.weights[n.title], err = b.prepareWeights(n); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) venv(elements ...string) string {
	return filepath.Join(append([]string{b.root, ".venv-bench"}, elements...)...)
}

// makeVenv also starts over when the clone has moved: a virtual environment holds its own path.
func (b *bench) makeVenv() error {
	requirements := filepath.Join(b.folder(), "requirements.txt")
	text, err := os.ReadFile(requirements)
	if err != nil {
		return err
	}
	key := fmt.Sprintf("%x %s", sha256.Sum256(text), b.root)
	if old, err := os.ReadFile(b.venv("stamp")); err == nil && string(old) == key {
		return nil
	}
	b.step("installing Keras and its peers into .venv-bench; this takes minutes")
	for _, args := range [][]string{
		{"python3", "-m", "venv", "--clear", b.venv()},
		{b.venv("bin", "python"), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar=off",
			"-r", requirements},
	} {
		if _, err := program(b.command(args[0], args[1:]...)); err != nil {
			return fmt.Errorf("%w\n(is there a network, and room on the disk?)", err)
		}
	}
	return files.WriteFile(b.venv("stamp"), []byte(key))
}

// folder is where this program's sources and those of Keras's side are.
func (b *bench) folder() string { return filepath.Join(b.root, "scripts", "internal", "bench") }

func (b *bench) prepareImages() error {
	data, err := neudet.Find()
	if err != nil {
		return err
	}
	b.step("images: %s", data.Origin)
	b.images = filepath.Join(b.tmp, "images")
	if err := copyImages(data.Origin, b.images, b.size.images); err != nil {
		return err
	}
	copied, err := images.Open(b.images)
	if err != nil {
		return err
	}
	b.training = len(copied.Train.Images)
	b.count, b.classes = b.training+len(copied.Validation.Images), copied.Classes
	if data.Notice != "" {
		b.note("Images: %s.", data.Notice)
	}
	for _, n := range b.networks {
		if err := writePixels(b.pixels(n), copied, b.sample(n), n.input); err != nil {
			return err
		}
	}
	return nil
}

// prepareWeights names a file that both sides read: the published one, else random weights from our side.
func (b *bench) prepareWeights(n network) (string, error) {
	b.sources[n.title] = "random"
	if n.whole {
		b.note("%s has random weights; Keras runs the model that we save.", n.title)
		return b.saveWhole(n)
	}
	known, err := backbone.Lookup(n.name)
	if err != nil {
		return "", err
	}
	published, err := known.Published(backbone.Config{Alpha: n.alpha})
	if err != nil {
		return "", err
	}
	path, damaged := published.Find()
	if path != "" {
		b.sources[n.title] = "imagenet"
		b.note("%s has its ImageNet weights, on both sides.", n.title)
		return path, nil
	}
	if damaged != nil {
		b.note("%v.", damaged)
	}
	base, err := backbone.New(n.name, backbone.Config{Alpha: n.alpha, Seed: 100})
	if err != nil {
		return "", err
	}
	b.note("%s has random weights, the same on both sides: speed does not depend on them, accuracy does.", n.title)
	path = filepath.Join(b.tmp, fmt.Sprintf("random_%s.h5", base))
	return path, weights.Save(path, base.Layers.Checkpoint(base.Values))
}

// emptyCache makes a cache folder that holds nothing but the plugin, whose installation is not to be measured.
func (b *bench) emptyCache(name string) (string, error) {
	cache := filepath.Join(b.tmp, name)
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	real, err := files.CacheDir()
	if err != nil {
		return "", err
	}
	plugins := filepath.Join(real, "pjrt")
	if _, err := os.Stat(plugins); errors.Is(err, fs.ErrNotExist) {
		return cache, nil // it lies where go-xla looks
	}
	return cache, os.Symlink(plugins, filepath.Join(cache, "pjrt"))
}
