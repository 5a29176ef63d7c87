package weights

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// resave is the advice for models whose files are not read.
const resave = "open it where it was made and save it with model.save(\"model.keras\") of Keras, or with save_pretrained of " +
	"transformers"

// errForeign is an error about a file or folder of a kind that is not read.
func errForeign(what, advice string) error {
	return fmt.Errorf("%s, which is not read: %s", what, advice)
}

var (
	errPickle = errForeign("this is a pickle of PyTorch (.bin, .pt, .pth, .ckpt)", "opening one runs the program in it; take "+
		"model.safetensors, which the hub mostly has beside it, or save the model anew with safetensors.torch.save_file")
	errOtherPickle = errForeign("this is a pickle of Python (.pkl, .joblib)", "opening one runs the program in it; save the "+
		"network in it with model.save(\"model.keras\") of Keras, or with safetensors.torch.save_file")
	errNumPy = errForeign("this is a file of NumPy (.npz, .npy), of arrays without their layers", "build the model in Keras, give "+
		"it the arrays with set_weights, and save it with model.save(\"model.keras\")")
	errSavedModel = errForeign("this is a SavedModel of TensorFlow (saved_model.pb)",
		"it holds code instead of layers; open it where it was made and save it with model.save(\"model.keras\")")
	errONNX   = errForeign("this is an ONNX model", "those are for running only; "+resave)
	errTFLite = errForeign("this is a TensorFlow Lite model", "those are for running only; take the Keras model that it was "+
		"converted from")
	errCheckpoint = errForeign("this is a checkpoint of TensorFlow (.index, .data-00000-of-00001)", "load it into the model in "+
		"Keras with load_weights, and save that with model.save(\"model.keras\")")
	errPacked  = errForeign("this is a packed archive (gzip, tar, zip)", "unpack it, and give the file or folder in it")
	errPointer = errors.New("this is a pointer of Git LFS in place of the file: get the file with `git lfs pull`, or download it")
	errPage    = errors.New("this is a web page in place of a model: get the file again, by its own address")
	errPicture = errors.New("this is a picture: give the model first, then the pictures")
)

// beginnings tell formats by their first bytes.
var beginnings = []struct {
	bytes string
	err   error
}{
	{"\x80\x02", errPickle}, // the protocol of pickles that PyTorch before 1.6 writes
	{"\x80\x03", errOtherPickle}, {"\x80\x04", errOtherPickle}, {"\x80\x05", errOtherPickle},
	{"\x93NUMPY", errNumPy},
	{"\x08\x01\x12", errSavedModel}, // the version of its protocol buffer, before those of ONNX
	{"\x1f\x8b", errPacked}, {"BZh", errPacked}, {"\xfd7zXZ", errPacked}, {"7z\xbc\xaf", errPacked},
	{"version https://git-lfs", errPointer},
	{"<!DOCTYPE", errPage}, {"<!doctype", errPage}, {"<html", errPage},
	{"\xff\xd8\xff", errPicture}, {"\x89PNG", errPicture},
}

var tensorFlowData = regexp.MustCompile(`\.data-\d{5}-of-\d{5}$`)

// foreign says what a file is that is none of those read here, and what to do with it; nil if that is not known.
func foreign(r io.ReaderAt, size int64, path string) error {
	start := make([]byte, min(size, 512))
	if err := readFull(r, start, 0); err != nil {
		return err
	}
	for _, b := range beginnings {
		if bytes.HasPrefix(start, []byte(b.bytes)) {
			return b.err
		}
	}
	// tables of TensorFlow end in this number
	end := make([]byte, min(size, 8))
	if err := readFull(r, end, size-int64(len(end))); err != nil {
		return err
	}
	switch name := strings.ToLower(filepath.Base(path)); {
	case len(start) > 8 && string(start[4:8]) == "TFL3":
		return errTFLite
	case len(start) > 2 && start[0] == 8 && start[1] < 64 && bytes.IndexByte([]byte("\x12\x1a\x22\x3a\x42\x72"), start[2]) >= 0,
		strings.HasSuffix(name, ".onnx"):
		return errONNX // its version, then its producer, domain, graph or operators
	case len(end) == 8 && binary.LittleEndian.Uint64(end) == 0xdb4775248b80fb57, tensorFlowData.MatchString(name):
		return errCheckpoint
	case strings.HasSuffix(name, ".pb"):
		return errSavedModel
	case len(start) > 262 && string(start[257:262]) == "ustar":
		return errPacked
	}
	return nil
}

// foreignJSON says what a JSON file is that is no index of shards; nil if that is not known.
func foreignJSON(text []byte) error {
	var members map[string]json.RawMessage
	if json.Unmarshal(text, &members) != nil {
		return nil
	}
	has := func(names ...string) bool {
		for _, name := range names {
			if _, ok := members[name]; !ok {
				return false
			}
		}
		return true
	}
	switch {
	case has("class_name", "config"):
		return errors.New("this is the architecture of a Keras model (model.to_json) without its weights: save both with " +
			"model.save(\"model.keras\")")
	case has("modelTopology"), has("weightsManifest"):
		return errForeign("this is a model of TensorFlow.js", "take the Keras model that it was converted from")
	case has("model_type"), has("architecture"), has("architectures"), has("image_processor_type"), has("image_mean"):
		return errors.New("these are settings of a model of transformers or timm: give the folder, with model.safetensors in it")
	case has("state", "initial_hash"):
		return errors.New("this is the record of a run: give the folder in which it lies")
	}
	return nil
}

// Foreign says what a folder is that holds a model in a form that is not read, and what to do; nil if it holds none such.
func Foreign(folder string) error {
	for _, kind := range []struct {
		file string
		err  error
	}{
		{"saved_model.pb", errSavedModel}, {"pytorch_model.bin", errPickle}, {"pytorch_model.bin.index.json", errPickle},
		{"tf_model.h5", errForeign("this folder holds tf_model.h5 of transformers for TensorFlow", "save the model anew with "+
			"save_pretrained of transformers for PyTorch, from_tf=True")},
		{"flax_model.msgpack", errForeign("this folder holds a model of Flax", resave)},
		{"model.onnx", errONNX}, {"checkpoint", errCheckpoint},
		{"model.weights.h5", errors.New("this folder is an unpacked .keras file: give that file, or pack the folder's files " +
			"into a zip file")},
		{"model.json", errForeign("this folder holds a model of TensorFlow.js", "take the Keras model that it was converted from")},
	} {
		if _, err := os.Stat(filepath.Join(folder, kind.file)); err == nil {
			return fmt.Errorf("weights: %s: %w", folder, kind.err)
		}
	}
	return nil
}
