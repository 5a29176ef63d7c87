package classifier

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/keras"
	"github.com/transfer-learning-go/defects/lib/result"
)

// facts is what a model knows beside its layers and weights. Save keeps it in its files, where Keras passes it over.
type facts struct {
	Backbone     string          `json:"backbone"`
	Config       backbone.Config `json:"backbone_config"`
	Source       string          `json:"weights"`
	WeightsNote  string          `json:"weights_notice,omitempty"`
	DataNotice   string          `json:"data_notice,omitempty"`
	Classes      []string        `json:"classes,omitempty"`
	Seed         int64           `json:"seed"`
	BaseTraining bool            `json:"base_training,omitempty"`
}

func (m *Model) facts() facts {
	return facts{Backbone: m.Base.Name, Config: m.Base.Config, Source: m.Base.Source, WeightsNote: m.Base.Notice,
		DataNotice: m.DataNotice, Classes: m.Classes, Seed: m.Seed, BaseTraining: m.BaseTraining}
}

// Save writes the whole model to a file that Keras opens, in the format that the ending names: ".h5" and ".keras" hold
// layers and weights, for keras.models.load_model; ".weights.h5" holds weights alone, for model.load_weights. The base
// is a nested model, as Keras has it after base(x, training=False). What Keras does not know, such as the names of the
// classes, is kept beside it.
//
// The file appears whole or not at all; an older one stays until then.
func (m *Model) Save(path string) error {
	extra, err := json.Marshal(m.facts())
	if err != nil {
		return err
	}
	return keras.Save(path, &keras.Model{Name: m.name(), Layers: m.Layers, Values: m.Values, Nested: m.nested,
		Extra: extra})
}

// name is what Keras calls the model.
func (m *Model) name() string {
	if m.baseStart == 0 {
		return m.Base.Name
	}
	return "functional"
}

// Load opens a run and its history, with the weights of its last whole epoch or, with EarlyStopping's
// RestoreBestWeights, of its best one so far; or a file that Save or Keras has written, ".h5" or ".keras", which has no
// history (nil). A file of Keras names no classes: Classes is then nil.
//
// The model's images are square with three channels. Its base is the nested model; without one, what comes before
// pooling or flattening.
func Load(runOrFile string) (*Model, *result.History, error) {
	switch filepath.Ext(runOrFile) {
	case ".h5", ".keras":
		if info, err := os.Stat(runOrFile); err != nil || !info.IsDir() {
			m, err := loadFile(runOrFile)
			return m, nil, err
		}
	}
	return loadRun(runOrFile)
}

func loadFile(path string) (*Model, error) {
	k, err := keras.Open(path)
	if err != nil {
		return nil, err
	}
	m := &Model{Layers: k.Layers, Values: k.Values, Notes: k.Notes, nested: k.Nested}
	if err := m.wholeModel(k.Name); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	base := m.Base
	for _, n := range k.Nested {
		if m.baseStart == 0 || n.End-n.Start > m.baseEnd-m.baseStart {
			base.Name, m.baseStart, m.baseEnd = n.Name, n.Start, n.End
		}
	}
	base.Source, base.Layers = path, m.Layers[m.baseStart:m.baseEnd]
	base.Config.Input = base.Layers[0].Shape[0]
	if k.Extra != nil {
		var f facts
		if err := json.Unmarshal(k.Extra, &f); err != nil {
			return nil, fmt.Errorf("%s: what was saved beside the model cannot be read: %w", path, err)
		}
		base.Name, base.Config, base.Source, base.Notice = f.Backbone, f.Config, f.Source, f.WeightsNote
		m.DataNotice, m.Classes, m.Seed, m.BaseTraining = f.DataNotice, f.Classes, f.Seed, f.BaseTraining
	}
	return m, nil
}
