package weights

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/transfer-learning-go/defects/lib/weights/hdf5"
)

// maxAttribute is HDF5_OBJECT_HEADER_LIMIT of Keras: longer lists of names are split.
const maxAttribute = 64512

// Save writes layers as a Keras HDF5 weights file that Keras 2 and 3 read with model.load_weights(path); path ends in
// ".h5". Keras assigns by position: give all the model's layers that have weights, in the model's order, and each
// layer's tensors in Keras's order (batch normalization: gamma, beta, moving_mean, moving_variance).
//
// The file appears whole or not at all: it is written beside path under another name, then renamed. If that fails, an
// older file at path stays as it is. NaN and infinite values are refused, as Open would refuse them.
func Save(path string, layers []Layer) error {
	tree, err := kerasTree(layers)
	if err == nil {
		err = replaceFile(path, func(w io.Writer) error { return hdf5.Write(w, tree) })
	}
	if err != nil {
		return fmt.Errorf("weights: cannot save %s: %w", path, err)
	}
	return nil
}

func kerasTree(layers []Layer) (*hdf5.Tree, error) {
	if err := checkFinite(layers); err != nil {
		return nil, err
	}
	root, names := &hdf5.Tree{}, []string{}
	seen := map[string]bool{}
	for _, layer := range layers {
		if seen[layer.Name] {
			return nil, fmt.Errorf("two layers are named %q", layer.Name)
		}
		seen[layer.Name] = true
		group, err := root.Group(layer.Name)
		if err != nil {
			return nil, err
		}
		paths := []string{}
		for _, t := range layer.Tensors {
			path := layer.Name + "/" + t.Name + ":0"
			if err := group.Dataset(path, t.Shape, t.Data); err != nil {
				return nil, err
			}
			paths = append(paths, path)
		}
		group.Attributes = split("weight_names", paths)
		names = append(names, layer.Name)
	}
	root.Attributes = append(split("layer_names", names),
		hdf5.Attribute{Name: "backend", Values: []string{"tensorflow"}, Scalar: true},
		hdf5.Attribute{Name: "keras_version", Values: []string{"2.15.0"}, Scalar: true}) // whose layout this is
	return root, nil
}

// split makes one attribute, or name0, name1 and so on if one cannot hold the list.
func split(name string, values []string) []hdf5.Attribute {
	width := 1
	for _, v := range values {
		width = max(width, len(v))
	}
	rows := max(1, maxAttribute/width)
	if len(values) <= rows {
		return []hdf5.Attribute{{Name: name, Values: values}}
	}
	var parts []hdf5.Attribute
	for i := 0; len(values) > 0; i++ {
		n := min(rows, len(values))
		parts = append(parts, hdf5.Attribute{Name: fmt.Sprint(name, i), Values: values[:n]})
		values = values[n:]
	}
	return parts
}

// replaceFile writes a file so that path holds either the old or the new content, whatever happens.
func replaceFile(path string, write func(io.Writer) error) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	if err := errors.Join(f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	if dir, err := os.Open(filepath.Dir(path)); err == nil { // make the rename last, where folders can be synced
		dir.Sync()
		dir.Close()
	}
	return nil
}
