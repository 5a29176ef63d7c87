package weights

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/transfer-learning-go/defects/lib/files"
	"github.com/transfer-learning-go/defects/lib/weights/hdf5"
)

const (
	// maxAttribute is HDF5_OBJECT_HEADER_LIMIT of Keras: longer lists of names are split.
	maxAttribute = 64512
	// layoutVersion is the version of Keras whose layout of weights Save and SaveModel write.
	layoutVersion = "2.15.0"
	// archiveVersion is the version of Keras whose layout SaveArchive writes.
	archiveVersion = "3.0.0"
	// extraName is the attribute of the .h5 file, and the key in metadata.json, for what Keras does not read.
	extraName = "defects"
)

// Save writes layers as a Keras HDF5 weights file that Keras 2 and 3 read with model.load_weights(path); path ends in
// ".h5", but not in ".weights.h5". Keras assigns by position: give all the model's layers that have weights, in the
// model's order, and each layer's tensors in Keras's order (batch normalization: gamma, beta, moving_mean,
// moving_variance).
//
// The file appears whole or not at all: it is written beside path under another name, then renamed. If that fails, an
// older file at path stays as it is, and who reads it goes on reading it. NaN and infinite values are refused, as Open
// would refuse them. The file holds a checksum of its content, which Open checks. All this holds for SaveModel,
// SaveVariables and SaveArchive, too.
func Save(path string, layers []Layer) error {
	root := &hdf5.Tree{}
	err := addNamed(root, layers)
	root.Attributes = append(root.Attributes, sumAttribute(sum(layers)))
	return save(path, err, func(w io.Writer) error { return hdf5.Write(w, root) })
}

// SaveModel writes a whole model as keras.Model.save("x.h5") does, for keras.models.load_model. Layers are those of
// the configuration, in its order, those without weights included; a nested model is one layer. Within a layer Keras
// takes the trainable tensors first, then the others (legacy_h5_format.py: _legacy_weights).
//
// config is the JSON of the attribute model_config, {"class_name": "Functional", "config": {…}}. extra is other JSON
// that Open returns and Keras does not look at, or nil.
func SaveModel(path string, layers []Layer, config, extra []byte) error {
	root, err := modelTree(layers, config, extra)
	return save(path, err, func(w io.Writer) error { return hdf5.Write(w, root) })
}

// SaveVariables writes a .weights.h5 file, for model.load_weights of Keras 3 and tf_keras. Layers and tensors have the
// names that Open gives them: the path of each layer by its class, the number of each tensor. Their order is free.
func SaveVariables(path string, layers []Layer) error {
	tree, err := variablesTree(layers)
	return save(path, err, func(w io.Writer) error { return hdf5.Write(w, tree) })
}

// SaveArchive writes a .keras file, for keras.models.load_model: layers as SaveVariables takes them, config and extra
// as SaveModel does, with the configuration in the form that Keras 3 serializes (keras.saving.serialize_keras_object).
func SaveArchive(path string, layers []Layer, config, extra []byte) error {
	variables, err := variablesTree(layers)
	err = errors.Join(err, checkJSON(config, extra))
	metadata := map[string]any{"keras_version": archiveVersion}
	if extra != nil {
		metadata[extraName] = json.RawMessage(extra)
	}
	return save(path, err, func(w io.Writer) error { return writeArchive(w, config, metadata, variables) })
}

// save writes the file unless there was an error before.
func save(path string, err error, write func(io.Writer) error) error {
	if err != nil {
		return fmt.Errorf("weights: cannot save %s: %w", path, err)
	}
	if err := files.Replace(path, write); err != nil { // names the path
		return fmt.Errorf("weights: %w", err)
	}
	return nil
}

func checkJSON(config, extra []byte) error {
	if !json.Valid(config) {
		return errors.New("the model's configuration is not JSON")
	}
	if extra != nil && !json.Valid(extra) {
		return errors.New("what to store beside the model is not JSON")
	}
	return nil
}

func modelTree(layers []Layer, config, extra []byte) (*hdf5.Tree, error) {
	if err := checkJSON(config, extra); err != nil {
		return nil, err
	}
	root := &hdf5.Tree{Attributes: append(versionAttributes(),
		hdf5.Attribute{Name: "model_config", Values: []string{string(config)}, Scalar: true})}
	if extra != nil {
		root.Attributes = append(root.Attributes,
			hdf5.Attribute{Name: extraName, Values: []string{string(extra)}, Scalar: true})
	}
	root.Attributes = append(root.Attributes, sumAttribute(sum(layers, config, extra)))
	weights, err := root.Group(weightsGroup)
	if err != nil {
		return nil, err
	}
	return root, addNamed(weights, layers)
}

func versionAttributes() []hdf5.Attribute {
	return []hdf5.Attribute{
		{Name: "backend", Values: []string{"tensorflow"}, Scalar: true},
		{Name: "keras_version", Values: []string{layoutVersion}, Scalar: true},
	}
}

// addNamed adds layers that the group lists by name.
func addNamed(group *hdf5.Tree, layers []Layer) error {
	if err := checkFinite(layers); err != nil {
		return err
	}
	names := []string{}
	seen := map[string]bool{}
	for _, layer := range layers {
		if seen[layer.Name] {
			return fmt.Errorf("two layers are named %q", layer.Name)
		}
		seen[layer.Name] = true
		sub, err := group.Group(layer.Name)
		if err != nil {
			return err
		}
		paths := []string{}
		for _, t := range layer.Tensors {
			path := layer.Name + "/" + t.Name + ":0"
			if err := sub.Dataset(path, t.Shape, t.Data); err != nil {
				return err
			}
			paths = append(paths, path)
		}
		sub.Attributes = split(weightNames, paths)
		names = append(names, layer.Name)
	}
	group.Attributes = append(split(layerNames, names), versionAttributes()...)
	return nil
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
