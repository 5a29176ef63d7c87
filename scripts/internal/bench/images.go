package main

import (
	"archive/zip"
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/transfer-learning-go/defects/lib/images"
)

// copyImages copies {train,validation}/images/CLASS/FILE from a folder or zip to a folder, at most limit[split]
// images of each class (0 is all): Keras reads folders only, and both sides shall read the same files.
func copyImages(source, target string, limit map[string]int) error {
	info, err := os.Stat(source)
	if err != nil {
		return err
	}
	files := os.DirFS(source)
	if !info.IsDir() {
		archive, err := zip.OpenReader(source)
		if err != nil {
			return fmt.Errorf("%s: %w", source, err)
		}
		defer archive.Close()
		files = archive
	}
	prefix := ""
	if _, err := fs.Stat(files, "NEU-DET"); err == nil {
		prefix = "NEU-DET/"
	}
	for _, split := range []string{"train", "validation"} {
		folders, err := fs.Glob(files, prefix+split+"/images/*")
		if err != nil {
			return err
		}
		for _, folder := range folders {
			if err := copyClass(files, folder, filepath.Join(target, split, "images", path.Base(folder)), limit[split]); err != nil {
				return err
			}
		}
	}
	return nil
}

func copyClass(files fs.FS, folder, target string, limit int) error {
	entries, err := fs.ReadDir(files, folder)
	if err != nil {
		return err
	}
	entries = slices.DeleteFunc(entries, fs.DirEntry.IsDir)
	if limit > 0 && len(entries) > limit {
		entries = entries[:limit]
	}
	if err := os.MkdirAll(target, 0o755); err != nil {
		return err
	}
	for _, e := range entries {
		data, err := fs.ReadFile(files, path.Join(folder, e.Name()))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(target, e.Name()), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// writePixels stores n training images as float32 [n, size, size, 3] of 0…255, the input of the inference rows.
func writePixels(path string, data *images.Dataset, n, size int) error {
	order := images.Order(len(data.Train.Images), 100, 0)
	pixels, err := images.Pixels(data.Train, order[:min(n, len(order))], size)
	if err != nil {
		return err
	}
	return writeFloats(path, pixels)
}

func writeFloats(path string, values []float32) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := binary.Write(f, binary.LittleEndian, values); err != nil {
		return err
	}
	return f.Close()
}

func readFloats(path string) ([]float32, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	values := make([]float32, len(data)/4)
	_, err = binary.Decode(data, binary.LittleEndian, values)
	return values, err
}
