// Package weights reads and writes Keras checkpoints, and fetches the published ones.
package weights

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/weights/hdf5"
)

// Tensor is one array of a layer, in row-major order and Keras's layout (a convolution's kernel is
// [height, width, in, out]).
//
// Name is the variable's own name: "kernel", "gamma", "depthwise_kernel". If two variables of a layer share it, as in
// attention or in a whole model kept as one layer, it is the path below the layer: "query/kernel".
type Tensor struct {
	Name  string
	Shape []int
	Data  []float32
}

// Layer is one named layer of a checkpoint. Layers without weights, such as activations, have no tensors.
type Layer struct {
	Name    string
	Tensors []Tensor
}

// Formats of a Checkpoint.
const (
	KerasWeights = "Keras HDF5 weights"     // from model.save_weights
	KerasModel   = "Keras HDF5 whole model" // from model.save; only the weights are read
)

// Checkpoint holds the layers of a file in the file's order, which is the model's. Every value is finite.
type Checkpoint struct {
	Path, Format string
	Layers       []Layer
}

// Open reads a checkpoint from a file: see Read.
func Open(path string) (*Checkpoint, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("weights: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("weights: %w", err)
	}
	if info.IsDir() {
		return nil, fmt.Errorf("weights: %s is a folder; give the .h5 file in it", path)
	}
	return Read(f, info.Size(), path)
}

// Read reads a checkpoint of size bytes; name stands for it in errors.
//
// It reads the HDF5 files of Keras 1 to 3 that list their layers in the attribute layer_names: weights
// (save_weights("x.h5")) and whole models (save("x.h5")), of which only the weights are taken. It matches
// load_weights_from_hdf5_group of keras/src/legacy/saving/legacy_h5_format.py. Numbers of any type become float32.
//
// A file that is no such checkpoint, is truncated or damaged, or holds NaN or infinite values gives an error; nothing
// in the file can make Read take more memory than a small multiple of size.
func Read(r io.ReaderAt, size int64, name string) (*Checkpoint, error) {
	c := &Checkpoint{Path: name}
	if err := c.read(r, size); err != nil {
		return nil, fmt.Errorf("weights: %s: %w", name, err)
	}
	return c, nil
}

func (c *Checkpoint) read(r io.ReaderAt, size int64) error {
	f, err := hdf5.Open(r, size)
	if err != nil {
		return fmt.Errorf("%w; get the file again", err)
	}
	group, layers, err := c.findLayers(f.Root())
	if err != nil {
		return err
	}
	limit := budget{bytes: size, values: max(16<<20, 4*size)}
	seen := map[string]bool{}
	for _, name := range layers {
		if seen[name] {
			return fmt.Errorf("layer_names lists %q twice", name)
		}
		seen[name] = true
		layer, err := readLayer(group, name, &limit)
		if err != nil {
			return err
		}
		c.Layers = append(c.Layers, layer)
	}
	return c.checkFinite()
}

// findLayers returns the group with the layers, and their names in the model's order.
func (c *Checkpoint) findLayers(root *hdf5.Group) (*hdf5.Group, []string, error) {
	group := root
	c.Format = KerasWeights
	if root.Has("model_weights") {
		var err error
		if group, err = root.Group("model_weights"); err != nil {
			return nil, nil, err
		}
		c.Format = KerasModel
	}
	names, err := splitAttribute(group, "layer_names")
	if errors.Is(err, fs.ErrNotExist) {
		if root.Has("layers") || root.Has("_layer_checkpoint_dependencies") {
			return nil, nil, errors.New("this is a Keras 3 .weights.h5 file, which names its weights by class and number; " +
				"save it with model.save(\"name.h5\") instead")
		}
		return nil, nil, errors.New("this HDF5 file is no Keras checkpoint: it has no attribute layer_names")
	}
	return group, names, err
}

// budget bounds what the tensors of one file may take together, since several names can lead to the same bytes.
type budget struct{ bytes, values int64 }

func readLayer(group *hdf5.Group, name string, limit *budget) (Layer, error) {
	layer := Layer{Name: name}
	g, err := group.Group(name)
	if err != nil {
		return layer, err
	}
	paths, err := splitAttribute(g, "weight_names")
	if err != nil {
		return layer, err
	}
	names, err := tensorNames(name, paths)
	if err != nil {
		return layer, err
	}
	for i, path := range paths {
		d, err := g.Dataset(path)
		if err != nil {
			return layer, err
		}
		limit.bytes -= d.Stored()
		limit.values -= int64(d.Count())
		if limit.bytes < 0 || limit.values < 0 {
			return layer, fmt.Errorf("layer %q, %q: the tensors up to here claim more data than the file has; it is damaged or hostile", name, path)
		}
		values, err := d.Float32s()
		if err != nil {
			return layer, err
		}
		layer.Tensors = append(layer.Tensors, Tensor{Name: names[i], Shape: d.Shape, Data: values})
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
	return nil, fmt.Errorf("layer %q: its weight_names %q do not tell its tensors apart", layer, paths)
}

// checkFinite lists the tensors with values that no training can start from.
func (c *Checkpoint) checkFinite() error { return checkFinite(c.Layers) }

func checkFinite(layers []Layer) error {
	const shown = 10
	var bad []string
	for _, l := range layers {
		for _, t := range l.Tensors {
			n := 0
			for _, v := range t.Data {
				if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
					n++
				}
			}
			if n > 0 {
				bad = append(bad, fmt.Sprintf("%s/%s (%d of %d)", l.Name, t.Name, n, len(t.Data)))
			}
		}
	}
	if len(bad) == 0 {
		return nil
	}
	more := ""
	if n := len(bad) - shown; n > 0 {
		bad, more = bad[:shown], fmt.Sprintf(" and %d more", n)
	}
	return fmt.Errorf("NaN or infinite values in %s%s; the training that made them diverged, use an earlier checkpoint",
		strings.Join(bad, ", "), more)
}
