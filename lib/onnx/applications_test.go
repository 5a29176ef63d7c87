package onnx_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/internal/onnxrun"
	kerasfile "github.com/transfer-learning-go/defects/lib/keras"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/onnx"
)

// application is a small network of keras.applications, its weights in a file: see package keras's tests.
type application struct {
	name   string
	model  *kerasfile.Model
	pixels []float32
	Shape  []int     // of these
	Values []float32 // what Keras gives for them
}

func applications(t *testing.T) (all []*application) {
	t.Helper()
	predictions := map[string]*application{}
	folder := t.TempDir()
	for _, f := range golden.Unzip(t, "../keras/testdata/applications.zip") {
		var err error
		name, isModel := strings.CutSuffix(f.Name, ".keras")
		if !isModel {
			err = json.Unmarshal(f.Content, &predictions)
		} else {
			a := &application{name: name}
			all = append(all, a)
			path := filepath.Join(folder, f.Name)
			if err = os.WriteFile(path, f.Content, 0o666); err == nil {
				a.model, err = kerasfile.Open(path)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, a := range all {
		p := predictions[a.name]
		a.Shape, a.Values = p.Shape, p.Values
		a.pixels = golden.Uniform(a.name+"/x", layer.Size(a.Shape), 0, 255)
	}
	return all
}

func (a *application) save(t *testing.T) (path string, read *onnxrun.Model) {
	return save(t, &onnx.Model{Name: a.name, Layers: a.model.Layers, Values: a.model.Values})
}

func TestApplicationsOfKerasEqualKeras(t *testing.T) {
	for _, a := range applications(t) {
		t.Run(a.name, func(t *testing.T) {
			_, m := a.save(t)
			d := golden.Relative(compute(t, m, a.pixels[:len(a.pixels)/2], a.Shape[1:]), a.Values[:len(a.Values)/2])
			if !(d <= 1e-5) {
				t.Errorf("differs by %.2g of the largest value", d)
			}
		})
	}
}

func TestApplicationsOfKerasEqualKerasInONNXRuntime(t *testing.T) {
	r := onnxrun.Start(t, "../..")
	for _, a := range applications(t) {
		path, _ := a.save(t)
		got, apart := r.Run(t, path, a.pixels)
		d := golden.Relative(got, a.Values)
		apart /= float64(max(slices.Max(a.Values), -slices.Min(a.Values)))
		if !(max(d, apart) <= 1e-5) {
			t.Errorf("%s: differs by %.2g of the largest value, of images one by one by %.2g", a.name, d, apart)
		}
	}
}
