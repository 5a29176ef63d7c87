package keras

import (
	"path/filepath"
	"reflect"
	"testing"

	"github.com/transfer-learning-go/defects/lib/layer"
)

// Keras 2 has another hard_sigmoid: what is written here must not be taken for its own when it is read again.
func TestHardActivationsAreWrittenAsKeras3Does(t *testing.T) {
	b := &layer.Builder{}
	b.Add("image", layer.Input{Shape: []int{4, 4, 3}})
	layer.Sequential(layer.Conv2D{Filters: 2, Kernel: 1, Activation: "hard_swish"},
		layer.Activation{Activation: "hard_sigmoid"}, layer.Flatten{},
		layer.Dense{Units: 2, Activation: "hard_sigmoid"})(b)
	if b.Err != nil {
		t.Fatal(b.Err)
	}
	for _, extension := range []string{".h5", ".keras"} {
		path := filepath.Join(t.TempDir(), "saved"+extension)
		m := &Model{Name: "functional", Layers: b.List, Values: b.List.Initial(1)}
		if err := Save(path, m); err != nil {
			t.Fatal(err)
		}
		again := open(t, path)
		again.Format = ""
		if !reflect.DeepEqual(again, m) {
			t.Errorf("%s: another model: %s", extension, difference(again, m))
		}
	}
}
