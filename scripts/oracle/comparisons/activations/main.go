// Command activations computes a backbone for pixels given as numbers, so that features.py and
// vit.py beside it can compare what it gives with other libraries.
//
// It reads little-endian float32 pixels 0…255, [n, size, size, 3], and writes files of the same kind: features.f32,
// pooled by the graph that the lesson runs (batch normalization folded away), and with -every the output of each
// layer as it stands in the list.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/device"
	"github.com/transfer-learning-go/defects/lib/inference"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/scripts/oracle/comparisons/pixels"
)

func main() {
	var c backbone.Config
	name := flag.String("backbone", "mobilenetv2", "one of "+strings.Join(backbone.Names(), ", "))
	flag.StringVar(&c.Weights, "weights", "", "Keras .h5 file, or safetensors of a ViT")
	flag.Float64Var(&c.Alpha, "alpha", 0, "width multiplier of MobileNetV2")
	flag.StringVar(&c.Variant, "variant", "", "of ViT, such as S/32")
	flag.IntVar(&c.Input, "input", 0, "height and width of the backbone's input")
	size := flag.Int("size", 255, "height and width of the images, resized to the input")
	file := flag.String("pixels", "", "file with the images")
	out := flag.String("out", ".", "folder to write to")
	every := flag.Bool("every", false, "write the output of every layer of the backbone")
	flag.Parse()
	if err := run(*name, c, *size, *file, *out, *every); err != nil {
		fmt.Fprintln(os.Stderr, "activations:", err)
		os.Exit(1)
	}
}

func run(name string, c backbone.Config, size int, path, out string, every bool) error {
	values, err := pixels.Read(path)
	if err != nil {
		return err
	}
	base, err := backbone.New(name, c)
	if err != nil {
		return err
	}
	layers, err := base.Pooled(size)
	if err != nil {
		return err
	}
	pooled, err := inference.New(layers, base.Values)
	if err != nil {
		return err
	}
	defer pooled.Close()
	features, err := pooled.Run(context.Background(), values)
	if err != nil {
		return err
	}
	if err := pixels.Write(filepath.Join(out, "features.f32"), features); err != nil || !every {
		return err
	}
	return writeEvery(layers, base.Values, values, out)
}

// writeEvery writes what each layer gives, layer by layer as Keras computes them.
func writeEvery(ls layer.List, v layer.Values, images []float32, out string) error {
	d, err := device.Open()
	if err != nil {
		return err
	}
	parameters := ls.Parameters(v)
	defer parameters.Finalize()
	exec, err := graph.NewExec(d.Backend, func(in []*graph.Node) []*graph.Node {
		all := ls.BuildAll(parameters.Env(in[1:]), in[0])
		var outputs []*graph.Node
		for _, l := range ls {
			outputs = append(outputs, all[l.Name])
		}
		return outputs
	})
	if err != nil {
		return err
	}
	shape := ls[0].Shape
	n := len(images) / (shape[0] * shape[1] * shape[2])
	x := tensors.FromFlatDataAndDimensions(images, append([]int{n}, shape...)...)
	outputs, err := exec.Call(append([]any{x}, parameters.Args()...)...)
	if err != nil {
		return err
	}
	for i, l := range ls {
		values, err := tensors.CopyFlatData[float32](outputs[i])
		if err != nil {
			return err
		}
		if err := pixels.Write(filepath.Join(out, l.Name+".f32"), values); err != nil {
			return err
		}
	}
	return nil
}
