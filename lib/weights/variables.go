package weights

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/transfer-learning-go/defects/lib/weights/hdf5"
)

// The names that Keras gives to groups of a .weights.h5 file.
const (
	layersGroup    = "layers"
	oldLayersGroup = "_layer_checkpoint_dependencies" // of TensorFlow 2.12 and 2.13, see H5IOStore.get
	variablesGroup = "vars"
)

// maxNesting bounds models in models in models.
const maxNesting = 24

func hasVariables(root *hdf5.Group) bool {
	return root.Has(layersGroup) || root.Has(oldLayersGroup)
}

// readVariables reads a .weights.h5 file. Beside the layers it may hold an optimizer and metrics, which are no weights.
func readVariables(root *hdf5.Group, tensors *tensorReader) ([]Layer, error) {
	name := layersGroup
	if !root.Has(name) {
		name = oldLayersGroup
	}
	top, err := root.Group(name)
	if err != nil {
		return nil, err
	}
	var layers []Layer
	if err := readGroups(top, layersGroup, 1, tensors, &layers); err != nil {
		return nil, err
	}
	slices.SortStableFunc(layers, func(a, b Layer) int { return compareNumbered(a.Name, b.Name) })
	return layers, nil
}

// readGroups reads the variables of a group, and of the layers below it.
func readGroups(g *hdf5.Group, path string, depth int, tensors *tensorReader, layers *[]Layer) error {
	if depth > maxNesting {
		return fmt.Errorf("%s: layers are nested more than %d deep; the file is damaged or hostile", path, maxNesting)
	}
	for _, name := range g.Names() {
		if strings.HasSuffix(name, "generator") && !strings.HasSuffix(path, layersGroup) {
			continue // the state of the random numbers of dropout and augmentation
		}
		sub, err := g.Group(name)
		if err != nil {
			return err
		}
		if name == variablesGroup {
			layer, err := readNumbered(sub, path, tensors)
			if err != nil {
				return fmt.Errorf("layer %q: %w", path, err)
			}
			if len(layer.Tensors) > 0 {
				*layers = append(*layers, layer)
			}
			continue
		}
		if name == oldLayersGroup {
			name = layersGroup
		}
		if err := readGroups(sub, path+"/"+name, depth+1, tensors, layers); err != nil {
			return err
		}
	}
	return nil
}

func readNumbered(vars *hdf5.Group, path string, tensors *tensorReader) (Layer, error) {
	layer := Layer{Name: path}
	for _, name := range slices.SortedStableFunc(slices.Values(vars.Names()), compareNumbered) {
		shape, values, err := tensors.read(vars, name)
		if err != nil {
			return layer, err
		}
		layer.Tensors = append(layer.Tensors, Tensor{Name: name, Shape: shape, Data: values})
	}
	return layer, nil
}

// compareNumbered orders paths as people count: "vars/9" before "vars/10", "conv2d" before "conv2d_1" and "conv2d_10".
func compareNumbered(a, b string) int {
	return slices.CompareFunc(strings.Split(a, "/"), strings.Split(b, "/"), func(a, b string) int {
		class, n := cutNumber(a)
		otherClass, m := cutNumber(b)
		return cmp.Or(strings.Compare(class, otherClass), cmp.Compare(n, m))
	})
}

func cutNumber(name string) (class string, n int) {
	at := strings.LastIndexByte(name, '_') + 1
	n, err := strconv.Atoi(name[at:])
	if err != nil {
		return name, -1
	}
	return strings.TrimSuffix(name[:at], "_"), n
}

// variablesTree is what Keras's H5IOStore reads: each layer's variables, in a group vars below the layer's path.
func variablesTree(layers []Layer) (*hdf5.Tree, error) {
	if err := checkFinite(layers); err != nil {
		return nil, err
	}
	root := &hdf5.Tree{Attributes: []hdf5.Attribute{sumAttribute(sum(layers))}}
	for _, group := range []string{layersGroup, variablesGroup} { // tf_keras wants the model's own vars, if empty
		if _, err := root.Group(group); err != nil {
			return nil, err
		}
	}
	seen := map[string]bool{}
	for _, layer := range layers {
		if seen[layer.Name] {
			return nil, fmt.Errorf("two layers are named %q", layer.Name)
		}
		seen[layer.Name] = true
		if !strings.HasPrefix(layer.Name, layersGroup+"/") {
			return nil, fmt.Errorf("layer %q: %w", layer.Name,
				errors.New("in this format the name of a layer is its path, such as layers/conv2d_1"))
		}
		path := layer.Name + "/" + variablesGroup
		if _, err := root.Group(path); err != nil {
			return nil, err
		}
		for _, t := range layer.Tensors {
			if err := root.Dataset(path+"/"+t.Name, t.Shape, t.Data); err != nil {
				return nil, err
			}
		}
	}
	return root, nil
}
