package classifier

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/weights"
)

// pretrainedGolden is a small Vision Transformer with classes; made by scripts/oracle/goldens/vit_classifiers.py.
type pretrainedGolden struct {
	Library string
	Files   map[string]json.RawMessage
	Size    int
	Labels  []string // of the columns of Probabilities; nil if the files name none
	Tensors []struct {
		Name      string
		Shape     []int
		Low, High float32
	}
	Probabilities []float32
}

func readPretrained(t *testing.T) (cases []pretrainedGolden) {
	t.Helper()
	golden.Read(t, "testdata/vit_classifiers.json.gz", &cases)
	return cases
}

// save writes the folder as the library does, with changes to config.json.
func (g pretrainedGolden) save(t *testing.T, changes map[string]any) (folder string) {
	t.Helper()
	folder = t.TempDir()
	files := maps.Clone(g.Files)
	if changes != nil {
		config := map[string]any{}
		if err := json.Unmarshal(files["config.json"], &config); err != nil {
			t.Fatal(err)
		}
		maps.Copy(config, changes)
		var err error
		if files["config.json"], err = json.Marshal(config); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	modules := map[string]*weights.Layer{}
	for _, row := range g.Tensors {
		module, name := "", row.Name
		if at := strings.LastIndexByte(row.Name, '.'); at >= 0 {
			module, name = row.Name[:at], row.Name[at+1:]
		}
		if modules[module] == nil {
			modules[module] = &weights.Layer{Name: module}
		}
		n := 1
		for _, d := range row.Shape {
			n *= d
		}
		modules[module].Tensors = append(modules[module].Tensors, weights.Tensor{Name: name, Shape: row.Shape,
			Data: golden.Uniform(row.Name, n, row.Low, row.High)})
	}
	var layers []weights.Layer
	for _, name := range slices.Sorted(maps.Keys(modules)) {
		layers = append(layers, *modules[name])
	}
	if err := weights.SaveSafetensors(filepath.Join(folder, "model.safetensors"), layers); err != nil {
		t.Fatal(err)
	}
	return folder
}

func pretrainedImages(size int) unnamed {
	return unnamed{numbers{"pretrained", make([]int, 2), golden.Uniform(fmt.Sprintf("pixels of %d", size), 2*size*size*3, 0, 255)}}
}

func TestClassifiersOfTransformersAndTimmGiveTheirProbabilities(t *testing.T) {
	for i, g := range readPretrained(t) {
		folder := g.save(t, nil)
		for _, path := range []string{folder, filepath.Join(folder, "model.safetensors")} {
			m, h, err := Load(path)
			if err != nil || h != nil {
				t.Fatal(h, err)
			}
			if !slices.IsSorted(m.Classes) || len(m.Classes) != len(g.Labels) {
				t.Errorf("case %d: classes %v", i, m.Classes)
			}
			if noted := strings.Contains(strings.Join(m.Notes, "\n"), "alphabetical order"); noted != (g.Labels != nil) || m.Notice() != "" {
				t.Errorf("case %d: notes %q, notice %q", i, m.Notes, m.Notice())
			}
			want := slices.Clone(g.Probabilities)
			if g.Labels == nil {
				m.Classes = []string{"a", "b", "c", "d", "e"}
			}
			for row := 0; g.Labels != nil && row < len(want); row += 5 {
				for column, class := range m.Classes {
					want[row+column] = g.Probabilities[row+slices.Index(g.Labels, class)]
				}
			}
			if d := golden.Difference(probabilities(t, m, pretrainedImages(g.Size)), want); d > 1e-5 {
				t.Errorf("case %d, %s: probabilities differ by %.2g", i, g.Library, d)
			}
			if m.Base.Source != path || len(m.Base.Layers) < 10 || m.ImageSize != g.Size {
				t.Errorf("case %d: the base %s of %d layers comes from %s", i, m.Base, len(m.Base.Layers), m.Base.Source)
			}
			if i > 0 {
				continue
			}
			for _, ending := range []string{".h5", ".keras"} { // it is a model of Keras like any other
				saved := filepath.Join(t.TempDir(), "m"+ending)
				if err := m.Save(saved); err != nil {
					t.Fatal(err)
				}
				again, _, err := Load(saved)
				if err != nil {
					t.Fatal(err)
				}
				if again.Notice() != "" || !slices.Equal(again.Classes, m.Classes) ||
					golden.Difference(probabilities(t, again, pretrainedImages(g.Size)), want) > 1e-5 {
					t.Errorf("saved as %s: notice %q, classes %v, or other probabilities", ending, again.Notice(), again.Classes)
				}
			}
		}
	}
}

func TestSettingsThatDoNotFitTheWeightsAreRefused(t *testing.T) {
	all := readPretrained(t)
	huggingFace, timm := all[0], all[2]
	for _, c := range []struct {
		g       pretrainedGolden
		changes map[string]any
		says    string
	}{
		{huggingFace, map[string]any{"num_attention_heads": 5}, "num_attention_heads is 5: it must divide the 32"},
		{huggingFace, map[string]any{"hidden_size": 64}, "hidden_size is 64: ViT 32/16 has 32"},
		{huggingFace, map[string]any{"num_hidden_layers": 3}, "num_hidden_layers is 3: ViT 32/16 has 2"},
		{huggingFace, map[string]any{"patch_size": 8}, "patch_size is 8: ViT 32/16 has 16"},
		{huggingFace, map[string]any{"image_size": 96}, "image_size is 96"},
		{huggingFace, map[string]any{"layer_norm_eps": -1}, "layer_norm_eps is -1"},
		{huggingFace, map[string]any{"id2label": map[string]string{"0": "a", "1": "b"}}, "id2label is for 2 classes"},
		{huggingFace, map[string]any{"id2label": map[string]string{"0": "a", "1": "b", "2": "c", "3": "d", "7": "e"}}, `"7"`},
		{huggingFace, map[string]any{"id2label": map[string]string{"0": "a", "1": "a", "2": "c", "3": "d", "4": "e"}}, `the name "a" for several`},
		{huggingFace, map[string]any{"problem_type": "multi_label_classification"}, "classes that exclude one another"},
		{huggingFace, map[string]any{"model_type": "swin"}, `model_type is "swin"`},
		{timm, map[string]any{"num_classes": 7}, "num_classes is 7, but the weights have 5"},
		{timm, map[string]any{"label_names": []string{"a"}}, "label_names is a list of 1 names"},
		{timm, map[string]any{"global_pool": "avg"}, `global_pool is "avg"`},
		{timm, map[string]any{"model_args": map[string]any{"num_heads": 5}}, "num_heads is 5: it must divide the 32"},
		{timm, map[string]any{"model_args": map[string]any{}}, "num_heads is 0"},
	} {
		_, _, err := Load(c.g.save(t, c.changes))
		requireInError(t, err, c.says, "config.json")
	}
	folder := huggingFace.save(t, nil)
	if err := os.WriteFile(filepath.Join(folder, "preprocessor_config.json"), []byte(`{"size": {"height": 96, "width": 96}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	_, _, err := Load(folder)
	requireInError(t, err, "brought to 96 pixels", "the weights are for 64")
	if err := os.Remove(filepath.Join(folder, "config.json")); err != nil {
		t.Fatal(err)
	}
	_, _, err = Load(folder)
	requireInError(t, err, "no config.json beside the weights", folder)
	bare := huggingFace
	bare.Tensors = slices.DeleteFunc(slices.Clone(bare.Tensors), func(row struct {
		Name      string
		Shape     []int
		Low, High float32
	}) bool {
		return strings.HasPrefix(row.Name, "classifier")
	})
	_, _, err = Load(bare.save(t, nil))
	requireInError(t, err, "has no classifier.bias, so it tells no classes", "train vit --weights")
}
