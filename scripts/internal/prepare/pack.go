package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/transfer-learning-go/defects/lib/device"
	"github.com/transfer-learning-go/defects/lib/files"
	"github.com/transfer-learning-go/defects/lib/neudet"
)

// stores is where a clone that needs no network has what would else be fetched into the cache: see scripts/stick.
const stores = ".offline/cache"

// pack copies what is here to a clone that shall need no network: plugin and weights to its stores, images to its datasets.
func pack(ctx context.Context, clone string) (string, error) {
	cache, err := files.CacheDir()
	if err != nil {
		return "", err
	}
	var notes []string
	add := func(what, from, to string) error {
		if err := copyTree(ctx, from, filepath.Join(clone, to)); err != nil {
			return err
		}
		notes = append(notes, what+": "+to)
		return nil
	}
	if plugin := device.Plan().Plugin; plugin != "" {
		in, err := filepath.Rel(cache, plugin)
		if err != nil || strings.HasPrefix(in, "..") {
			return "", fmt.Errorf("the plugin is %s, not in %s: without GOMLX_BACKEND the pinned one is taken", plugin, cache)
		}
		if err := add("plugin", plugin, filepath.Join(stores, in)); err != nil {
			return "", err
		}
	}
	set, err := neudet.FindReal()
	switch {
	case err != nil:
		return "", err
	case set == nil:
		notes = append(notes, "NOTICE: no NEU-DET here, so the lesson will draw synthetic images. The real ones: --data DIR|ZIP")
	default:
		to := filepath.Join("datasets", "NEU-DET")
		if info, err := os.Stat(set.Origin); err == nil && !info.IsDir() {
			to = filepath.Join("datasets", filepath.Base(set.Origin))
		}
		if err := add("images", set.Origin, to); err != nil {
			return "", err
		}
	}
	lessons, err := findLessons()
	if err != nil {
		return "", err
	}
	for _, l := range lessons {
		if l.base.Source != "imagenet" {
			notes = append(notes, "NOTICE: no ImageNet weights of "+l.Title+" here. They come along with --weights DIR")
			continue
		}
		published, err := l.Published(l.base.Config)
		if err != nil {
			return "", err
		}
		path, err := published.Find()
		if err != nil {
			return "", err
		}
		if err := add("weights", path, filepath.Join(stores, "weights", published.File)); err != nil {
			return "", err
		}
	}
	return strings.Join(notes, "\n"), nil
}

// unpack fills the cache from the stores of this clone, if it has any.
func unpack(ctx context.Context) error {
	from := filepath.Join(files.ModuleRoot(), stores)
	if _, err := os.Stat(from); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	cache, err := files.CacheDir()
	if err != nil {
		return err
	}
	return copyTree(ctx, from, cache)
}

// copyTree copies a file, or all files of a folder, but those that are there with the same size.
func copyTree(ctx context.Context, from, to string) error {
	return filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if err = errors.Join(err, ctx.Err()); err != nil || e.IsDir() {
			return err
		}
		in, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, in)
		source, err := os.Open(path)
		if err != nil {
			return err
		}
		defer source.Close()
		here, err := source.Stat()
		if err != nil {
			return err
		}
		if there, err := os.Stat(target); err == nil && there.Size() == here.Size() {
			return nil
		}
		return files.Replace(target, func(w io.Writer) error {
			_, err := io.Copy(w, source)
			return err
		})
	})
}
