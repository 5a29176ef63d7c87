// Command activations computes a backbone for pixels given as numbers, so that features.py and
// vit.py beside it can compare what it gives with other libraries.
//
// It reads little-endian float32 pixels 0…255, [n, size, size, 3], and writes files of the same kind: features.f32,
// pooled by the graph that the lesson runs (batch normalization folded away), and with -every the output of each
// layer as it stands in the list.
package main

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/device"
	"github.com/transfer-learning-go/defects/lib/layer"
)

func main() {
	var c backbone.Config
	name := flag.String("backbone", "mobilenetv2", "one of "+strings.Join(backbone.Names, ", "))
	flag.StringVar(&c.Weights, "weights", "", "Keras .h5 file, or safetensors of a ViT")
	flag.Float64Var(&c.Alpha, "alpha", 0, "width multiplier of MobileNetV2")
	flag.StringVar(&c.Variant, "variant", "", "of ViT, such as S/32")
	flag.IntVar(&c.Input, "input", 0, "height and width of the backbone's input")
	size := flag.Int("size", 255, "height and width of the images, resized to the input")
	pixels := flag.String("pixels", "", "file with the images")
	out := flag.String("out", ".", "folder to write to")
	every := flag.Bool("every", false, "write the output of every layer of the backbone")
	flag.Parse()
	if err := run(*name, c, *size, *pixels, *out, *every); err != nil {
		fmt.Fprintln(os.Stderr, "activations:", err)
		os.Exit(1)
	}
}

func run(name string, c backbone.Config, size int, path, out string, every bool) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	pixels := make([]float32, len(raw)/4)
	if err := binary.Read(bytes.NewReader(raw), binary.LittleEndian, pixels); err != nil {
		return err
	}
	base, err := backbone.New(name, c)
	if err != nil {
		return err
	}
	m, err := classifier.New(classifier.Config{Base: base, ImageSize: size, Head: []layer.Op{base.Pooling()}})
	if err != nil {
		return err
	}
	features, _, err := m.Features(pixels)
	if err != nil {
		return err
	}
	if err := write(filepath.Join(out, "features.f32"), features); err != nil || !every {
		return err
	}
	return writeEvery(m, pixels, out)
}

// writeEvery writes what each layer gives, layer by layer as Keras computes them.
func writeEvery(m *classifier.Model, pixels []float32, out string) error {
	d, err := device.Open()
	if err != nil {
		return err
	}
	exec, err := graph.NewExec(d.Backend, func(in []*graph.Node) []*graph.Node {
		weights := map[string][]*graph.Node{}
		next := 1
		for _, l := range m.Layers {
			weights[l.Name] = in[next : next+len(l.W)]
			next += len(l.W)
		}
		all := m.Layers.BuildAll(&layer.Env{
			Weight: func(l *layer.Layer, i int) *graph.Node { return weights[l.Name][i] },
		}, in[0])
		var outputs []*graph.Node
		for _, l := range m.Layers {
			outputs = append(outputs, all[l.Name])
		}
		return outputs
	})
	if err != nil {
		return err
	}
	shape := m.Layers[0].Shape
	n := len(pixels) / (shape[0] * shape[1] * shape[2])
	args := []any{tensors.FromFlatDataAndDimensions(pixels, append([]int{n}, shape...)...)}
	for _, l := range m.Layers {
		for i, w := range l.W {
			args = append(args, tensors.FromFlatDataAndDimensions(m.Values[l.Name][i], w.Shape...))
		}
	}
	outputs, err := exec.Call(args...)
	if err != nil {
		return err
	}
	for i, l := range m.Layers {
		values, err := tensors.CopyFlatData[float32](outputs[i])
		if err != nil {
			return err
		}
		if err := write(filepath.Join(out, l.Name+".f32"), values); err != nil {
			return err
		}
	}
	return nil
}

func write(path string, values []float32) error {
	var raw bytes.Buffer
	if err := binary.Write(&raw, binary.LittleEndian, values); err != nil {
		return err
	}
	return os.WriteFile(path, raw.Bytes(), 0o644)
}
