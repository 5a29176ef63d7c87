package weights

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/weights/hdf5"
)

const (
	weightsGroup = "model_weights" // in a whole model
	layerNames   = "layer_names"   // attribute of the group with the layers
	weightNames  = "weight_names"  // attribute of each layer
	// trainingConfig is the attribute of a whole model that was compiled.
	trainingConfig = "training_config"
)

// readModel reads a whole model: its configuration, and its weights in a group of their own.
func (c *Checkpoint) readModel(root *hdf5.Group, tensors *tensorReader) error {
	c.Format = KerasModel
	for _, attribute := range []struct {
		name  string
		value *[]byte
	}{{"model_config", &c.Config}, {trainingConfig, &c.Training}, {extraName, &c.Extra}} {
		values, err := root.Strings(attribute.name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // Keras's load_weights reads a model without its configuration, too
		}
		if err != nil {
			return err
		}
		if len(values) == 1 && attribute.name == trainingConfig && !json.Valid([]byte(values[0])) {
			continue // Python writes NaN, which is no JSON, and the model computes without it
		}
		if len(values) != 1 || !json.Valid([]byte(values[0])) {
			return fmt.Errorf("its attribute %s is not one JSON text; the file is damaged", attribute.name)
		}
		*attribute.value = []byte(values[0])
	}
	group, err := root.Group(weightsGroup)
	if err != nil {
		return err
	}
	c.Layers, err = readNamed(group, tensors)
	return err
}

// listsLayers tells a file of weights, as Keras does: a whole model, too, may have a layer of any name.
func listsLayers(group *hdf5.Group) bool {
	_, err := splitAttribute(group, layerNames)
	return !errors.Is(err, fs.ErrNotExist)
}

// readNamed reads the layers that a group lists by name, in the model's order.
func readNamed(group *hdf5.Group, tensors *tensorReader) ([]Layer, error) {
	names, err := splitAttribute(group, layerNames)
	if err != nil {
		return nil, err
	}
	var layers []Layer
	seen := map[string]bool{}
	for _, name := range names {
		if seen[name] {
			return nil, fmt.Errorf("%s lists %q twice", layerNames, name)
		}
		seen[name] = true
		layer, err := readLayer(group, name, tensors)
		if err != nil {
			return nil, fmt.Errorf("layer %q: %w", name, err)
		}
		layers = append(layers, layer)
	}
	return layers, nil
}

func readLayer(group *hdf5.Group, name string, tensors *tensorReader) (Layer, error) {
	layer := Layer{Name: name}
	g, err := group.Group(name)
	if err != nil {
		return layer, err
	}
	paths, err := splitAttribute(g, weightNames)
	if err != nil {
		return layer, err
	}
	names, err := tensorNames(name, paths)
	if err != nil {
		return layer, err
	}
	for i, path := range paths {
		shape, values, err := tensors.read(g, path)
		if err != nil {
			return layer, err
		}
		layer.Tensors = append(layer.Tensors, Tensor{Name: names[i], Shape: shape, Data: values})
	}
	return layer, nil
}

// splitAttribute reads a list of names. Keras splits one of more than 64,512 bytes into name0, name1 and so on.
func splitAttribute(g *hdf5.Group, name string) ([]string, error) {
	values, err := g.Strings(name)
	if !errors.Is(err, fs.ErrNotExist) {
		return values, err
	}
	for i := 0; ; i++ {
		part, partErr := g.Strings(fmt.Sprint(name, i))
		switch {
		case errors.Is(partErr, fs.ErrNotExist) && i > 0:
			return values, nil
		case errors.Is(partErr, fs.ErrNotExist):
			return nil, err // says which attribute is absent
		case partErr != nil:
			return nil, partErr
		}
		values = append(values, part...)
	}
}

// tensorNames shortens the paths of a layer's weights: "conv/kernel:0" and "conv/conv/kernel" become "kernel". If that
// leaves two alike, it cuts off only what leads to the layer: "heads/query/kernel:0" becomes "query/kernel".
func tensorNames(layer string, paths []string) ([]string, error) {
	short, full := make([]string, len(paths)), make([]string, len(paths))
	for i, path := range paths {
		path = strings.Trim(path, "/")
		if colon := strings.LastIndexByte(path, ':'); colon > strings.LastIndexByte(path, '/') {
			path = path[:colon] // ":0" is TensorFlow's output number
		}
		short[i], full[i] = path[strings.LastIndexByte(path, '/')+1:], path
		if at := strings.LastIndex("/"+path, "/"+layer+"/"); at >= 0 {
			full[i] = path[at+len(layer)+1:]
		}
	}
	for _, names := range [][]string{short, full} {
		sorted := slices.Sorted(slices.Values(names))
		if !slices.Contains(names, "") && len(slices.Compact(sorted)) == len(names) {
			return names, nil
		}
	}
	return nil, fmt.Errorf("its weight_names %q do not tell its tensors apart", paths)
}
