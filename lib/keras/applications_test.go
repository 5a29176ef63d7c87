package keras

import (
	"path/filepath"
	"reflect"
	"testing"

	"github.com/transfer-learning-go/defects/lib/internal/golden"
)

// testdata/applications.zip is made by scripts/oracle/goldens/keras_applications.py.
func TestApplicationsOfKerasEqualKeras(t *testing.T) {
	folder, predictions := unzip(t, "testdata/applications.zip")
	for name, want := range predictions {
		t.Run(name, func(t *testing.T) {
			m := open(t, filepath.Join(folder, name+".keras"))
			d := golden.Relative(predict(t, m, m.Values, want.Shape, want.input(name)), want.Values)
			t.Logf("differs by %.2g of the largest value", d)
			if !(d <= 1e-5) {
				t.Errorf("differs by %.2g of the largest value", d)
			}
			saved := filepath.Join(t.TempDir(), "saved.keras")
			if err := Save(saved, m); err != nil {
				t.Fatal(err)
			}
			again := open(t, saved)
			if !reflect.DeepEqual(again.Layers, m.Layers) || !reflect.DeepEqual(again.Values, m.Values) {
				t.Errorf("saved and opened again, it is another: %s", difference(again, m))
			}
		})
	}
}
