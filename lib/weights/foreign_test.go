package weights

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Files of other kinds are named, with what to do, whatever their ending.
func TestForeignFilesAreNamed(t *testing.T) {
	zipped := func(names ...string) string {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for _, name := range names {
			if _, err := z.Create(name); err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	table := strings.Repeat("\x00", 100) + "\x57\xfb\x80\x8b\x24\x75\x47\xdb"
	for _, c := range []struct{ name, content, says string }{
		{"model.onnx", "\x08\x0a\x12\x07pytorch\x1a\x052.5.1", "an ONNX model"},
		{"model", "\x08\x08\x12\x06tf2onnx", "an ONNX model"},
		{"empty.onnx", "", "an ONNX model"},
		{"model.tflite", "\x1c\x00\x00\x00TFL3\x14\x00\x20\x00", "a TensorFlow Lite model"},
		{"saved_model.pb", "\x08\x01\x12\xaf\x1f\x0a", "a SavedModel of TensorFlow"},
		{"frozen.pb", "\x0a\x1f\x0a\x05input", "a SavedModel of TensorFlow"},
		{"model.pt", zipped("archive/data.pkl", "archive/data/0"), "a pickle of PyTorch"},
		{"old.pth", "\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.", "a pickle of PyTorch"},
		{"model.pkl", "\x80\x04\x95\x10\x00\x00\x00", "a pickle of Python"},
		{"weights.npz", zipped("arr_0.npy", "arr_1.npy"), "a file of NumPy"},
		{"weights.npy", "\x93NUMPY\x01\x00v\x00", "a file of NumPy"},
		{"model.zip", zipped("saved_model.pb", "variables/variables.index"), "a packed archive"},
		{"model.tar.gz", "\x1f\x8b\x08\x00\x00", "a packed archive"},
		{"cp.ckpt.index", table, "a checkpoint of TensorFlow"},
		{"cp.ckpt.data-00000-of-00001", "\x01\x02\x03\x04", "a checkpoint of TensorFlow"},
		{"model.json", `{"class_name": "Sequential", "config": {}, "keras_version": "3.15.1"}`, "the architecture of a Keras model"},
		{"model.json", `{"format": "layers-model", "modelTopology": {}, "weightsManifest": []}`, "a model of TensorFlow.js"},
		{"config.json", `{"model_type": "vit", "hidden_size": 768}`, "give the folder, with model.safetensors"},
		{"run.json", `{"state": "epoch-0001.h5", "initial_hash": "x"}`, "the record of a run: give the folder"},
		{"model.keras", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 346284714\n", "a pointer of Git LFS"},
		{"model.h5", "<!DOCTYPE html><html>", "a web page in place of a model"},
		{"x.jpg", "\xff\xd8\xff\xe0\x00\x10JFIF", "a picture: give the model first"},
	} {
		path := filepath.Join(t.TempDir(), c.name)
		if err := os.WriteFile(path, []byte(c.content), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := Open(path)
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), path) ||
			strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestForeignFoldersAreNamed(t *testing.T) {
	for file, says := range map[string]string{
		"saved_model.pb": "a SavedModel of TensorFlow", "pytorch_model.bin": "a pickle of PyTorch",
		"flax_model.msgpack": "a model of Flax", "tf_model.h5": "transformers for TensorFlow", "model.onnx": "an ONNX model",
		"model.weights.h5": "an unpacked .keras file",
	} {
		folder := t.TempDir()
		if err := Foreign(folder); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, file), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := Foreign(folder); err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), folder) {
			t.Errorf("%s: %v", file, err)
		}
	}
}
