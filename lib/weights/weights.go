// Package weights reads and writes checkpoints of Keras and in safetensors.
package weights

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/transfer-learning-go/defects/lib/files"
	"github.com/transfer-learning-go/defects/lib/weights/hdf5"
)

// Tensor is one array of a layer, in row-major order and the layout of the framework that wrote it: a convolution's
// kernel is [height, width, in, out] in Keras, [out, in, height, width] in the safetensors of PyTorch, which transposes
// dense kernels, too.
//
// Name is the variable's own name: "kernel", "gamma", "depthwise_kernel". If two variables of a layer share it, as in
// attention or in a whole model kept as one layer, it is the path below the layer: "query/kernel". In KerasVariables
// it is the variable's number: "0". In Safetensors it is what follows the last dot: "weight".
type Tensor struct {
	Name  string
	Shape []int
	Data  []float32
}

// Layer is one layer of a checkpoint. Layers without weights, such as activations, have no tensors.
//
// Name is the layer's own, except in KerasVariables, which names no layers: there it is the path of the group, such as
// "layers/functional/layers/conv2d_3", the fourth Conv2D of the first nested model. In Safetensors
// it is the path of the module, such as "vit.encoder.layer.0.output.dense", and "" for tensors of the model itself, such
// as "cls_token".
type Layer struct {
	Name    string
	Tensors []Tensor
}

// Formats of a Checkpoint.
const (
	KerasWeights   = "Keras HDF5 weights"     // model.save_weights("x.h5") of Keras 1 and 2
	KerasModel     = "Keras HDF5 whole model" // model.save("x.h5")
	KerasVariables = "Keras 3 variables"      // model.save_weights("x.weights.h5"), model.save("x.keras")
	Safetensors    = "safetensors"            // safetensors.torch.save_file, save_pretrained of transformers and timm
)

// Checkpoint holds the layers of a file in the file's order. Every value is finite.
//
// In KerasWeights and KerasModel that order is the model's. In KerasVariables it is that of the names, each class
// counted from zero (conv2d, conv2d_1, conv2d_2); layers without weights and the optimizer's state are left out.
// In Safetensors, the modules come in the order of the file's header, shard by shard; the file does not say the model's.
type Checkpoint struct {
	Path, Format string
	Layers       []Layer
	Config       []byte   // JSON of the model's configuration, from whole models (.h5 and .keras); else nil
	Training     []byte   // JSON of what the model was compiled with, its loss among it; nil if it was not
	Extra        []byte   // JSON that SaveModel or SaveArchive put beside the model; nil if there is none
	Notes        []string // what a user should know, such as "2 tensors of type float16 were converted to float32"
}

// Open reads a checkpoint from a file: see Read. Of a checkpoint in several safetensors files (shards), it takes the
// path of the index, model.safetensors.index.json; the shards must lie beside it. It also takes a folder that holds
// model.safetensors or that index. A pipe or a device is an error.
func Open(path string) (*Checkpoint, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		if path, err = inFolder(path); err != nil {
			return nil, fmt.Errorf("weights: %w", err)
		}
	}
	f, err := files.Open(path)
	if err != nil {
		return nil, fmt.Errorf("weights: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("weights: %w", err)
	}
	return read(f, info.Size(), path, filepath.Dir(path))
}

// Read reads a checkpoint of size bytes; name stands for it in errors. What the bytes are decides, not their name:
//
//   - the HDF5 files of Keras 1 to 3 that list their layers in the attribute layer_names: weights and whole models, as
//     load_weights_from_hdf5_group of keras/src/legacy/saving/legacy_h5_format.py reads them;
//   - the .weights.h5 of Keras 3 and tf_keras, as H5IOStore of keras/src/saving/saving_lib.py reads it;
//   - .keras archives: zip files of config.json, metadata.json and model.weights.h5;
//   - safetensors, as safetensors.torch.load_file reads them.
//
// Numbers of any type become float32. The state of optimizers, metrics and random generators is left out. In safetensors,
// integers such as position_ids are left out with a note, unless they are called weight or bias; those and 8-bit numbers
// are quantized weights, which give an error.
//
// A file that is no such checkpoint, is truncated or damaged, or holds NaN or infinite values gives an error; nothing
// in the file can make Read take more memory than a small multiple of size.
func Read(r io.ReaderAt, size int64, name string) (*Checkpoint, error) {
	return read(r, size, name, "")
}

// read takes the folder in which shards lie, if there is one.
func read(r io.ReaderAt, size int64, name, folder string) (*Checkpoint, error) {
	c := &Checkpoint{Path: name}
	if err := c.read(r, size, folder); err != nil {
		return nil, fmt.Errorf("weights: %s: %w", name, err)
	}
	return c, nil
}

func (c *Checkpoint) read(r io.ReaderAt, size int64, folder string) error {
	start := make([]byte, min(size, lengthBytes+1))
	if _, err := r.ReadAt(start, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	read := c.readHDF5
	switch {
	case isSafetensors(start): // first, since a header may be as long as to look like "PK" or "{"
		read = c.readSafetensors
	case bytes.HasPrefix(start, []byte("PK")):
		read = c.readArchive
	case bytes.HasPrefix(start, []byte("{")):
		read = func(r io.ReaderAt, size int64) error { return c.readIndex(r, size, folder) }
	case bytes.HasPrefix(start, []byte("\x89HDF")):
	case strings.Contains(filepath.Base(c.Path), ".safetensors") && !bytes.HasPrefix(start, []byte("\x80")):
		read = c.readSafetensors // says what is wrong
	default:
		if err := foreign(r, size, c.Path); err != nil {
			return err
		}
	}
	if err := read(r, size); err != nil {
		return err
	}
	if c.Format == Safetensors {
		return checkFinite(c.Layers)
	}
	return nil // HDF5, which is checked
}

func (c *Checkpoint) readHDF5(r io.ReaderAt, size int64) error {
	f, err := hdf5.Open(r, size)
	if err != nil {
		return fmt.Errorf("%w; get the file again", err)
	}
	tensors := newReader(size)
	root := f.Root()
	switch {
	case listsLayers(root):
		c.Format = KerasWeights
		c.Layers, err = readNamed(root, tensors)
	case root.Has(weightsGroup):
		c.Format = KerasModel
		err = c.readModel(root, tensors)
	case hasVariables(root):
		c.Format = KerasVariables
		c.Layers, err = readVariables(root, tensors)
	default:
		err = errors.New("this HDF5 file is no Keras checkpoint: it has no attribute layer_names, and neither of the " +
			"groups model_weights and layers; a model that subclasses keras.Model is not supported")
	}
	c.Notes = tensors.notes()
	if err == nil {
		err = checkFinite(c.Layers) // says more than a checksum
	}
	if err != nil {
		return err
	}
	return c.checkSum(root)
}
