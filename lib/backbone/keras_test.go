package backbone

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/transfer-learning-go/defects/lib/device"
	"github.com/transfer-learning-go/defects/lib/download"
	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/weights"
)

// variant is one row of testdata/tables.json.gz, made by scripts/oracle/keras_tables.py.
type variant struct {
	Alpha             float64
	Input             int
	Top               bool
	Classes           int
	Params, Trainable int
	Layers            []struct {
		Name, Class string
		Output      []int
		Params      int
		Inputs      []string
		Weights     [][2]any // name, shape
	}
}

func TestMobileNetV2HasKerasLayers(t *testing.T) {
	var variants []variant
	golden.Read(t, "testdata/tables.json.gz", &variants)
	for _, want := range variants {
		b, err := MobileNetV2(Config{Alpha: want.Alpha, Input: want.Input, IncludeTop: want.Top, Classes: want.Classes})
		if err != nil {
			t.Fatal(err)
		}
		if p, n := b.Layers.Params(), b.Layers.TrainableParams(); p != want.Params || n != want.Trainable {
			t.Errorf("%s: %d parameters, %d trainable; Keras has %d, %d", b, p, n, want.Params, want.Trainable)
		}
		if len(b.Layers) != len(want.Layers) {
			t.Errorf("%s: %d layers, Keras has %d", b, len(b.Layers), len(want.Layers))
			continue
		}
		for i, w := range want.Layers {
			l := b.Layers[i]
			if l.Name != w.Name || l.Op.Class() != w.Class || l.Params() != w.Params || !slices.Equal(l.Shape, w.Output) ||
				!slices.Equal(l.Inputs, w.Inputs) {
				t.Errorf("%s layer %d: %s (%s) %v, %d parameters, reads %v; Keras has %+v",
					b, i, l.Name, l.Op.Class(), l.Shape, l.Params(), l.Inputs, w)
			}
			if len(l.W) != len(w.Weights) {
				t.Errorf("%s layer %s: %d weights, Keras has %d", b, l.Name, len(l.W), len(w.Weights))
				continue
			}
			for j, row := range w.Weights {
				var shape []int
				for _, d := range row[1].([]any) {
					shape = append(shape, int(d.(float64)))
				}
				if l.W[j].Name != row[0] || !slices.Equal(l.W[j].Shape, shape) {
					t.Errorf("%s layer %s: weight %s%v, Keras has %v", b, l.Name, l.W[j].Name, l.W[j].Shape, row)
				}
			}
		}
	}
}

// filled gives each weight its values of golden.Weight.
func filled(ls layer.List) layer.Values {
	v := layer.Values{}
	for _, l := range ls {
		for _, w := range l.W {
			v[l.Name] = append(v[l.Name], golden.Weight(l.Name, w.Name, w.Shape))
		}
	}
	return v
}

// activations computes the outputs of layers by name, for images [batch, input, input, 3].
func activations(t testing.TB, ls layer.List, v layer.Values, names []string, batch int, pixels []float32) map[string][]float32 {
	t.Helper()
	d, err := device.Open()
	if err != nil {
		t.Fatal(err)
	}
	exec, err := NewExec(d.Backend, func(in []*Node) []*Node {
		next := 1
		nodes := map[string][]*Node{}
		for _, l := range ls {
			nodes[l.Name] = in[next : next+len(l.W)]
			next += len(l.W)
		}
		env := &layer.Env{Weight: func(l *layer.Layer, i int) *Node { return nodes[l.Name][i] }}
		all := ls.BuildAll(env, in[0])
		out := make([]*Node, len(names))
		for i, name := range names {
			out[i] = all[name]
		}
		return out
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	args := []any{tensors.FromFlatDataAndDimensions(pixels, append([]int{batch}, ls[0].Shape...)...)}
	for _, l := range ls {
		for i, w := range l.W {
			args = append(args, tensors.FromFlatDataAndDimensions(v[l.Name][i], w.Shape...))
		}
	}
	out, err := exec.Call(args...)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string][]float32{}
	for i, name := range names {
		if values[name], err = tensors.CopyFlatData[float32](out[i]); err != nil {
			t.Fatal(err)
		}
		out[i].MustFinalizeAll()
	}
	return values
}

// testdata/activations.json.gz is made by scripts/oracle/keras_activations.py.
func TestMobileNetV2EqualsKerasLayerByLayer(t *testing.T) {
	var want struct {
		Layers []struct {
			Name                    string
			Mean, Largest, Weighted float64
		}
		Features, Probabilities []float32
	}
	golden.Read(t, "testdata/activations.json.gz", &want)
	b, err := MobileNetV2(Config{Alpha: 0.35, Input: 96, IncludeTop: true, Classes: 6})
	if err != nil {
		t.Fatal(err)
	}
	if len(want.Layers) != len(b.Layers) {
		t.Fatalf("%d layers, Keras has %d", len(b.Layers), len(want.Layers))
	}
	var names []string
	for _, l := range b.Layers {
		names = append(names, l.Name)
	}
	got := activations(t, b.Layers, filled(b.Layers), names, 2, golden.Uniform("images", 2*96*96*3, -1, 1))
	for _, w := range want.Layers {
		y := got[w.Name]
		var mean, weighted, largest float64
		for i, c := range golden.Uniform("checksum/"+w.Name, len(y), -1, 1) {
			mean += float64(y[i])
			weighted += float64(y[i]) * float64(c)
			largest = max(largest, math.Abs(float64(y[i])))
		}
		mean, weighted = mean/float64(len(y)), weighted/float64(len(y))
		if math.Abs(mean-w.Mean) > 1e-5 || math.Abs(largest-w.Largest) > 1e-4 || math.Abs(weighted-w.Weighted) > 1e-5 {
			t.Errorf("%s: mean %v, largest %v, weighted mean %v; Keras has %+v", w.Name, mean, largest, weighted, w)
		}
	}
	for name, w := range map[string][]float32{
		"global_average_pooling2d": want.Features, "predictions": want.Probabilities} {
		if d := golden.Difference(got[name], w); d > 1e-4 {
			t.Errorf("%s differs from Keras's by %v", name, d)
		}
	}
}

func TestFoldKeepsEveryLayerThatRemains(t *testing.T) {
	for _, alpha := range Alphas {
		if testing.Short() && alpha != 0.35 {
			continue
		}
		b, err := MobileNetV2(Config{Alpha: alpha, Input: 32})
		if err != nil {
			t.Fatal(err)
		}
		values := filled(b.Layers)
		folded, foldedValues := b.Layers.Fold(values)
		for _, l := range folded {
			if c := l.Op.Class(); c == "BatchNormalization" || c == "ReLU" || c == "ZeroPadding2D" {
				t.Errorf("alpha %v: %s is left", alpha, l.Name)
			}
		}
		// A layer that remains took over the output of the last of the layers behind it that are gone.
		var remain, original []string
		for _, l := range folded {
			at := b.Layers.Index(l.Name)
			for at+1 < len(b.Layers) && folded.Index(b.Layers[at+1].Name) < 0 &&
				b.Layers[at+1].Op.Class() != "ZeroPadding2D" {
				at++
			}
			remain, original = append(remain, l.Name), append(original, b.Layers[at].Name)
		}
		pixels := golden.Uniform("images", 2*32*32*3, -1, 1)
		want := activations(t, b.Layers, values, original, 2, pixels)
		got := activations(t, folded, foldedValues, remain, 2, pixels)
		for i, name := range remain {
			if d := golden.Relative(got[name], want[original[i]]); d > 1e-5 {
				t.Errorf("alpha %v: %s differs from %s by %.2g of its largest value", alpha, name, original[i], d)
			}
		}
	}
}

func TestPublishedWeightsLoad(t *testing.T) {
	const file = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.h5"
	folder := os.Getenv("WEIGHTS_DIR")
	if folder == "" {
		folder = filepath.Join(download.ModuleRoot(), "..", "shared", "data")
		t.Setenv("WEIGHTS_DIR", folder)
	}
	if _, err := os.Stat(filepath.Join(folder, file)); err != nil {
		t.Skipf("needs %s, as Keras publishes it, in WEIGHTS_DIR or ../shared/data", file)
	}
	b, err := MobileNetV2(Config{Alpha: 0.35, Weights: "imagenet"})
	if err != nil {
		t.Fatal(err)
	}
	if b.Source != "imagenet" || b.Notice != "" {
		t.Errorf("source %q, notice %q", b.Source, b.Notice)
	}
	if v := b.Values["Conv_1_bn"][3]; slices.Max(v) <= slices.Min(v) {
		t.Error("the last moving variance is constant: not trained")
	}
}

func TestWeightsOfAnotherWidthAreRefused(t *testing.T) {
	b, err := MobileNetV2(Config{Alpha: 0.35, Input: 32})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.h5")
	if err := weights.Save(path, b.Layers.Checkpoint(b.Values)); err != nil {
		t.Fatal(err)
	}
	same, err := MobileNetV2(Config{Alpha: 0.35, Input: 96, Weights: path})
	if err != nil {
		t.Fatal(err)
	}
	if golden.Difference(same.Values["Conv_1"][0], b.Values["Conv_1"][0]) != 0 {
		t.Error("other values come back")
	}
	_, err = MobileNetV2(Config{Alpha: 0.5, Weights: path})
	requireInError(t, err, path)
	requireInError(t, err, "alpha 0.35 without top")

	// A layer is missing, so that it is no other variant either.
	if err := weights.Save(path, b.Layers.Checkpoint(b.Values)[2:]); err != nil {
		t.Fatal(err)
	}
	_, err = MobileNetV2(Config{Alpha: 0.35, Weights: path})
	requireInError(t, err, path)
	requireInError(t, err, "missing layer Conv1 kernel[3 3 3 16]")
}
